// `npm test`: every test, or those given as arguments (`npm test -- test/workflow`), and a plain last line with the counts.
import { spawnSync } from "node:child_process";

const { status } = spawnSync("vitest", ["run", ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(status ?? 1);
