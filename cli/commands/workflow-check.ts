import { resolve } from "node:path";
import { type Command, Option } from "commander";
import pc from "picocolors";
import packageJson from "../../package.json" with { type: "json" };
import type { Finding, Severity } from "../../src/workflow/check/index.ts";
import { checkFiles, fixFiles } from "../check-workflow.ts";
import { outputOf } from "../command.ts";
import { renderDiagnostics } from "../diagnostics.ts";
import { EXIT_FAILED, usageError } from "../errors.ts";
import type { AskedRepositories } from "../git-modules.ts";
import { sarifLog } from "../sarif.ts";
import { isTest, starlarkFiles } from "../starlark-files.ts";

export interface CheckCommandOptions {
  format: "text" | "json" | "sarif";
  fix?: boolean;
  failOn: Severity;
}

const severities: readonly Severity[] = ["note", "warning", "error"];

export function addCheckCommand(workflow: Command): void {
  workflow
    .command("check")
    .description("check workflows and libraries without a server: files, or all .star files below folders")
    .argument("[path...]", "files or folders (default: the working directory)")
    .addOption(
      new Option("--format <format>", "how to print what is found")
        .choices(["text", "json", "sarif"])
        .default("text"),
    )
    .option("--fix", "mend what can be mended for certain")
    .addOption(
      new Option("--fail-on <severity>", "exit with 1 where there is one of these or worse")
        .choices(severities)
        .default("error"),
    )
    .action((paths: string[], options: CheckCommandOptions, command: Command) => {
      const out = outputOf(command);
      if (out.json && options.format === "sarif") {
        throw usageError("--format sarif and --json are two forms of one result: give one of them");
      }
      const format = out.json ? "json" : options.format;
      const { text, isFailed } = checkPaths(paths, { ...options, format }, process.cwd());
      process.stdout.write(`${text}\n`);
      if (isFailed) process.exitCode = EXIT_FAILED;
    });
}

/** What the command prints, and whether it has failed. Writes files where it is to mend them. */
export function checkPaths(
  paths: readonly string[],
  options: CheckCommandOptions,
  from: string,
): { text: string; isFailed: boolean } {
  const named = new Set(paths.map((path) => resolve(from, path)));
  // Those that are named themselves are checked whatever they are.
  const files = starlarkFiles(paths.length === 0 ? ["."] : paths, from).filter(
    (path) => named.has(path) || !isTest(path),
  );
  const asked: AskedRepositories = new Map();
  const fixed = options.fix ? fixFiles(files, from, asked) : 0;
  const { files: checked, findings, sources } = checkFiles(files, from, asked);
  const limit = severities.indexOf(options.failOn);
  const isFailed = findings.some(({ severity }) => severities.indexOf(severity) >= limit);
  switch (options.format) {
    case "sarif":
      return { text: JSON.stringify(sarifLog(findings, sources, packageJson.version), null, 2), isFailed };
    case "json":
      return { text: JSON.stringify(findings, null, 2), isFailed };
    case "text": {
      const end = summary(findings, checked.length, fixed);
      const text = findings.length === 0 ? end : `${renderDiagnostics(findings, sources)}\n\n${end}`;
      return { text, isFailed };
    }
  }
}

function summary(findings: readonly Finding[], files: number, fixed: number): string {
  const count = (amount: number, what: string) => `${amount} ${what}${amount === 1 ? "" : "s"}`;
  const counts = severities
    .toReversed()
    .map(
      (severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const,
    )
    .flatMap(([severity, amount]) => (amount === 0 ? [] : [count(amount, severity)]));
  const isClean = !findings.some(({ severity }) => severity !== "note");
  const mark = isClean ? pc.green("✓") : pc.red("✗");
  const fixable = findings.filter(({ fix }) => fix !== undefined).length;
  return [
    `${mark} ${count(files, "file")}: ${counts.length === 0 ? "nothing found" : counts.join(", ")}`,
    ...(fixed > 0 ? [`${fixed} mended`] : []),
    ...(fixable > 0 ? [`${fixable} can be mended with --fix`] : []),
  ].join("; ");
}
