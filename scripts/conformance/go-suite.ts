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
  initModule,
  type Module,
  makeTimeModule,
  StarlarkError,
  StarlarkSyntaxError,
  standardModules,
  type Value,
} from "../../src/starlark/index.ts";
import { SourceFile } from "../../src/starlark/source-file.ts";
import { Diagnostics } from "../../src/starlark/syntax/diagnostics.ts";
import { parseFile } from "../../src/starlark/syntax/parser.ts";
import { type Chunk, type ExpectedError, readChunks, readGoLiteral } from "./chunks.ts";
import { assertPredeclared, testPredeclared } from "./go-predeclared.ts";
import { parseOnly, resolveOnly } from "./go-static.ts";
import { readDialect } from "./options.ts";
import { Report } from "./report.ts";

/** Runs all chunks of a file; those in folders `resolve` and `syntax` are not executed. */
export function runGoFile(file: string, text: string, report: Report): void {
  const folders = dirname(file).split("/");
  const findErrors = folders.includes("resolve")
    ? resolveOnly
    : folders.includes("syntax")
      ? parseOnly
      : undefined;
  for (const chunk of readChunks(text, readGoLiteral)) {
    if (findErrors === undefined) {
      runChunk(file, chunk, report);
    } else {
      const diagnostics = findErrors(file, chunk.source, readDialect(chunk.source));
      compareErrors(file, chunk, found(diagnostics, hasSyntaxErrors(file, chunk)), report);
    }
  }
}

/**
 * Runs a chunk. A statement that fails unexpectedly counts as one failure, and the chunk is run again
 * without it, so that what stands behind it is examined, too.
 */
function runChunk(file: string, chunk: Chunk, report: Report): void {
  const failures: FoundError[] = [];
  let { source } = chunk;
  for (;;) {
    const attempt = new Report();
    const errors = execute(file, { ...chunk, source }, attempt);
    const [error] = errors;
    const rest =
      error?.topLevelLine !== undefined && !chunk.expected.some(({ line }) => line === error.line)
        ? withoutStatementAt(source, error.topLevelLine)
        : undefined;
    if (error === undefined || rest === undefined || !compiles(file, rest)) {
      for (const { line, message } of failures) attempt.fail(file, line, "no error", message);
      compareErrors(file, chunk, errors, attempt);
      report.add(attempt);
      return;
    }
    failures.push(error);
    source = rest;
  }
}

/** Blanks the statement at top level that a line belongs to; undefined when there is none. */
function withoutStatementAt(source: string, line: number): string | undefined {
  const text = new SourceFile("", source);
  const { body } = parseFile(source, new Diagnostics(text));
  const statement = body.findLast(({ start }) => text.line(start) <= line);
  if (statement === undefined) return undefined;
  const { start, end } = statement;
  return source.slice(0, start) + source.slice(start, end).replace(/[^\n]/g, " ") + source.slice(end);
}

/** Without a statement that other names depend on, nothing more can be learnt. */
function compiles(file: string, source: string): boolean {
  try {
    compile(source, { file, dialect: readDialect(source), predeclared: Object.keys(testPredeclared()) });
    return true;
  } catch {
    return false;
  }
}

interface FoundError {
  readonly line: number;
  readonly message: string;
  /** An error that the parser came upon after recovering from another. */
  readonly isConsequence?: boolean;
  /** The line at top level where it came up, of an error while the program ran. */
  readonly topLevelLine?: number;
}

/** After a syntax error only the first is certain: the others may follow from it. */
function found(diagnostics: readonly Diagnostic[], areOfSyntax: boolean): FoundError[] {
  return diagnostics.map(({ line, message, hint }, index) => ({
    line,
    message: hint === undefined ? message : `${message} (${hint})`,
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

function newBudget(): Budget {
  return new Budget({ maxSteps: 2e9, maxAllocatedBytes: 8e9 });
}

function execute(file: string, chunk: Chunk, report: Report): FoundError[] {
  const predeclared = testPredeclared();
  const dialect = readDialect(chunk.source);
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
    const topLevel = error.traceback.find((frame) => frame.file === file);
    const line = inFile?.line ?? chunk.firstLine;
    return [{ line, message: error.message, topLevelLine: topLevel?.line ?? line }];
  }
}

const startedAt = Date.now();

/** The modules that files load: those of the library, and the suite's own assertions. */
function loadModule(module: string, from: string, report: Report): Module {
  switch (module) {
    case "json.star":
    case "math.star":
      return libraryModule(module);
    case "time.star":
      // A host's clock; the library itself has none.
      return asModule(module, { time: makeTimeModule(() => BigInt(startedAt) * 1_000_000n) });
    case "assert.star":
      return loadAssertions(from, report);
    default:
      throw new StarlarkError(`cannot load ${module}: no such module`);
  }
}

function libraryModule(file: string): Module {
  const name = file.replace(".star", "");
  return asModule(file, { [name]: standardModules[name] ?? null });
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
