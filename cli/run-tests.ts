// Runs files of tests, and collects what becomes of them.
import { join } from "node:path";
import type { ErrorData } from "../src/protocol/result.ts";
import type { Diagnostic, WorkflowInput } from "../src/protocol/workflow.ts";
import { Coverage, type FileCoverage, loadTestFile, runTest, TEST_SUFFIX } from "../src/testing/index.ts";
import { renderDiagnostics } from "./diagnostics.ts";
import { enginePorts } from "./engine-ports.ts";
import { CliError } from "./errors.ts";
import { testFiles } from "./starlark-files.ts";
import type { FileReport, LoadFailure } from "./test-reports/file-report.ts";
import { readProgram } from "./workflow-files.ts";

export interface RunTestsOptions {
  /** Only tests whose name contains one of these; all where there is none. */
  filter: readonly string[];
  /** What random numbers and ids follow from. */
  seed: string;
  replayEveryTime: boolean;
  hasCoverage: boolean;
  /** Called after each file. */
  onFile?(report: FileReport): void;
}

export interface TestResults {
  /** Files without a test that fits the filter are left out. */
  reports: FileReport[];
  /** Of the files that tests have loaded, files of tests and of other repositories excluded. */
  coverage: FileCoverage[];
}

/** Throws `CliError` where there is no file of tests. One that cannot be loaded is a report that says why. */
export function runTests(paths: readonly string[], options: RunTestsOptions): TestResults {
  const files = paths.flatMap(testFiles);
  if (files.length === 0) throw new CliError(`there is no file *${TEST_SUFFIX} in ${paths.join(", ")}`);
  const reports: FileReport[] = [];
  const covered = new Map<string, FileCoverage>();
  for (const { path, root } of files) {
    const coverage = options.hasCoverage ? new Coverage() : undefined;
    const report = runFile(path, root, coverage, options);
    for (const file of coverage?.files() ?? []) addCoverage(covered, root, file);
    if (report.tests.length === 0 && !report.failure) continue;
    reports.push(report);
    options.onFile?.(report);
  }
  return { reports, coverage: [...covered.values()] };
}

function runFile(
  path: string,
  root: string,
  coverage: Coverage | undefined,
  { filter, seed, replayEveryTime }: RunTestsOptions,
): FileReport {
  const began = performance.now();
  const isWanted = (name: string) => filter.length === 0 || filter.some((text) => name.includes(text));
  const finished = (result: Pick<FileReport, "tests" | "failure">): FileReport => ({
    path,
    ...result,
    tookMs: performance.now() - began,
  });
  let input: WorkflowInput;
  try {
    input = readProgram(path, { root });
  } catch (error) {
    // A module that cannot be fetched, say: the other files have nothing to do with it.
    if (!(error instanceof CliError)) throw error;
    return finished({
      tests: [],
      failure: { code: "unreadable", message: error.message, diagnostics: [], text: error.message },
    });
  }
  const loaded = loadTestFile(input, {
    ...enginePorts,
    ...(coverage && { prepare: (program) => coverage.observe(program) }),
  });
  if (!loaded.ok) return finished({ tests: [], failure: loadFailure(loaded.error, input) });
  const tests = loaded.value.tests
    .filter(({ name }) => isWanted(name))
    .map((test) => {
      const started = performance.now();
      const report = runTest(loaded.value, test, { ...enginePorts, seed, replayEveryTime });
      return { ...report, tookMs: performance.now() - started };
    });
  return finished({ tests });
}

function loadFailure({ code, message, details }: ErrorData, { files }: WorkflowInput): LoadFailure {
  const diagnostics = (details?.diagnostics ?? []) as unknown as Diagnostic[];
  const text = diagnostics.length === 0 ? message : renderDiagnostics(diagnostics, files);
  return { code, message, diagnostics, text };
}

/** The same file can be loaded by the tests of several. */
function addCoverage(covered: Map<string, FileCoverage>, root: string, { file, lines }: FileCoverage): void {
  if (file.endsWith(TEST_SUFFIX) || file.startsWith("git::")) return;
  const path = join(root, file);
  const before = covered.get(path)?.lines ?? new Map<number, number>();
  const sum = new Map([...lines].map(([line, count]) => [line, count + (before.get(line) ?? 0)]));
  covered.set(path, { file: path, lines: sum });
}
