// Runs one test function in a world of its own.
import type { JournalRecord } from "../protocol/journal.ts";
import type { RunDetail } from "../protocol/run.ts";
import { Budget, Fiber, type FiberOptions, type StarlarkError, type Value } from "../starlark/index.ts";
import type { Sha256Hex } from "../workflow/index.ts";
import type { TestFile, TestFunction } from "./test-file.ts";
import { TestObject } from "./test-object.ts";
import { type RunLimits, World } from "./world.ts";

/** Monday, 5 January 2026, 09:00 UTC: tests begin on a working day. */
export const TEST_EPOCH_MS: number = Date.UTC(2026, 0, 5, 9);

/** What a test function itself may use; the runs it starts have budgets of their own. */
const limits = { maxSteps: 500_000_000, maxAllocatedBytes: 1024 * 1024 * 1024, maxDepth: 1000 };

/** How many of a test's first runs are in its report, and as many of its last. */
const RUNS_SHOWN = 10;

export interface TestReport {
  name: string;
  line: number;
  /** Why it failed; absent when it passed. */
  failure?: { code: string; message: string; traceback: string; line: number };
  /** Those that began: at most the first ten and the last ten. */
  runs: { detail: RunDetail; log: { at: number; text: string }[]; journal: readonly JournalRecord[] }[];
  /** How many between them are left out; absent: none. */
  runsLeftOut?: number;
  /** What the test printed. */
  printed: string[];
  /** When it began and ended in virtual time, ms since the epoch. */
  beganAt: number;
  endedAt: number;
}

export interface RunTestOptions {
  sha256Hex: Sha256Hex;
  /** What random numbers and ids follow from, together with the test's name. */
  seed: string;
  /** Throws every run's memory away after each suspension. */
  replayEveryTime: boolean;
  limits?: RunLimits;
}

/** Runs a test to its end. Never throws for anything a test can contain. */
export function runTest(file: TestFile, test: TestFunction, options: RunTestOptions): TestReport {
  const given = new Map<string, Value>();
  const names = new Map([...file.workflow.functions].map(([name, fn]) => [fn, name]));
  const nameOf = (handler: Value): string => {
    const known = names.get(handler);
    if (known !== undefined) return known;
    const name = `${test.name}:${given.size + 1}`;
    names.set(handler, name);
    given.set(name, handler);
    return name;
  };
  const workflow = {
    ...file.workflow,
    handler: (name: string) => given.get(name) ?? file.workflow.handler(name),
  };
  const world = new World({
    ...options,
    workflow,
    name: file.workflowName,
    now: TEST_EPOCH_MS,
    seed: `${options.seed}/${test.name}`,
  });
  const printed: string[] = [];
  const fiberOptions: FiberOptions = {
    budget: new Budget(limits),
    print: (text) => printed.push(text),
  };
  const fiber = new Fiber(test.fn, [new TestObject({ world, nameOf, fiberOptions })], [], fiberOptions);
  const state = fiber.run();
  return {
    name: test.name,
    line: test.line,
    ...(state.kind === "failed" ? { failure: failureOf(state.error, file, test) } : {}),
    ...evidenceOf(world),
    printed,
    beganAt: TEST_EPOCH_MS,
    endedAt: world.now,
  };
}

/** What the runs have come to. One that the end of the test came before has nothing to show. */
function evidenceOf({ runs }: World): Pick<TestReport, "runs" | "runsLeftOut"> {
  const begun = runs.filter(({ journal }) => journal.length > 0);
  const left = begun.length - 2 * RUNS_SHOWN;
  const shown = left > 0 ? [...begun.slice(0, RUNS_SHOWN), ...begun.slice(-RUNS_SHOWN)] : begun;
  return {
    runs: shown.map((run) => ({ detail: run.detail(), log: run.log, journal: run.journal })),
    ...(left > 0 && { runsLeftOut: left }),
  };
}

/** The line is the innermost one of the test's own file: where a reader looks first. */
function failureOf(error: StarlarkError, file: TestFile, test: TestFunction): TestReport["failure"] & object {
  const frame = error.traceback.findLast(
    (candidate) => candidate.file === file.workflow.entry && candidate.line > 0,
  );
  return {
    code: error.code,
    message: error.message,
    traceback: error.format(),
    line: frame?.line ?? test.line,
  };
}
