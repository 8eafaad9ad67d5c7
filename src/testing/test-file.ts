// A file of tests, loaded: a program like a workflow's, whose entry knows `assert` and defines `test_…` functions.
import type { Result } from "../protocol/result.ts";
import { type Program, StarlarkFunction, type Value } from "../starlark/index.ts";
import { loadWorkflow, predeclared, type Sha256Hex, type Workflow } from "../workflow/index.ts";
import { assertModule } from "./assert-module.ts";

export const TEST_SUFFIX = "_test.star";

export interface TestFunction {
  name: string;
  /** Where it is defined. */
  line: number;
  fn: Value;
}

export interface TestFile {
  /** The name of the workflow it is about, by its own: `canary` for `canary_test.star`. */
  workflowName: string;
  workflow: Workflow;
  tests: TestFunction[];
}

export interface LoadTestOptions {
  sha256Hex: Sha256Hex;
  checkFilter(filter: string): string | undefined;
  checkKey(key: string): string | undefined;
  /** Replaces each program, say by one whose coverage is observed. */
  prepare?(program: Program): Program;
}

/** What a file knows by itself. Only what tests knows `assert`: a workflow that used it would load nowhere else. */
export function predeclaredIn(file: string): Readonly<Record<string, Value>> {
  return file.endsWith(TEST_SUFFIX) ? { ...predeclared, assert: assertModule } : predeclared;
}

/** Loads a file of tests with what it loads. Refuses `invalid_workflow`, as `loadWorkflow` does. */
export function loadTestFile(
  sources: { entry: string; files: Record<string, string> },
  { prepare, ...checks }: LoadTestOptions,
): Result<TestFile> {
  const { entry } = sources;
  const workflowName = entry.slice(entry.lastIndexOf("/") + 1).replace(TEST_SUFFIX, "");
  const loaded = loadWorkflow(sources, {
    ...checks,
    name: workflowName,
    needsNoTrigger: true,
    predeclaredIn,
    ...(prepare === undefined ? {} : { prepare }),
  });
  if (!loaded.ok) return loaded;
  const tests: TestFunction[] = [];
  for (const [name, fn] of loaded.value.functions) {
    if (!name.startsWith("test_") || !(fn instanceof StarlarkFunction)) continue;
    tests.push({ name, fn, line: fn.code.source.position(fn.code.start).line });
  }
  return { ok: true, value: { workflowName, workflow: loaded.value, tests } };
}
