import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { describeFailure, type Report } from "../../scripts/conformance/report.ts";
import { runConformance } from "../../scripts/starlark-conformance.ts";

test("every program of our conformance files does what the specification says", () => {
  const report = runConformance([join(import.meta.dirname, "conformance")]);
  expect(report.failures.map(describeFailure)).toEqual([]);
  // A runner that finds no file would pass, too.
  expect(report.passed).toBeGreaterThan(650);
});

/** Runs files in a folder of their own, which is removed afterwards. */
function runFiles(files: Readonly<Record<string, string>>): Report {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return runConformance([folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lines = (report: Report): number[] => report.failures.map(({ line }) => line);

test("a chunk fails without the error it expects, with another, and with one it does not expect", () => {
  const source =
    "assert_eq(1, 2)\n---\nx = 1 ### some error\n---\n1 // 0 ### other error\n---\n1 // 0 ### go: by zero";
  const report = runFiles({ "a.star": source });
  expect([lines(report), report.passed]).toEqual([[1, 3, 5], 1]);
});

test("what other implementations expect does not count", () => {
  const report = runFiles({ "a.star": "### java: never\n### rust: never\nassert_eq(1, 1)\nassert_(True)" });
  expect([report.failed, report.passed]).toEqual([0, 3]);
});

const ASSERT = `
def _eq(x, y):
    if x != y:
        error("%r != %r" % (x, y))
assert = module("assert", eq = _eq, fails = lambda f, pattern: None if matches(pattern, catch(f) or "") else error(pattern))
freeze = _freeze
`;

test("a failed assertion of starlark-go's format does not end its chunk", () => {
  const source = 'load("assert.star", "assert")\nassert.eq(1, 2)\nassert.eq(1, 1)\nassert.eq(1, 3)';
  const report = runFiles({ "suite/a.star": source, "starlarktest/assert.star": ASSERT });
  expect([lines(report), report.passed]).toEqual([[2, 4], 2]);
});

test("a statement that fails by itself does not hide those behind it", () => {
  const source = [
    'load("assert.star", "assert")',
    "def f():",
    "    return 1 // 0",
    "f()",
    "assert.eq(1, 2)",
    "[][0]",
    'assert.fails(f, "by zero")',
    'assert.fails(f, "other")',
  ].join("\n");
  const report = runFiles({ "suite/a.star": source, "starlarktest/assert.star": ASSERT });
  expect(lines(report)).toEqual([5, 8, 3, 6]);
});

test("errors of starlark-go's format are expected on their line, with the chunk's options", () => {
  const source = [
    'load("assert.star", "assert")',
    'x = 1 // 0 ### "division by (zero|nought)"',
    "---",
    "y = set([1]) ### `support sets`",
    "---",
    "# option:set option:toplevelcontrol",
    "for z in set([1]):",
    "    z // 0 ### `by zero`",
    "---",
    "w = [",
    '][0] ### "out of range"',
  ].join("\n");
  const report = runFiles({ "suite/a.star": source, "starlarktest/assert.star": ASSERT });
  expect(report.failures).toEqual([]);
});

test("files for the resolver and the parser are not run", () => {
  const report = runFiles({
    "resolve/a.star": 'M + U\nx = y ### "undefined: y"',
    "syntax/b.star": 'undefined_here()\n---\nx = 1 + ### "got end of file"',
  });
  expect(report.failures).toEqual([]);
});
