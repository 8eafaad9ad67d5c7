import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { filePage } from "../../src/workflow/documentation/index.ts";
import { outputOf } from "../command.ts";
import { isTest, starlarkFiles } from "../starlark-files.ts";

export function addDocsCommand(workflow: Command): void {
  workflow
    .command("docs")
    .description(
      "print pages made from docstrings, as Markdown: of files, or of all .star files below folders",
    )
    .argument("[path...]", "files or folders (default: the working directory)")
    .action((paths: string[], _options: unknown, command: Command) => {
      const out = outputOf(command);
      const pages = pagesOf(paths.length === 0 ? ["."] : paths, process.cwd());
      out.result(pages, () => pages.map(({ markdown }) => markdown).join("\n\n"));
    });
}

interface Page {
  file: string;
  markdown: string;
}

/** The pages of all files, named as `from` sees them. */
function pagesOf(paths: readonly string[], from: string): Page[] {
  return starlarkFiles(paths, from)
    .filter((path) => !isTest(path))
    .map((path) => {
      const file = relative(from, resolve(path));
      return { file, markdown: filePage(file, readFileSync(path, "utf8")) };
    });
}
