// What `sluice test` says to people: file by file, and for what failed where, why, and what its runs had come to.
import pc from "picocolors";
import type { TestReport } from "../../src/testing/index.ts";
import { duration, printable } from "../output.ts";
import { renderTimeline } from "../timeline.ts";
import { type FileReport, isPassed } from "./file-report.ts";

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : by + line))
    .join("\n");
}

/** A traceback ends with the message, which is shown before it. */
function withoutMessage(traceback: string, message: string): string {
  const last = `\nError: ${message}`;
  return traceback.endsWith(last) ? traceback.slice(0, -last.length) : traceback;
}

function renderFailure(test: TestReport, path: string, width: number): string {
  const { failure } = test;
  if (!failure) return "";
  const evidence = renderEvidence(test, width - 2);
  return [
    `${pc.red("✗")} ${pc.bold(test.name)}  ${pc.dim(`${path}:${failure.line}`)}`,
    indent(pc.red(printable(failure.message)), "  "),
    indent(pc.dim(printable(withoutMessage(failure.traceback, failure.message))), "  "),
    ...(evidence === "" ? [] : [indent(evidence, "  ")]),
  ].join("\n");
}

/** What a test printed, and the timeline and log of each of its runs; empty where there is nothing of them. */
export function renderEvidence({ runs, runsLeftOut, printed, endedAt }: TestReport, width: number): string {
  const parts: string[] = [];
  if (printed.length > 0) parts.push(pc.dim("printed:"), indent(printable(printed.join("\n")), "  "));
  for (const { detail, log } of runs) {
    parts.push("", renderTimeline(detail, endedAt, width));
    if (log.length === 0) continue;
    const lines = log.map(({ at, text }) => `${duration(at - detail.createdAt)}  ${printable(text)}`);
    parts.push(`  ${pc.dim("log:")}`, indent(lines.join("\n"), "    "));
  }
  if (runsLeftOut !== undefined) {
    parts.push(
      "",
      pc.dim(`${runsLeftOut} more runs, between the first and the last of these, are not shown`),
    );
  }
  return parts.join("\n");
}

/** One file, test by test. */
export function renderFile(report: FileReport, width: number): string {
  const { path, failure, tests, tookMs } = report;
  const lines = tests.map((test) => {
    if (test.failure) return renderFailure(test, path, width - 2);
    const passed = test.endedAt - test.beganAt;
    const time = passed === 0 ? "" : `  ${pc.dim(`${duration(passed)} passed`)}`;
    return `${pc.green("✓")} ${test.name}${time}`;
  });
  if (failure) lines.push(failure.text);
  return [
    `${isPassed(report) ? pc.green("PASS") : pc.red("FAIL")} ${pc.bold(path)}  ${pc.dim(duration(tookMs))}`,
    indent(lines.join("\n"), "  "),
  ].join("\n");
}

/** The last line: how many, and how much time has passed for them. */
export function renderTotals(reports: readonly FileReport[]): string {
  const tests = reports.flatMap((report) => report.tests);
  const failed = tests.filter(({ failure }) => failure !== undefined).length;
  const unloaded = reports.filter(({ failure }) => failure !== undefined).length;
  const virtual = tests.reduce((sum, { beganAt, endedAt }) => sum + (endedAt - beganAt), 0);
  const took = reports.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const counts = [
    ...(unloaded > 0 ? [pc.red(`${unloaded} ${unloaded === 1 ? "file" : "files"} did not load`)] : []),
    ...(failed > 0 ? [pc.red(`${failed} failed`)] : []),
    ...(tests.length > failed ? [pc.green(`${tests.length - failed} passed`)] : []),
  ];
  const time = virtual === 0 ? duration(took) : `${duration(took)}, in which ${duration(virtual)} passed`;
  return `${counts.join(", ") || "no tests"} ${pc.dim(`(${time})`)}`;
}
