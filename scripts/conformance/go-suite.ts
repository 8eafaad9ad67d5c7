/**
 * Runs files in the format of starlark-go's tests: chunks report failed assertions without ending,
 * and errors are expected on the very line they are marked on.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RE2JS } from "re2js";
import {
  Budget,
  compile,
  type Diagnostic,
  type Dialect,
  initModule,
  type Module,
  StarlarkError,
  StarlarkSyntaxError,
  type Value,
} from "../../src/starlark/index.ts";
import { jsonModule } from "../../src/starlark/library/json-module.ts";
import { mathModule } from "../../src/starlark/library/math-module.ts";
import { makeTimeModule } from "../../src/starlark/library/time-module.ts";
import { type Chunk, type ExpectedError, readChunks, readGoLiteral } from "./chunks.ts";
import { assertPredeclared, testPredeclared } from "./go-predeclared.ts";
import { parseOnly, resolveOnly } from "./go-static.ts";
import type { Report } from "./report.ts";

/** Runs all chunks of a file; those in folders `resolve` and `syntax` are not executed. */
export function runGoFile(file: string, text: string, report: Report): void {
  const folders = dirname(file).split("/");
  const findErrors = folders.includes("resolve")
    ? resolveOnly
    : folders.includes("syntax")
      ? parseOnly
      : undefined;
  for (const chunk of readChunks(text, readGoLiteral)) {
    const errors =
      findErrors === undefined
        ? execute(file, chunk, report)
        : found(findErrors(file, chunk.source, dialectOf(chunk.source)), hasSyntaxErrors(file, chunk));
    compareErrors(file, chunk, errors, report);
  }
}

interface FoundError {
  readonly line: number;
  readonly message: string;
  /** An error that the parser came upon after recovering from another. */
  readonly isConsequence?: boolean;
}

/** After a syntax error only the first is certain: the others may follow from it. */
function found(diagnostics: readonly Diagnostic[], areOfSyntax: boolean): FoundError[] {
  return diagnostics.map(({ line, message }, index) => ({
    line,
    message,
    isConsequence: areOfSyntax && index > 0,
  }));
}

function compareErrors(file: string, chunk: Chunk, errors: readonly FoundError[], report: Report): void {
  const missing = new Set<ExpectedError>(chunk.expected);
  for (const error of errors) {
    const wanted = [...missing].find(({ line }) => line === error.line);
    if (wanted === undefined) {
      if (error.isConsequence !== true) report.fail(file, error.line, "no error", error.message);
    } else if (RE2JS.compile(wanted.pattern).matcher(error.message).find()) {
      report.pass();
      missing.delete(wanted);
    } else {
      report.fail(file, error.line, `error ${wanted.pattern}`, error.message);
      missing.delete(wanted);
    }
  }
  for (const { line, pattern } of missing) report.fail(file, line, `error ${pattern}`, "no error");
  if (chunk.expected.length === 0 && errors.length === 0) report.pass();
}

function hasSyntaxErrors(file: string, chunk: Chunk): boolean {
  return parseOnly(file, chunk.source).length > 0;
}

function dialectOf(source: string): Dialect {
  const has = (option: string): boolean => source.includes(`option:${option}`);
  return {
    set: has("set"),
    while: has("while"),
    topLevelControl: has("toplevelcontrol"),
    globalReassign: has("globalreassign"),
    loadBindsGlobally: has("loadbindsglobally"),
    recursion: has("recursion"),
    load: true,
  };
}

function newBudget(): Budget {
  return new Budget({ maxSteps: 2e9, maxAllocatedBytes: 8e9 });
}

function execute(file: string, chunk: Chunk, report: Report): FoundError[] {
  const predeclared = testPredeclared();
  const dialect = dialectOf(chunk.source);
  try {
    const program = compile(chunk.source, { file, dialect, predeclared: Object.keys(predeclared) });
    initModule(program, {
      predeclared,
      budget: newBudget(),
      loaded: (module) => loadModule(module, file, report),
    });
    return [];
  } catch (error) {
    if (error instanceof StarlarkSyntaxError) return found(error.diagnostics, hasSyntaxErrors(file, chunk));
    if (!(error instanceof StarlarkError)) throw error;
    const inFile = [...error.traceback].reverse().find((frame) => frame.file === file);
    return [{ line: inFile?.line ?? chunk.firstLine, message: error.message }];
  }
}

const startedAt = Date.now();

/** The modules that files load: those of the library, and the suite's own assertions. */
function loadModule(module: string, from: string, report: Report): Module {
  switch (module) {
    case "json.star":
      return asModule(module, { json: jsonModule });
    case "math.star":
      return asModule(module, { math: mathModule });
    case "time.star":
      // A host's clock; the library itself has none.
      return asModule(module, { time: makeTimeModule(() => BigInt(startedAt) * 1_000_000n) });
    case "assert.star":
      return loadAssertions(from, report);
    default:
      throw new StarlarkError(`cannot load ${module}: no such module`);
  }
}

function asModule(file: string, globals: Record<string, Value>): Module {
  return { file, globals: new Map(Object.entries(globals)) };
}

function loadAssertions(from: string, report: Report): Module {
  const predeclared = assertPredeclared(from, report);
  const { file, source } = findAssertions(dirname(from));
  const program = compile(source, { file, predeclared: Object.keys(predeclared) });
  return initModule(program, { predeclared, budget: newBudget() });
}

/** The suite keeps its assertions in a folder `starlarktest` beside, or above, the tests' folder. */
function findAssertions(folder: string): { file: string; source: string } {
  const file = join(folder, "starlarktest", "assert.star");
  try {
    return { file, source: readFileSync(file, "utf8") };
  } catch (cause) {
    if (dirname(folder) !== folder) return findAssertions(dirname(folder));
    throw new Error("cannot find starlarktest/assert.star beside or above the folder with the tests", {
      cause,
    });
  }
}
