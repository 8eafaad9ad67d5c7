// `npm test`: every test, or those given as arguments (`npm test -- test/workflow`), and a plain last line with the
// counts. The tests of the workflows that are shipped come first: `sluice test workflows`.
import { spawnSync } from "node:child_process";
import { findChromium } from "./chromium.ts";

const args = process.argv.slice(2);
if (args.length === 0) {
  const workflows = spawnSync(process.execPath, ["cli/main.ts", "test", "workflows"], { stdio: "inherit" });
  if (workflows.status !== 0) process.exit(workflows.status ?? 1);
  // The gate must not pass without them; somebody who tries the project out need not install a browser first.
  if (!findChromium() && !process.env.CI) {
    args.push("--project", "!browser");
    process.on("exit", () =>
      console.error(
        "THE BROWSER TESTS DID NOT RUN: no Chromium was found. Install it (Debian: apt-get install chromium), " +
          "or name one in CHROMIUM, and run `npm run test:browser`.",
      ),
    );
  }
}
const { status } = spawnSync("vitest", ["run", ...args], { stdio: "inherit" });
process.exit(status ?? 1);
