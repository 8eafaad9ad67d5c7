// `npm run docs:pictures`: the pictures in docs/ and the README, anew, as the browser tests take them.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const shown = [
  "overview-light.png",
  "run-activity-light.png",
  "run-activity-dark.png",
  "approvals-light.png",
];

const { status } = spawnSync(
  "vitest",
  ["run", "--config", "vitest.browser.config.ts", "test/browser/views"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
if (status !== 0) process.exit(status ?? 1);
mkdirSync(join(root, "docs", "pictures"), { recursive: true });
for (const name of shown) {
  copyFileSync(join(root, "coverage", "screenshots", name), join(root, "docs", "pictures", name));
}
