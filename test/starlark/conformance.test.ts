import { join } from "node:path";
import { expect, test } from "vitest";
import { describeFailure } from "../../scripts/conformance/report.ts";
import { runConformance } from "../../scripts/starlark-conformance.ts";

test("every program of our conformance files does what the specification says", () => {
  const report = runConformance([join(import.meta.dirname, "conformance")]);
  expect(report.failures.map(describeFailure)).toEqual([]);
  // A runner that finds no file would pass, too.
  expect(report.passed).toBeGreaterThan(150);
});
