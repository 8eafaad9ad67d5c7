// Runs Starlark tests that are written in TypeScript tests.
import { createHash } from "node:crypto";
import { checkFilter } from "../../src/events/filter.ts";
import { checkKey } from "../../src/events/key.ts";
import { type Coverage, loadTestFile, runTest, type TestReport } from "../../src/testing/index.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

interface Options {
  files?: Record<string, string>;
  replayEveryTime?: boolean;
  seed?: string;
  coverage?: Coverage;
  limits?: { atOnce: number; inAll: number };
}

/** Reports by the names of the tests in `source`. */
export function reportsOf(source: string, options: Options = {}): Record<string, TestReport> {
  const { files = {}, replayEveryTime = false, seed = "1", coverage, limits } = options;
  const loaded = loadTestFile(
    { entry: "shop_test.star", files: { ...files, "shop_test.star": source } },
    {
      sha256Hex,
      checkFilter,
      checkKey,
      ...(coverage && { prepare: (program) => coverage.observe(program) }),
    },
  );
  if (!loaded.ok) throw new Error(loaded.error.message);
  const { value } = loaded;
  return Object.fromEntries(
    value.tests.map((test) => [
      test.name,
      runTest(value, test, { sha256Hex, seed, replayEveryTime, ...(limits && { limits }) }),
    ]),
  );
}

/** Runs one test whose lines are `body`, after `definitions`. */
export function reportOf(body: string, definitions = "", options: Options = {}): TestReport {
  const lines = body
    .trim()
    .split("\n")
    .map((line) => `    ${line}`);
  const report = reportsOf(`${definitions}\ndef test_it(t):\n${lines.join("\n")}\n`, options).test_it;
  if (!report) throw new Error("no report");
  return report;
}
