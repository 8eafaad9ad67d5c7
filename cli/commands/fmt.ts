import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { parse } from "../../src/starlark/index.ts";
import { findBuildifier, formatFiles, formatText, inspect } from "../buildifier.ts";
import { starlarkFiles } from "../check-workflow.ts";
import { renderDiagnostics } from "../diagnostics.ts";
import { CliError, EXIT_FAILED } from "../errors.ts";

/** In the working directory. */
const IGNORE_FILE = ".fmtignore";

export interface FmtOptions {
  check?: boolean;
  lint?: boolean;
}

export function addFmtCommand(program: Command): void {
  program
    .command("fmt")
    .description(
      "format Starlark files with buildifier: files, all .star files below folders, or - for standard input",
    )
    .argument("[path...]", "files or folders (default: the working directory)")
    .option("--check", "change nothing; exit with 1 where something is not formatted")
    .option("--lint", "say what buildifier's linter finds, too")
    .action((paths: string[], options: FmtOptions) => {
      const binary = findBuildifier();
      if (paths.length === 1 && paths[0] === "-") {
        process.stdout.write(formatInput(readFileSync(0, "utf8"), options, binary));
        return;
      }
      const { text, isFailed } = formatPaths(paths, options, { from: process.cwd(), binary });
      process.stdout.write(`${text}\n`);
      if (isFailed) process.exitCode = EXIT_FAILED;
    });
}

/** Throws CliError for what is no Starlark, and with `check` for what is not formatted. */
export function formatInput(source: string, { check }: FmtOptions, binary: string): string {
  const errors = syntaxErrors(source, "<stdin>");
  if (errors !== undefined) throw new CliError(`standard input is no Starlark\n${errors}`);
  const formatted = formatText(source, binary);
  if (!check) return formatted;
  if (formatted !== source) throw new CliError("standard input is not formatted");
  return "";
}

/** Files whose syntax is wrong are left as they are, and named; the others are formatted all the same. */
export function formatPaths(
  paths: readonly string[],
  { check, lint }: FmtOptions,
  { from, binary }: { from: string; binary: string },
): { text: string; isFailed: boolean } {
  const broken: string[] = [];
  const keep = keptFiles(from);
  const sound = starlarkFiles(paths.length === 0 ? ["."] : paths, from).filter((path) => {
    if (keep.has(path)) return false;
    const errors = syntaxErrors(readFileSync(path, "utf8"), relative(from, path));
    if (errors !== undefined) broken.push(errors);
    return errors === undefined;
  });
  const unformatted = inspect(sound, binary, false).flatMap(({ path, isFormatted }) =>
    isFormatted ? [] : [path],
  );
  if (!check) formatFiles(unformatted, binary);
  // After formatting, so that the places are those of the file as it is now.
  const warnings = lint
    ? inspect(sound, binary, true).flatMap(({ path, warnings: found }) =>
        found.map(
          ({ line, column, category, message }) =>
            `${pc.bold(`${relative(from, path)}:${line}:${column}`)}: ${pc.yellow("warning")}: ${message} ${pc.dim(`(${category})`)}`,
        ),
      )
    : [];
  const named = unformatted.map(
    (path) => `${check ? "not formatted" : "formatted"}: ${relative(from, path)}`,
  );
  const total = sound.length + broken.length;
  const isFailed = broken.length > 0 || (check === true && unformatted.length > 0);
  const mark = isFailed ? pc.red("✗") : pc.green("✓");
  const verb = check ? "not formatted" : "formatted";
  const counts = [
    `${unformatted.length} ${verb}`,
    ...(broken.length > 0 ? [`${broken.length} with syntax errors`] : []),
    ...(lint ? [`${warnings.length} warnings`] : []),
  ];
  const end = `${mark} ${total} file${total === 1 ? "" : "s"}: ${counts.join(", ")}`;
  return { text: [...broken, ...warnings, ...named, end].join("\n"), isFailed };
}

/** Files that are left as they are, say because they are copies of others: a line of `.fmtignore` for each. */
export function keptFiles(from: string): Set<string> {
  const list = join(from, IGNORE_FILE);
  if (!existsSync(list)) return new Set();
  const lines = readFileSync(list, "utf8").split("\n");
  const paths = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return new Set(paths.map((path) => resolve(from, path)));
}

/** Ours say more than buildifier's. Names are not looked at: only what a formatter cannot read is wrong for it. */
function syntaxErrors(source: string, file: string): string | undefined {
  const { topLevel, diagnostics } = parse(source, { file });
  if (topLevel !== undefined) return undefined;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return renderDiagnostics(errors, { [file]: source });
}
