/**
 * Runs Starlark conformance files: `npm run starlark:conformance -- DIR...`.
 *
 * Every `.star` file in the folders is run, in the format of bazelbuild/starlark's suite or in that of
 * starlark-go's, whichever it is written in. Prints each failure with its file, line, what was
 * expected and what happened, then `N passed, N failed`; the exit code is 1 if any failed.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runBazelFile } from "./conformance/bazel-suite.ts";
import { readGoLiteral } from "./conformance/chunks.ts";
import { runGoFile } from "./conformance/go-suite.ts";
import { describeFailure, Report } from "./conformance/report.ts";

/** Runs all conformance files in some folders (or single files), in the order of their names. */
export function runConformance(paths: readonly string[]): Report {
  const report = new Report();
  for (const file of paths.flatMap((path) => starFiles(resolve(path)))) {
    const text = readFileSync(file, "utf8");
    if (isGoFormat(file, text)) runGoFile(file, text, report);
    else runBazelFile(file, text, report);
  }
  return report;
}

function starFiles(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return (
    (readdirSync(path, { recursive: true }) as string[])
      .filter((name) => name.endsWith(".star"))
      .sort()
      .map((name) => resolve(path, name))
      // The suite's assertions, which its tests load.
      .filter((file) => !file.includes("/starlarktest/"))
  );
}

/** bazelbuild's files call `assert_eq` and the like; starlark-go's load theirs, or have none at all. */
function isGoFormat(file: string, text: string): boolean {
  if (/\/(?:resolve|syntax)\//.test(file)) return true;
  if (/^\s*load\(\s*["']assert\.star["']/m.test(text)) return true;
  if (/assert_(?:eq|ne)?\(/.test(text)) return false;
  const comments = [...text.matchAll(/###(.*)$/gm)].map((match) => (match[1] ?? "").trim());
  return comments.every((comment) => readGoLiteral(comment) !== undefined);
}

function main(paths: readonly string[]): void {
  if (paths.length === 0) {
    console.error("usage: npm run starlark:conformance -- DIR...");
    process.exitCode = 2;
    return;
  }
  const report = runConformance(paths);
  for (const failure of report.failures) console.log(describeFailure(failure));
  console.log(`${report.passed} passed, ${report.failed} failed`);
  if (report.failed > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
