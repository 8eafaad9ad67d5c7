// The examples of docs/testing.md are tests, and pass.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportsOf } from "./test-source.ts";

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "testing.md"), "utf8");
const examples = [...page.matchAll(/^```python\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
const files = { "canary.star": readFileSync(join(root, "workflows", "canary.star"), "utf8") };

test.each(examples.map((source) => ({ source, name: /def (test_\w+)/.exec(source)?.[1] })))(
  "$name",
  ({ source }) => {
    for (const replayEveryTime of [false, true]) {
      const reports = Object.values(reportsOf(source, { files, replayEveryTime }));
      expect(reports.length).toBeGreaterThan(0);
      expect(
        reports.flatMap(({ name, failure }) => (failure ? [`${name}: ${failure.message}`] : [])),
      ).toEqual([]);
    }
  },
);
