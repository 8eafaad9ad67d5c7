// Results as TAP, version 14: a line for each test, with a block of YAML below one that failed.
import { stripVTControlCharacters } from "node:util";
import { printable } from "../output.ts";
import type { FileReport } from "./file-report.ts";

/** A test point, and why it is `not ok`. */
interface Point {
  description: string;
  why?: Record<string, string>;
}

/** A file that did not load is a test that failed: otherwise whoever counts would see nothing wrong. */
function pointsOf({ path, failure, tests }: FileReport): Point[] {
  const points = tests.map((test) => ({
    description: `${path} ${test.name}`,
    ...(test.failure && {
      why: {
        message: test.failure.message,
        severity: "fail",
        code: test.failure.code,
        at: `${path}:${test.failure.line}`,
        traceback: test.failure.traceback,
      },
    }),
  }));
  if (!failure) return points;
  const { message, code, text } = failure;
  const why = { message, severity: "fail", code, at: path, text: stripVTControlCharacters(text) };
  return [{ description: `${path} loads`, why }, ...points];
}

/** Backslash and hash are TAP's own; a line break would end the test point. */
function escaped(description: string): string {
  return printable(description.replace(/[\r\n]+/g, " ")).replace(/[\\#]/g, "\\$&");
}

/** A string in JSON is one in YAML, but for what YAML has no way to show, and some of which terminals act upon. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function renderTap(reports: readonly FileReport[]): string {
  const points = reports.flatMap(pointsOf);
  const lines = points.flatMap(({ description, why }, index) => [
    `${why ? "not ok" : "ok"} ${index + 1} - ${escaped(description)}`,
    ...(why
      ? ["  ---", ...Object.entries(why).map(([key, value]) => `  ${key}: ${quoted(value)}`), "  ..."]
      : []),
  ]);
  return ["TAP version 14", `1..${points.length}`, ...lines].join("\n");
}
