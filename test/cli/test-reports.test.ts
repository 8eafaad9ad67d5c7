// What `sluice test` reports, read as those read it for whom it is written.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { SaxesParser } from "saxes";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runTests } from "../../cli/run-tests.ts";
import { renderLcov } from "../../cli/test-reports/coverage.ts";
import { type FileReport, isPassed, plain } from "../../cli/test-reports/file-report.ts";
import { renderFile, renderTotals } from "../../cli/test-reports/for-people.ts";
import { renderJunit } from "../../cli/test-reports/junit.ts";
import { renderTap } from "../../cli/test-reports/tap.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-reports-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(files: Record<string, string>, options: { filter?: string[] } = {}) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return runTests([folder], {
    filter: [],
    seed: "1",
    replayEveryTime: false,
    hasCoverage: true,
    ...options,
  });
}

const broken = 'load("nothing.star", "f")\n\ndef test_x(t):\n    pass\n';
const shop = `def shop(w, ev):
    print("hello")
    w.sleep(hours = 2)
    if ev["data"]:
        fail("<no> & \\"never\\" \\u0007")
    return 1

on_event(type = "go", handler = shop)
`;
const tests = `load("shop.star", "shop")

def test_good(t):
    t.start(shop)
    t.settle()

def test_bad(t):
    run = t.start(shop, True)
    t.settle()
    assert.eq(run.error.message, "a\\nb]]>")
`;
const all = { "a_test.star": broken, "shop.star": shop, "shop_test.star": tests };

