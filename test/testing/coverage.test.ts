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

/** How often each line of a library was begun, by a test that calls its function. */
function countsOf(lines: readonly string[], call: string): [line: number, count: number][] {
  const coverage = new Coverage();
  const source = `load("lib.star", "f")\n\ndef test_f(t):\n    ${call}\n`;
  const reports = reportsOf(source, { files: { "lib.star": `${lines.join("\n")}\n` }, coverage });
  expect(reports.test_f?.failure).toBeUndefined();
  return [...(coverage.files().find(({ file }) => file === "lib.star")?.lines ?? [])];
}

test("coverage counts how often a line was begun, whatever it is made of", () => {
  const lines = [
    "def g(n):",
    "    return n + n - n - n + 1",
    "def f(n):",
    "    for i in range(n):",
    "        n = g(g(i) + g(i + 1))",
    "    for i in range(n): g(i)",
    "    return [g(i) for i in range(n)]",
  ];
  expect(countsOf(lines, "[f(2), f(2)]")).toEqual([
    [1, 1],
    [2, 2 * (2 * 3 + 2)],
    [3, 1],
    [4, 2],
    [5, 4],
    [6, 2],
    [7, 2],
  ]);
});

test("coverage counts an expression of several lines once in each of them that is begun", () => {
  const lines = [
    "def f(n):",
    "    return max(",
    "        n + 1,",
    "        1 if n else",
    "        2,",
    "    )",
    "def unused():",
    "    return (1",
    "        if 2 else 3)",
  ];
  expect(countsOf(lines, "[f(0), f(0), f(1)]")).toEqual([
    [1, 1],
    [2, 3],
    [3, 3],
    [4, 3],
    [5, 2],
    [7, 1],
    [8, 0],
    [9, 0],
  ]);
});

test("coverage knows that a line has run on which a choice of a later line ends", () => {
  const [, chosen] = countsOf(
    ["def f(n):", "    return (g(n)", "        if n else 3)", "def g(n):", "    return n"],
    "f(0)",
  );
  expect(chosen?.[0]).toBe(2);
  expect(chosen?.[1]).toBeGreaterThan(0);
});
