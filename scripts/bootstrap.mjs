// Runs one of the project's programs on the project's own Node.
// Written for the oldest Node a machine may bring (20): it installs the locked dependencies when they are
// missing or older than the lock file, and then hands over to the pinned Node among them.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const installed = join(root, "node_modules", ".package-lock.json");
const pinnedNode = join(root, "node_modules", ".bin", "node");

function isInstalled() {
  if (!existsSync(installed) || !existsSync(pinnedNode)) return false;
  return statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

if (!isInstalled()) {
  console.error("Installing dependencies (once, about a minute)…");
  const install = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (install.status !== 0) {
    console.error("npm ci failed; the lines above say why. Fix that and run the same command again.");
    process.exit(install.status ?? 1);
  }
}

const run = spawnSync(pinnedNode, process.argv.slice(2), {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}` },
});
process.exit(run.status ?? 1);
