// What `sluice test` says: for people, as TAP (version 14), as JUnit XML, and which lines were covered.
import pc from "picocolors";
import type { FileCoverage, TestReport } from "../src/testing/index.ts";
import { duration, pad, printable } from "./output.ts";
import { renderTimeline } from "./timeline.ts";

/** A file of tests, run. `path` is as it was given. */
export interface FileReport {
  path: string;
  tests: TestReport[];
  /** How long it took, ms of real time. */
  tookMs: number;
}

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

/** What a failed test shows: where, why, and what its runs had come to. */
export function renderFailure(test: TestReport, path: string, width: number): string {
  const { failure, runs, printed, endedAt } = test;
  if (!failure) return "";
  const parts = [
    `${pc.red("✗")} ${pc.bold(test.name)}  ${pc.dim(`${path}:${failure.line}`)}`,
    indent(pc.red(printable(failure.message)), "  "),
    indent(pc.dim(printable(withoutMessage(failure.traceback, failure.message))), "  "),
  ];
  if (printed.length > 0)
    parts.push(`  ${pc.dim("printed:")}`, indent(printable(printed.join("\n")), "    "));
  for (const { detail, log } of runs) {
    parts.push("", indent(renderTimeline(detail, endedAt, width - 2), "  "));
    if (log.length > 0) {
      const lines = log.map(({ at, text }) => `${duration(at - detail.createdAt)}  ${printable(text)}`);
      parts.push(`    ${pc.dim("log:")}`, indent(lines.join("\n"), "      "));
    }
  }
  return parts.join("\n");
}

/** One file, test by test. */
export function renderFile({ path, tests, tookMs }: FileReport, width: number): string {
  const lines = tests.map((test) => {
    if (test.failure) return renderFailure(test, path, width);
    const passed = test.endedAt - test.beganAt;
    const time = passed === 0 ? "" : `  ${pc.dim(`${duration(passed)} passed`)}`;
    return `${pc.green("✓")} ${test.name}${time}`;
  });
  const isFailed = tests.some(({ failure }) => failure !== undefined);
  return [
    `${isFailed ? pc.red("FAIL") : pc.green("PASS")} ${pc.bold(path)}  ${pc.dim(duration(tookMs))}`,
    indent(lines.join("\n"), "  "),
  ].join("\n");
}

/** The last line: how many, and how much time has passed for them. */
export function renderTotals(reports: readonly FileReport[]): string {
  const tests = reports.flatMap((report) => report.tests);
  const failed = tests.filter(({ failure }) => failure !== undefined).length;
  const virtual = tests.reduce((sum, { beganAt, endedAt }) => sum + (endedAt - beganAt), 0);
  const took = reports.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const counts = [
    ...(failed > 0 ? [pc.red(`${failed} failed`)] : []),
    ...(tests.length > failed ? [pc.green(`${tests.length - failed} passed`)] : []),
  ];
  const time = virtual === 0 ? duration(took) : `${duration(took)}, in which ${duration(virtual)} passed`;
  return `${counts.join(", ") || "no tests"} ${pc.dim(`(${time})`)}`;
}

/** TAP version 14, diagnostics as YAML. */
export function renderTap(reports: readonly FileReport[]): string {
  const tests = reports.flatMap(({ path, tests }) => tests.map((test) => ({ path, test })));
  const lines = ["TAP version 14", `1..${tests.length}`];
  for (const [index, { path, test }] of tests.entries()) {
    const { failure } = test;
    // A hash in a description would begin a directive.
    const description = `${path} ${test.name}`.replaceAll("#", "\\#");
    lines.push(`${failure ? "not ok" : "ok"} ${index + 1} - ${description}`);
    if (!failure) continue;
    lines.push(
      "  ---",
      `  message: ${JSON.stringify(failure.message)}`,
      `  code: ${JSON.stringify(failure.code)}`,
      `  at: ${JSON.stringify(`${path}:${failure.line}`)}`,
      `  traceback: ${JSON.stringify(failure.traceback)}`,
      "  ...",
    );
  }
  return lines.join("\n");
}

function xml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // XML 1.0 has no way to write most control characters.
  return printable(text).replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** JUnit's XML, as CI systems read it. Times are those of the machine, in seconds. */
export function renderJunit(reports: readonly FileReport[]): string {
  const suites = reports.map(({ path, tests, tookMs }) => {
    const failures = tests.filter(({ failure }) => failure !== undefined).length;
    const cases = tests.map(({ name, line, failure }) => {
      const open = `    <testcase classname="${xml(path)}" name="${xml(name)}" file="${xml(path)}" line="${line}"`;
      if (!failure) return `${open}/>`;
      return [
        `${open}>`,
        `      <failure type="${xml(failure.code)}" message="${xml(failure.message)}">${xml(failure.traceback)}</failure>`,
        "    </testcase>",
      ].join("\n");
    });
    return [
      `  <testsuite name="${xml(path)}" tests="${tests.length}" failures="${failures}" time="${(tookMs / 1000).toFixed(3)}">`,
      ...cases,
      "  </testsuite>",
    ].join("\n");
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites, "</testsuites>"].join("\n");
}

/** `3–5, 9`: lines that did not run. */
function ranges(lines: readonly number[], all: readonly number[]): string {
  const missed = new Set(lines);
  const parts: [number, number][] = [];
  let last: [number, number] | undefined;
  for (const line of all) {
    if (!missed.has(line)) last = undefined;
    else if (last) last[1] = line;
    else {
      last = [line, line];
      parts.push(last);
    }
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

/** A table: per file the share of lines that ran, and which did not. */
export function renderCoverage(files: readonly FileCoverage[]): string {
  const width = Math.max(4, ...files.map(({ file }) => file.length));
  const rows = files.map(({ file, lines }) => {
    const all = [...lines.keys()];
    const missed = all.filter((line) => lines.get(line) === 0);
    const share = all.length === 0 ? 100 : (100 * (all.length - missed.length)) / all.length;
    const paint = missed.length === 0 ? pc.green : pc.yellow;
    const text = `${pad(file, width)}  ${paint(`${share.toFixed(1).padStart(5)} %`)}`;
    return missed.length === 0 ? text : `${text}  ${pc.dim(`not run: ${ranges(missed, all)}`)}`;
  });
  return [pc.bold("Coverage"), ...rows.map((row) => `  ${row}`)].join("\n");
}

/** lcov's tracefile, which editors and CI systems read. */
export function renderLcov(files: readonly FileCoverage[]): string {
  return files
    .flatMap(({ file, lines }) => [
      "TN:",
      `SF:${file}`,
      ...[...lines].map(([line, count]) => `DA:${line},${count}`),
      `LF:${lines.size}`,
      `LH:${[...lines.values()].filter((count) => count > 0).length}`,
      "end_of_record",
    ])
    .join("\n");
}
