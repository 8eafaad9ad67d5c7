import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { type Diagnostic, parse } from "../../src/starlark/index.ts";
import { type FileReport, findBuildifier, formatFiles, formatText, inspect } from "../buildifier.ts";
import { outputOf } from "../command.ts";
import { renderDiagnostics } from "../diagnostics.ts";
import { CliError, EXIT_FAILED } from "../errors.ts";
import type { Output } from "../output.ts";
import { starlarkFiles } from "../starlark-files.ts";

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
    .action((paths: string[], options: FmtOptions, command: Command) => {
      const out = outputOf(command);
      const binary = findBuildifier();
      if (paths.length === 1 && paths[0] === "-") formatStandardInput(options, binary, out);
      else {
        const files = formatPaths(paths, options, { from: process.cwd(), binary });
        out.result(files, () => renderFormatted(files, options));
        if (files.some(isWrong)) process.exitCode = EXIT_FAILED;
      }
    });
}

function formatStandardInput({ check }: FmtOptions, binary: string, out: Output): void {
  const source = readFileSync(0, "utf8");
  const formatted = formatInput(source, binary);
  const isFormatted = formatted === source;
  if (out.json) out.result(check ? { isFormatted } : { isFormatted, formatted }, () => "");
  else if (!check) process.stdout.write(formatted);
  else if (!isFormatted) throw new CliError("standard input is not formatted");
  if (check && !isFormatted) process.exitCode = EXIT_FAILED;
}

/** Throws CliError for what is no Starlark. */
export function formatInput(source: string, binary: string): string {
  const errors = syntaxErrors(source, "<stdin>");
  if (errors.length > 0) {
    throw new CliError(`standard input is no Starlark\n${renderDiagnostics(errors, { "<stdin>": source })}`);
  }
  return formatText(source, binary);
}

/** What has become of a file: `not_formatted` where it was only looked at. */
interface FormattedFile {
  /** As it is seen from the working directory. */
  file: string;
  state: "unchanged" | "formatted" | "not_formatted" | "syntax_error";
  /** Where its syntax is wrong. */
  errors: readonly Diagnostic[];
  /** What buildifier's linter finds, where it was asked. */
  warnings: FileReport["warnings"];
}

function isWrong({ state }: FormattedFile): boolean {
  return state === "not_formatted" || state === "syntax_error";
}

/** Files whose syntax is wrong are left as they are, and named; the others are formatted all the same. */
export function formatPaths(
  paths: readonly string[],
  { check, lint }: FmtOptions,
  { from, binary }: { from: string; binary: string },
): FormattedFile[] {
  const keep = keptFiles(from);
  const files = starlarkFiles(paths.length === 0 ? ["."] : paths, from)
    .filter((path) => !keep.has(path))
    .map((path) => ({
      path,
      file: relative(from, path),
      errors: syntaxErrors(readFileSync(path, "utf8"), relative(from, path)),
    }));
  const sound = files.flatMap(({ path, errors }) => (errors.length === 0 ? [path] : []));
  const unformatted = new Set(
    inspect(sound, binary, false).flatMap(({ path, isFormatted }) => (isFormatted ? [] : [path])),
  );
  if (!check) formatFiles([...unformatted], binary);
  // After formatting, so that the places are those of the file as it is now.
  const linted = new Map(
    lint ? inspect(sound, binary, true).map(({ path, warnings }) => [path, warnings] as const) : [],
  );
  const stateOf = (path: string) => {
    if (!unformatted.has(path)) return "unchanged";
    return check ? "not_formatted" : "formatted";
  };
  return files.map(({ path, file, errors }) => ({
    file,
    state: errors.length > 0 ? "syntax_error" : stateOf(path),
    errors,
    warnings: linted.get(path) ?? [],
  }));
}

/** For people. `from` is the working directory, where the lines with errors are read. */
export function renderFormatted(
  files: readonly FormattedFile[],
  { check, lint }: FmtOptions,
  from: string = process.cwd(),
): string {
  const broken = files.filter(({ state }) => state === "syntax_error");
  const changed = files.filter(({ state }) => state === "formatted" || state === "not_formatted");
  const warnings = files.flatMap(({ file, warnings: found }) =>
    found.map(
      ({ line, column, category, message }) =>
        `${pc.bold(`${file}:${line}:${column}`)}: ${pc.yellow("warning")}: ${message} ${pc.dim(`(${category})`)}`,
    ),
  );
  const verb = check ? "not formatted" : "formatted";
  const counts = [
    `${changed.length} ${verb}`,
    ...(broken.length > 0 ? [`${broken.length} with syntax errors`] : []),
    ...(lint ? [`${warnings.length} warnings`] : []),
  ];
  const mark = files.some(isWrong) ? pc.red("✗") : pc.green("✓");
  return [
    ...broken.map(({ file, errors }) =>
      renderDiagnostics(errors, { [file]: readFileSync(resolve(from, file), "utf8") }),
    ),
    ...warnings,
    ...changed.map(({ file }) => `${verb}: ${file}`),
    `${mark} ${files.length} file${files.length === 1 ? "" : "s"}: ${counts.join(", ")}`,
  ].join("\n");
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
function syntaxErrors(source: string, file: string): Diagnostic[] {
  const { topLevel, diagnostics } = parse(source, { file });
  return topLevel === undefined ? diagnostics.filter(({ severity }) => severity === "error") : [];
}
