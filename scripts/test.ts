// `npm test`: every test, or those given as arguments (`npm test -- test/workflow`), and a plain last line with the
// counts. The tests of the workflows that are shipped come first: `sluice test workflows`.
import { spawnSync } from "node:child_process";

const args = process.argv.slice(2);
if (args.length === 0) {
  const workflows = spawnSync(process.execPath, ["cli/main.ts", "test", "workflows"], { stdio: "inherit" });
  if (workflows.status !== 0) process.exit(workflows.status ?? 1);
}
const { status } = spawnSync("vitest", ["run", ...args], { stdio: "inherit" });
process.exit(status ?? 1);
