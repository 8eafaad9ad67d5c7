// Writes the pages of docs/ that are made from the code, and the stubs for editors; with --check, tells whether they
// are current.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { TEST_SUFFIX } from "../src/testing/index.ts";
import { filePage, referencePage, rulesPage, stubFiles } from "../src/workflow/documentation/index.ts";
import { surface } from "../src/workflow/surface/surface.ts";

const note = (source: string) => `<!-- Made by \`npm run docs\` from ${source}. Change it there. -->\n\n`;
const starlark = globSync("workflows/**/*.star")
  .filter((path) => !path.endsWith(TEST_SUFFIX))
  .sort();

const files: Record<string, string> = {
  "docs/reference.md": `${note("src/workflow/surface")}${referencePage(surface)}\n`,
  "docs/checks.md": `${note("src/workflow/check/rules.ts")}${rulesPage()}\n`,
  "docs/library.md": `${note("the docstrings in workflows")}${libraryPage()}\n`,
};
for (const [name, text] of Object.entries(stubFiles(surface))) files[`stubs/${name}`] = text;

function libraryPage(): string {
  const page = (path: string) =>
    filePage(path.replace(/^workflows\//, ""), readFileSync(path, "utf8"), { level: 2 });
  return [
    "# Workflows and libraries of this repository",
    "What comes with Sluice, in `workflows`: examples, and libraries to `load`. `sluice workflow docs` makes such pages from your own files.",
    ...starlark.map(page),
  ].join("\n\n");
}

const left = globSync("stubs/*").filter((path) => !Object.hasOwn(files, path.replaceAll("\\", "/")));
const stale = Object.entries(files).filter(
  ([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text,
);
if (process.argv.includes("--check")) {
  for (const path of [...stale.map(([name]) => name), ...left]) console.error(`${path} is not current`);
  if (stale.length + left.length > 0) {
    console.error("npm run docs mends this");
    process.exit(1);
  }
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
  for (const path of left) {
    rmSync(path);
    console.log(`removed ${basename(path)}`);
  }
}
