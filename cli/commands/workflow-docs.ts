import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { filePage } from "../../src/workflow/documentation/index.ts";
import { isTest, starlarkFiles } from "../check-workflow.ts";

export function addDocsCommand(workflow: Command): void {
  workflow
    .command("docs")
    .description(
      "print pages made from docstrings, as Markdown: of files, or of all .star files below folders",
    )
    .argument("[path...]", "files or folders (default: the working directory)")
    .action((paths: string[]) => {
      process.stdout.write(`${pagesOf(paths.length === 0 ? ["."] : paths, process.cwd())}\n`);
    });
}

/** The pages of all files, one after the other, named as `from` sees them. */
export function pagesOf(paths: readonly string[], from: string): string {
  return starlarkFiles(paths, from)
    .filter((path) => !isTest(path))
    .map((path) => filePage(relative(from, resolve(path)), readFileSync(path, "utf8")))
    .join("\n\n");
}