/** A reader of TAP 14 as its specification has it: version, plan, test points, blocks of YAML below them. */
function readTap(text: string) {
  const [version, plan, ...lines] = text.split("\n");
  expect(version).toBe("TAP version 14");
  const points: { isOk: boolean; description: string; why: Record<string, string> }[] = [];
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n] ?? "";
    const point = /^(not )?ok (\d+) - ((?:[^\\#]|\\[\\#])+)$/.exec(line);
    if (!point) throw new Error(`no test point: ${line}`);
    expect(Number(point[2])).toBe(points.length + 1);
    const why: Record<string, string> = {};
    if (lines[n + 1] === "  ---") {
      for (n += 2; lines[n] !== "  ..."; n++) {
        const entry = /^ {2}(\w+): (".*")$/.exec(lines[n] ?? "");
        if (!entry) throw new Error(`no entry of a YAML block: ${lines[n]}`);
        why[entry[1] ?? ""] = JSON.parse(entry[2] ?? "");
      }
    }
    const description = (point[3] ?? "").replace(/\\([\\#])/g, "$1");
    points.push({ isOk: point[1] === undefined, description, why });
  }
  expect(plan).toBe(`1..${points.length}`);
  return points;
}

interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
}

/** Throws where the text is no well-formed XML 1.0. */
function readXml(text: string): Element {
  const root: Element = { name: "", attributes: {}, text: "", children: [] };
  const open = [root];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element: Element = {
      name,
      attributes: attributes as Record<string, string>,
      text: "",
      children: [],
    };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("text", (more) => {
    const element = open.at(-1);
    if (element) element.text += more;
  });
  parser.on("closetag", () => open.pop());
  parser.write(text).close();
  return root.children[0] ?? root;
}

/** The sections of an lcov tracefile, by their source files. */
function readLcov(text: string) {
  const sections = new Map<string, { lines: Map<number, number>; found: number; hit: number }>();
  for (const section of text.split("end_of_record\n").filter((one) => one !== "")) {
    const entries = section.trim().split("\n");
    expect(entries[0]).toBe("TN:");
    const entryOf = (key: string) => entries.find((one) => one.startsWith(`${key}:`))?.slice(key.length + 1);
    const lines = new Map(
      entries
        .filter((one) => one.startsWith("DA:"))
        .map((one) => one.slice(3).split(",").map(Number) as [number, number]),
    );
    sections.set(entryOf("SF") ?? "", { lines, found: Number(entryOf("LF")), hit: Number(entryOf("LH")) });
  }
  return sections;
}

describe("a file of tests that does not load", () => {
  test("is a failure in every report, and keeps no other file from being run", () => {
    const { reports } = run(all);
    expect(reports.map(isPassed)).toEqual([false, false]);
    expect(readTap(renderTap(reports)).map(({ isOk }) => isOk)).toEqual([false, true, false]);
    const [point] = readTap(renderTap(reports));
    expect(point?.description).toBe(`${join(folder, "a_test.star")} loads`);
    expect(point?.why.message).toContain("cannot load nothing.star");
    const junit = readXml(renderJunit(reports));
    expect(junit.attributes).toMatchObject({ tests: "3", failures: "1", errors: "1" });
    expect(junit.children[0]?.children[0]?.children[0]).toMatchObject({
      name: "error",
      attributes: { type: "invalid_workflow" },
    });
    expect(JSON.parse(JSON.stringify(reports.map(plain)))[0]).toMatchObject({
      tests: [],
      failure: { code: "invalid_workflow", diagnostics: [{ file: "a_test.star", line: 1 }] },
    });
    const shown = stripVTControlCharacters(reports.map((report) => renderFile(report, 80)).join("\n"));
    expect(shown).toContain("a_test.star:1:1: error: cannot load nothing.star");
    expect(stripVTControlCharacters(renderTotals(reports))).toMatch(
      /^1 file did not load, 1 failed, 1 passed /,
    );
  });

  test("is one also when no test of it was asked for", () => {
    expect(run(all, { filter: ["good"] }).reports.map(isPassed)).toEqual([false, true]);
  });
});

describe("a test that fails", () => {
  test("shows where, why, the timeline, the log and the traceback of its runs", () => {
    const [report] = run({ "shop.star": shop, "shop_test.star": tests }).reports;
    const shown = report ? stripVTControlCharacters(renderFile(report, 80)) : "";
    for (const part of [
      "✗ test_bad",
      "shop_test.star:10:14: in test_bad",
      "shop  failed  2 h",
      "✓ sleep",
      "shop.star:5:13: in shop",
      "0 ms  hello",
    ]) {
      expect(shown).toContain(part);
    }
    const drawn = shown.split("\n").filter((line) => line.includes("│"));
    expect(Math.max(...drawn.map((line) => [...line].length))).toBeLessThanOrEqual(80);
  });

  test("shows some of many runs, and how many more there are", () => {
    const many =
      'load("shop.star", "shop")\n\ndef test_many(t):\n    [t.start(shop) for _ in range(25)]\n    fail("no")\n';
    const { reports } = run({ "shop.star": shop, "shop_test.star": many });
    const shown = stripVTControlCharacters(reports.map((report) => renderFile(report, 80)).join("\n"));
    expect(shown.match(/shop {2}waiting/g)).toHaveLength(20);
    expect(shown).toContain("5 more runs, between the first and the last of these, are not shown");
  });

  test("is in TAP with its message and traceback, whatever characters they have", () => {
    const [, bad] = readTap(renderTap(run({ "shop.star": shop, "shop_test.star": tests }).reports));
    expect(bad).toMatchObject({ isOk: false, why: { code: "AssertionFailed" } });
    expect(bad?.why.at).toMatch(/shop_test\.star:10$/);
    expect(bad?.why.traceback).toContain("in test_bad");
  });

  test("is in TAP without a character that YAML has not or a terminal acts upon", () => {
    const message =
      "\u0000\u0007\u001b[31m \u007f\u0085\u009b31m\u009f \u2028\u2029 \ufeff\ufffe\uffff \ud800 ä€😀";
    const report: FileReport = {
      path: "a\u009b\u001b[31m_test.star",
      tests: [
        {
          name: "test_a",
          line: 1,
          failure: { code: "Failed", message, traceback: "", line: 1 },
          runs: [],
          printed: [],
          beganAt: 0,
          endedAt: 0,
          tookMs: 0,
        },
      ],
      tookMs: 0,
    };
    const text = renderTap([report]);
    // What YAML 1.2 calls printable, without line separators and the byte order mark.
    expect(text).toMatch(
      /^[\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u,
    );
    expect(readTap(text)[0]?.why.message).toBe(message);
  });

  test("is in JUnit as XML can say it, with what its runs had come to", () => {
    const { reports } = run({ "shop.star": shop, "shop_test.star": tests });
    const [suite] = readXml(renderJunit(reports)).children;
    expect(suite?.attributes).toMatchObject({ tests: "2", failures: "1", errors: "0" });
    const [good, bad] = suite?.children ?? [];
    expect(good?.attributes).toMatchObject({ name: "test_good", line: "3" });
    expect(good?.attributes.time).toMatch(/^\d+\.\d{3}$/);
    expect(bad?.children.map(({ name }) => name)).toEqual(["failure", "system-out"]);
    expect(bad?.children[0]?.attributes.message).toContain('want "a\\nb]]>"');
    expect(bad?.children[1]?.text).toContain('<no> & "never" �');
  });
});

test("names of files with the characters of TAP and XML are told as they are", () => {
  const { reports } = run({ 'a#1 \\ "b" & <c>_test.star': "def test_a(t):\n    pass\n" });
  const path = join(folder, 'a#1 \\ "b" & <c>_test.star');
  expect(readTap(renderTap(reports))[0]?.description).toBe(`${path} test_a`);
  expect(readXml(renderJunit(reports)).children[0]?.attributes.name).toBe(path);
});

test("lcov has each file once, with how often each line ran, and no file of tests", () => {
  const { reports, coverage } = run({
    "shop.star": shop,
    "shop_test.star": tests,
    "other_test.star": tests,
  });
  expect(reports).toHaveLength(2);
  const sections = readLcov(`${renderLcov(coverage)}\n`);
  expect([...sections.keys()]).toEqual([join(folder, "shop.star")]);
  const { lines, found, hit } = sections.get(join(folder, "shop.star")) ?? {
    lines: new Map(),
    found: 0,
    hit: 0,
  };
  expect([...lines.keys()]).toEqual([1, 2, 3, 4, 5, 6, 8]);
  expect(lines.get(5)).toBeGreaterThan(0);
  // What comes after the call of fail() has not run.
  expect(lines.get(6)).toBeDefined();
  expect(found).toBe(7);
  expect([...lines.values()].filter((count) => count > 0)).toHaveLength(hit);
});
