// Runs buildifier, the formatter and linter of Starlark files that everybody uses.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import { embeddedProgram } from "./embedded-program.ts";
import { CliError } from "./errors.ts";

/** The name under which the single executable has it. */
export const BUILDIFIER = "buildifier";

/** Where the binary is: SLUICE_BUILDIFIER, the one inside the single executable, or that of the npm package. */
export function findBuildifier(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SLUICE_BUILDIFIER) return env.SLUICE_BUILDIFIER;
  return isSea() ? embeddedProgram(BUILDIFIER) : installedBuildifier();
}

/** The npm package's binary for this machine. Throws CliError where there is none. */
export function installedBuildifier(): string {
  const missing = (why: string) =>
    new CliError(`cannot format: ${why}`, {
      hint: "Install buildifier (npm install @bazel/buildifier, or your system's package) and name it in SLUICE_BUILDIFIER.",
    });
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve("@bazel/buildifier/package.json"));
  } catch {
    throw missing("buildifier is not installed");
  }
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const machine = process.arch === "x64" ? "amd64" : process.arch;
  const wanted = new RegExp(`^buildifier-${platform}_${machine}(\\.exe)?$`);
  const binary = readdirSync(folder).find((name) => wanted.test(name));
  if (binary === undefined) throw missing(`there is no buildifier for ${platform} on ${machine}`);
  return join(folder, binary);
}

export interface FileReport {
  path: string;
  isFormatted: boolean;
  /** What buildifier's linter has to say; empty where it was not asked. */
  warnings: readonly { line: number; column: number; category: string; message: string }[];
}

interface BuildifierOutput {
  files: {
    filename: string;
    formatted: boolean;
    warnings?: { start: { line: number; column: number }; category: string; message: string }[];
  }[];
}

/** Looks at files without changing them. Their syntax has to be right. Throws CliError when buildifier fails. */
export function inspect(paths: readonly string[], binary: string, lint: boolean): FileReport[] {
  if (paths.length === 0) return [];
  const output = run(binary, ["-mode=check", `-lint=${lint ? "warn" : "off"}`, "-format=json", ...paths]);
  return (JSON.parse(output) as BuildifierOutput).files.map(({ filename, formatted, warnings }) => ({
    path: filename,
    isFormatted: formatted,
    warnings: (warnings ?? []).map(({ start, category, message }) => ({
      ...start,
      category,
      message: message.split("\n")[0] ?? "",
    })),
  }));
}

/** Formats files in place. */
export function formatFiles(paths: readonly string[], binary: string): void {
  if (paths.length > 0) run(binary, ["-mode=fix", "-lint=off", ...paths]);
}

/** Gives a source formatted. */
export function formatText(source: string, binary: string): string {
  return run(binary, ["-mode=fix", "-lint=off", "-path=stdin.star"], source);
}

/** What buildifier exits with where a file is not formatted, or the linter has something to say. */
const HAS_FOUND = 4;

function run(binary: string, options: readonly string[], input = ""): string {
  const ran = spawnSync(binary, ["-type=default", ...options], {
    input,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ran.error !== undefined) {
    throw new CliError(`cannot run ${binary}: ${ran.error.message}`, {
      hint: "SLUICE_BUILDIFIER names the buildifier to use.",
    });
  }
  if (ran.status === 0 || ran.status === HAS_FOUND) return ran.stdout;
  throw new CliError(ran.stderr.trim() || `buildifier failed with exit code ${ran.status}`);
}
