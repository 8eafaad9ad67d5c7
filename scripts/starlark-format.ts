// Formats and lints the Starlark that users read, with buildifier: checks by default, rewrites with --write.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { resolve } from "node:path";
import { keptFiles } from "../cli/commands/fmt.ts";

const files = globSync(["workflows/**/*.star", "bench/starlark/*.star"]);
const write = process.argv.includes("--write");
const kept = keptFiles(process.cwd());
const formatted = files.filter((file) => !kept.has(resolve(file)));
const { status } = spawnSync(
  "buildifier",
  [
    `-mode=${write ? "fix" : "check"}`,
    `-lint=${write ? "fix" : "off"}`,
    // A test loads its workflow without using a name of it.
    "-warnings=-load",
    "-type=default",
    ...formatted,
  ],
  { stdio: "inherit" },
);
if (status !== 0 && !write) console.error("npm run format mends this");
process.exit(status ?? 1);
