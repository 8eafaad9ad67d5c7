/**
 * Runs files in the format of bazelbuild/starlark's test suite: every chunk is a module of its own,
 * and fails with the expected text or pattern, or not at all. There are sets, and what a chunk's options
 * add; the library modules are predeclared.
 */
import {
  Budget,
  compile,
  defineBuiltin,
  EvaluationError,
  equals,
  initModule,
  repr,
  StarlarkError,
  standardModules,
  truth,
  type Value,
} from "../../src/starlark/index.ts";
import { type Chunk, readChunks, readPlainExpectation } from "./chunks.ts";
import { readDialect } from "./options.ts";
import type { Report } from "./report.ts";

/** Runs all chunks of a file. */
export function runBazelFile(file: string, text: string, report: Report): void {
  for (const chunk of readChunks(text, readPlainExpectation)) runChunk(file, chunk, report);
}

function runChunk(file: string, chunk: Chunk, report: Report): void {
  const error = execute(file, chunk, report);
  const [expected] = chunk.expected;
  if (expected === undefined) {
    if (error !== undefined)
      report.fail(file, lineOf(error, file) ?? chunk.firstLine, "no error", error.message);
    else report.pass();
    return;
  }
  if (error === undefined) report.fail(file, expected.line, `error ${expected.pattern}`, "no error");
  else if (matches(expected.pattern, error.message)) report.pass();
  else report.fail(file, expected.line, `error ${expected.pattern}`, error.message);
}

function execute(file: string, chunk: Chunk, report: Report): StarlarkError | undefined {
  const predeclared = { ...standardModules, ...assertions(report) };
  const dialect = { ...readDialect(chunk.source), set: true };
  try {
    const program = compile(chunk.source, { file, dialect, predeclared: Object.keys(predeclared) });
    initModule(program, { predeclared, budget: new Budget({ maxSteps: 1e9, maxAllocatedBytes: 4e9 }) });
    return undefined;
  } catch (error) {
    if (error instanceof StarlarkError) return error;
    throw error;
  }
}

/** The functions every chunk may use; each that holds counts, each that does not fails its chunk. */
function assertions(report: Report): Record<string, Value> {
  const check = (holds: boolean, message: () => string): null => {
    if (!holds) throw new EvaluationError(message());
    report.pass();
    return null;
  };
  return {
    assert_eq: defineBuiltin("assert_eq", "x, y", (ctx, x: Value, y: Value) =>
      check(equals(x, y, ctx.budget), () => `${repr(x)} != ${repr(y)}`),
    ),
    assert_ne: defineBuiltin("assert_ne", "x, y", (ctx, x: Value, y: Value) =>
      check(!equals(x, y, ctx.budget), () => `${repr(x)} == ${repr(y)}`),
    ),
    assert_: defineBuiltin("assert_", "cond, msg?", (_ctx, condition: Value, message?: Value) =>
      check(truth(condition), () => (typeof message === "string" ? message : "assertion failed")),
    ),
  };
}

/** As text or as a pattern, in any case. */
function matches(pattern: string, message: string): boolean {
  const text = message.toLowerCase();
  const wanted = pattern.toLowerCase();
  return text.includes(wanted) || new RegExp(wanted).test(text);
}

/** The innermost line of the file that an error was at. */
function lineOf(error: StarlarkError, file: string): number | undefined {
  const places = Array.isArray(error.details) ? (error.details as { line: number }[]) : error.traceback;
  return [...places].reverse().find((place) => !("file" in place) || place.file === file)?.line;
}
