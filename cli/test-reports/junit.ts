// Results as JUnit's XML, as CI systems read it: a suite for each file. Times are the machine's, in seconds.
import { stripVTControlCharacters } from "node:util";
import { printable } from "../output.ts";
import type { FileReport } from "./file-report.ts";
import { renderEvidence } from "./for-people.ts";

/** Columns of a timeline in a report that some page shows. */
const WIDTH = 100;
const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no way to write most control characters, halves of surrogate pairs, and two more. */
function text(value: string): string {
  return printable(stripVTControlCharacters(value))
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      // A reader turns line breaks of attributes into spaces, unless they are spelt.
      const spelt = text(String(value)).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
      return ` ${name}="${spelt}"`;
    })
    .join("");
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);

function testCase(path: string, test: FileReport["tests"][number]): string[] {
  const { name, line, failure, tookMs } = test;
  const open = `    <testcase${attributes({ classname: path, name, file: path, line, time: seconds(tookMs) })}`;
  const evidence = failure ? renderEvidence(test, WIDTH) : test.printed.join("\n");
  if (!failure && evidence === "") return [`${open}/>`];
  const { code: type, message = "", traceback = "" } = failure ?? {};
  return [
    `${open}>`,
    ...(type === undefined
      ? []
      : [`      <failure${attributes({ type, message })}>${text(traceback)}</failure>`]),
    ...(evidence === "" ? [] : [`      <system-out>${text(evidence)}</system-out>`]),
    "    </testcase>",
  ];
}

function suite({ path, failure, tests, tookMs }: FileReport): string[] {
  const counts = {
    tests: tests.length + (failure ? 1 : 0),
    failures: tests.filter((test) => test.failure).length,
    errors: failure ? 1 : 0,
  };
  return [
    `  <testsuite${attributes({ name: path, ...counts, time: seconds(tookMs) })}>`,
    ...(failure
      ? [
          `    <testcase${attributes({ classname: path, name: "loads", file: path, time: seconds(tookMs) })}>`,
          `      <error${attributes({ type: failure.code, message: failure.message })}>${text(failure.text)}</error>`,
          "    </testcase>",
        ]
      : []),
    ...tests.flatMap((test) => testCase(path, test)),
    "  </testsuite>",
  ];
}

export function renderJunit(reports: readonly FileReport[]): string {
  const tests = reports.flatMap((report) => report.tests);
  const errors = reports.filter(({ failure }) => failure).length;
  const totals = {
    name: "sluice test",
    tests: tests.length + errors,
    failures: tests.filter(({ failure }) => failure).length,
    errors,
    time: seconds(reports.reduce((sum, { tookMs }) => sum + tookMs, 0)),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(totals)}>`,
    ...reports.flatMap(suite),
    "</testsuites>",
  ].join("\n");
}
