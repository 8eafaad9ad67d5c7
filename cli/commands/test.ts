import { createHash } from "node:crypto";
import { watch, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { checkFilter } from "../../src/events/filter.ts";
import { checkKey } from "../../src/events/key.ts";
import type { Diagnostic } from "../../src/protocol/workflow.ts";
import { Coverage, type FileCoverage, loadTestFile, runTest, TEST_SUFFIX } from "../../src/testing/index.ts";
import { collect } from "../command.ts";
import { renderDiagnostics } from "../diagnostics.ts";
import { CliError } from "../errors.ts";
import { createOutput, type Output } from "../output.ts";
import {
  type FileReport,
  renderCoverage,
  renderFile,
  renderJunit,
  renderLcov,
  renderTap,
  renderTotals,
} from "../test-reporters.ts";
import { readProgram, testFiles } from "../workflow-files.ts";

interface TestOptions {
  filter: string[];
  seed: string;
  replay?: boolean;
  junit?: string;
  tap?: boolean;
  coverage?: boolean;
  lcov?: string;
  watch?: boolean;
  json?: boolean;
}

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

export function addTestCommand(program: Command): void {
  program
    .command("test")
    .description("run the tests of workflows (*_test.star), offline and in virtual time")
    .argument("[path...]", "files or folders", ["."])
    .option("--filter <text>", "only tests whose name contains this; can be repeated", collect, [])
    .option("--replay", "throw every run's memory away after each step, as evictions would")
    .option("--seed <text>", "what random numbers and ids follow from", "1")
    .option("--coverage", "show which lines of the workflows ran")
    .option("--lcov <file>", "write the coverage as an lcov tracefile")
    .option("--junit <file>", "write the results as JUnit XML")
    .option("--tap", "print the results as TAP instead")
    .option("--watch", "run again whenever a file changes")
    .action((paths: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<TestOptions>();
      const out = createOutput({ json: options.json ?? false });
      if (!options.watch) {
        if (!testOnce(paths, options, out)) process.exitCode = 1;
        return undefined;
      }
      return watchAndTest(paths, options, out);
    });
}

/** Whether all passed. */
function testOnce(paths: readonly string[], options: TestOptions, out: Output): boolean {
  const coverages = new Map<string, FileCoverage>();
  const files = paths.flatMap(testFiles);
  if (files.length === 0) throw new CliError(`there is no file *${TEST_SUFFIX} in ${paths.join(", ")}`);
  const width = Math.min(process.stdout.columns ?? 100, 120);
  const isForPeople = !options.tap && !out.json;
  let isLoaded = true;
  const reports: FileReport[] = [];
  for (const { path, root } of files) {
    const started = performance.now();
    const coverage = options.coverage || options.lcov ? new Coverage() : undefined;
    const input = readProgram(path, { root });
    const loaded = loadTestFile(input, {
      sha256Hex,
      checkFilter,
      checkKey,
      ...(coverage && { prepare: (program) => coverage.observe(program) }),
    });
    if (!loaded.ok) {
      isLoaded = false;
      out.note(
        `${pc.red("FAIL")} ${pc.bold(path)}\n${renderDiagnostics(
          (loaded.error.details?.diagnostics ?? []) as unknown as Diagnostic[],
          input.files,
        )}`,
      );
      continue;
    }
    const tests = loaded.value.tests
      .filter(({ name }) => options.filter.length === 0 || options.filter.some((text) => name.includes(text)))
      .map((test) =>
        runTest(loaded.value, test, {
          sha256Hex,
          seed: options.seed,
          replayEveryTime: options.replay ?? false,
        }),
      );
    const report = { path, tests, tookMs: performance.now() - started };
    if (tests.length > 0) reports.push(report);
    if (isForPeople && tests.length > 0) process.stdout.write(`${renderFile(report, width)}\n`);
    for (const file of coverage?.files() ?? []) addCoverage(coverages, join(root, file.file), file);
  }
  const covered = [...coverages.values()].filter(({ file }) => !file.endsWith(TEST_SUFFIX));
  if (options.junit) writeFileSync(options.junit, `${renderJunit(reports)}\n`);
  if (options.lcov) writeFileSync(options.lcov, `${renderLcov(covered)}\n`);
  if (options.tap) process.stdout.write(`${renderTap(reports)}\n`);
  else {
    out.result(reports, () =>
      [...(options.coverage ? ["", renderCoverage(covered)] : []), "", renderTotals(reports)].join("\n"),
    );
  }
  const tests = reports.flatMap((report) => report.tests);
  if (tests.length === 0 && isLoaded) throw new CliError("no test was run: is the filter right?");
  return isLoaded && tests.every(({ failure }) => failure === undefined);
}

/** The same file can be loaded by the tests of several. */
function addCoverage(coverages: Map<string, FileCoverage>, path: string, { lines }: FileCoverage): void {
  const before = coverages.get(path)?.lines ?? new Map<number, number>();
  const sum = new Map([...lines].map(([line, count]) => [line, count + (before.get(line) ?? 0)]));
  coverages.set(path, { file: path, lines: sum });
}

/** Ends with the process. */
function watchAndTest(paths: readonly string[], options: TestOptions, out: Output): Promise<never> {
  const testAgain = () => {
    process.stdout.write("\u001b[2J\u001b[H");
    try {
      testOnce(paths, options, out);
    } catch (error) {
      out.note(error instanceof Error ? error.message : String(error));
    }
    out.note(pc.dim("waiting for changes"));
  };
  testAgain();
  const folders = new Set(paths.map((path) => (path.endsWith(".star") ? dirname(path) : path)));
  let pending: NodeJS.Timeout | undefined;
  for (const folder of folders) {
    watch(resolve(folder), { recursive: true }, (_event, file) => {
      if (file !== null && !file.endsWith(".star")) return;
      // An editor that saves makes several events.
      clearTimeout(pending);
      pending = setTimeout(testAgain, 50);
    });
  }
  return new Promise(() => {});
}
