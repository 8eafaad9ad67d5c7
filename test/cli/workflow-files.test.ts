import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFiles } from "../../cli/starlark-files.ts";
import { readProgram } from "../../cli/workflow-files.ts";

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "workflow-files-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test("a program has what its entry loads, and what that loads, and nothing else", () => {
  const folder = folderWith({
    "shop.star": 'load("//lib/a.star", "a")\n',
    "lib/a.star": "load('b.star', 'b')\n",
    "lib/b.star": 'load(\n    "../c.star",\n    "c",\n)\n',
    "c.star": "c = 1\n",
    "other.star": "",
  });
  const { entry, files } = readProgram(join(folder, "shop.star"));
  expect(entry).toBe("shop.star");
  expect(Object.keys(files).sort()).toEqual(["c.star", "lib/a.star", "lib/b.star", "shop.star"]);
  expect(readProgram(join(folder, "lib/a.star"), { root: folder }).entry).toBe("lib/a.star");
});

test("nothing outside the root gets into a program", () => {
  const folder = folderWith({ "in/shop.star": 'load("../out.star", "x")\n', "out.star": "x = 1\n" });
  expect(Object.keys(readProgram(join(folder, "in/shop.star")).files)).toEqual(["shop.star"]);
});

test("tests are found at any depth, except those of installed packages", () => {
  const folder = folderWith({
    "a_test.star": "",
    "lib/b_test.star": "",
    "c.star": "",
    "node_modules/d_test.star": "",
  });
  expect(testFiles(folder).map(({ path }) => path)).toEqual([
    join(folder, "a_test.star"),
    join(folder, "lib/b_test.star"),
  ]);
});
