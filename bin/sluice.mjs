#!/usr/bin/env node
// Starts the command line on the project's own Node, whichever Node called this.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const pinnedNode = join(root, "node_modules", ".bin", "node");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);

if (runsTypeScript) {
  await import(join(root, "cli", "main.ts"));
} else if (existsSync(pinnedNode)) {
  const run = spawnSync(pinnedNode, [join(root, "cli", "main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exit(run.status ?? 1);
} else {
  console.error(
    `sluice needs Node 22.18 or newer, or its installed dependencies: run "npm ci" in ${root} first.`,
  );
  process.exit(1);
}
