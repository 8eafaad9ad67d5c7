import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findBuildifier } from "../../cli/buildifier.ts";
import { type FmtOptions, formatInput, formatPaths, renderFormatted } from "../../cli/commands/fmt.ts";

const binary = findBuildifier({});
const ugly = "def f( x ):\n  y=3\n  return x\n";
const pretty = "def f(x):\n    y = 3\n    return x\n";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-fmt-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fmt(options: FmtOptions = {}) {
  const files = formatPaths([], options, { from: folder, binary });
  return {
    text: stripVTControlCharacters(renderFormatted(files, options, folder)),
    states: Object.fromEntries(files.map(({ file, state }) => [file, state])),
  };
}
const read = (name: string) => readFileSync(join(folder, name), "utf8");

describe("sluice fmt", () => {
  test("formats what needs it, and says which", () => {
    writeFileSync(join(folder, "a.star"), ugly);
    writeFileSync(join(folder, "b.star"), pretty);
    expect(fmt({ check: true })).toEqual({
      text: "not formatted: a.star\n✗ 2 files: 1 not formatted",
      states: { "a.star": "not_formatted", "b.star": "unchanged" },
    });
    expect(read("a.star")).toBe(ugly);
    expect(fmt()).toEqual({
      text: "formatted: a.star\n✓ 2 files: 1 formatted",
      states: { "a.star": "formatted", "b.star": "unchanged" },
    });
    expect(read("a.star")).toBe(pretty);
    expect(fmt({ check: true }).states).toEqual({ "a.star": "unchanged", "b.star": "unchanged" });
  });

  test("leaves alone what .fmtignore names, also when it is asked for by name", () => {
    writeFileSync(join(folder, "a.star"), ugly);
    writeFileSync(join(folder, ".fmtignore"), "# a copy of another\n\na.star\n");
    expect(formatPaths(["a.star"], {}, { from: folder, binary })).toEqual([]);
    expect(fmt({ check: true })).toEqual({ text: "✓ 0 files: 0 not formatted", states: {} });
    expect(read("a.star")).toBe(ugly);
  });

  test("leaves a file with syntax errors as it is, and shows them; the others are formatted", () => {
    writeFileSync(join(folder, "a.star"), ugly);
    writeFileSync(join(folder, "b.star"), "x = = 1\n");
    const { text, states } = fmt();
    expect(states).toEqual({ "a.star": "formatted", "b.star": "syntax_error" });
    expect(text).toContain("b.star:1:5: error: got '=', want primary expression");
    expect(text).toContain("✗ 2 files: 1 formatted, 1 with syntax errors");
    expect(read("a.star")).toBe(pretty);
    expect(read("b.star")).toBe("x = = 1\n");
  });

  test("says what buildifier's linter finds where it is asked", () => {
    writeFileSync(join(folder, "a.star"), ugly);
    expect(fmt({ lint: true }).text).toContain(
      'a.star:2:5: warning: Variable "y" is unused. Please remove it. (unused-variable)',
    );
  });

  test("formats standard input", () => {
    expect(formatInput(ugly, binary)).toBe(pretty);
    expect(() => formatInput("x = = 1", binary)).toThrow("standard input is no Starlark");
  });

  test("says what to do when there is no buildifier", () => {
    const missing = join(folder, "no-such-program");
    expect(findBuildifier({ SLUICE_BUILDIFIER: missing })).toBe(missing);
    expect(() => formatInput(pretty, missing)).toThrow(`cannot run ${missing}`);
  });
});
