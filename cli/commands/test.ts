import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { collect, outputOf } from "../command.ts";
import { CliError, usageError } from "../errors.ts";
import { tellFailure } from "../failure.ts";
import type { Output } from "../output.ts";
import { runTests } from "../run-tests.ts";
import { renderCoverage, renderLcov } from "../test-reports/coverage.ts";
import { isPassed, plain } from "../test-reports/file-report.ts";
import { renderFile, renderTotals } from "../test-reports/for-people.ts";
import { renderJunit } from "../test-reports/junit.ts";
import { renderTap } from "../test-reports/tap.ts";
import { watchStarlark } from "../watch-starlark.ts";

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

const CLEAR_SCREEN = "\u001b[2J\u001b[3J\u001b[H";

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
      if (options.tap && options.json) {
        throw usageError("--tap and --json are two forms of one result: give one of them");
      }
      const out = outputOf(command);
      if (options.watch) return watchAndTest(paths, options, out);
      if (!testOnce(paths, options, (value, text) => out.result(value, text))) process.exitCode = 1;
      return undefined;
    });
}

/** Whether all passed. `print` is told what came of it, but for TAP. */
function testOnce(paths: readonly string[], options: TestOptions, print: Output["result"]): boolean {
  const width = Math.min(process.stdout.columns ?? 100, 120);
  const isForPeople = !options.tap && !options.json;
  const { reports, coverage } = runTests(paths, {
    filter: options.filter,
    seed: options.seed,
    replayEveryTime: options.replay ?? false,
    hasCoverage: options.coverage === true || options.lcov !== undefined,
    ...(isForPeople && { onFile: (report) => process.stdout.write(`${renderFile(report, width)}\n`) }),
  });
  if (options.junit) writeReport(options.junit, renderJunit(reports));
  if (options.lcov) writeReport(options.lcov, renderLcov(coverage));
  if (options.tap) process.stdout.write(`${renderTap(reports)}\n`);
  else {
    print(reports.map(plain), () =>
      [...(options.coverage ? ["", renderCoverage(coverage)] : []), "", renderTotals(reports)].join("\n"),
    );
  }
  if (reports.length === 0) throw new CliError("no test was run: is the filter right?");
  return reports.every(isPassed);
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`);
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

/** Ends with the process. */
function watchAndTest(paths: readonly string[], options: TestOptions, out: Output): Promise<never> {
  const testAgain = () => {
    // What is piped is read from top to bottom.
    if (process.stdout.isTTY) process.stdout.write(CLEAR_SCREEN);
    try {
      testOnce(paths, options, (value, text) => out.line(value, text));
    } catch (error) {
      tellFailure(error, out.json);
    }
    out.note(pc.dim("waiting for changes; Ctrl-C ends"));
  };
  const folders = new Set(paths.map((path) => resolve(path.endsWith(".star") ? dirname(path) : path)));
  for (const folder of folders) {
    if (!existsSync(folder)) throw new CliError(`there is no ${folder}`);
  }
  // Before the first run: what is saved meanwhile counts.
  for (const folder of folders) watchStarlark(folder, testAgain);
  testAgain();
  return new Promise(() => {});
}
