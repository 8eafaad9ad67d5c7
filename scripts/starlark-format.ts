// Formats and lints the Starlark that users read, with buildifier: checks by default, rewrites with --write.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const files = globSync(["workflows/**/*.star", "bench/starlark/*.star"]);
const write = process.argv.includes("--write");
// The document's workflow is kept byte for byte, so it is not ours to format; buildifier knows no `while`.
const kept = ["workflows/canary.star", "bench/starlark/while.star"];
const formatted = files.filter((file) => !kept.includes(file));
const { status } = spawnSync(
  "buildifier",
  [`-mode=${write ? "fix" : "check"}`, `-lint=${write ? "fix" : "off"}`, "-type=default", ...formatted],
  { stdio: "inherit" },
);
if (status !== 0 && !write) console.error("npm run format mends this");
process.exit(status ?? 1);
