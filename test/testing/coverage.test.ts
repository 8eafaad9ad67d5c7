import { expect, test } from "vitest";
import { Coverage } from "../../src/testing/index.ts";
import { reportsOf } from "./test-source.ts";

const library = `def pick(n):
    if n > 1:
        return "many"
    for _ in range(3):
        n += 1
    return "few"

def unused():
    return 1
`;

test("coverage counts the lines that ran, file by file, and changes nothing else", () => {
  const coverage = new Coverage();
  const source = 'load("lib.star", "pick")\n\ndef test_pick(t):\n    assert.eq(pick(1), "few")\n';
  const reports = reportsOf(source, { files: { "lib.star": library }, coverage });
  expect(reports.test_pick?.failure).toBeUndefined();
  const lines = coverage.files().find(({ file }) => file === "lib.star")?.lines ?? new Map();
  const ran = [...lines].filter(([, count]) => count > 0).map(([line]) => line);
  const missed = [...lines].filter(([, count]) => count === 0).map(([line]) => line);
  expect(ran).toEqual([1, 2, 4, 5, 6, 8]);
  expect(missed).toEqual([3, 9]);
});
