// `npm run verify`: every check of the gate except the tests. Runs all of them and fails at the end, so that one
// pass shows everything there is to mend.
import { spawnSync } from "node:child_process";

const checks: [name: string, command: string][] = [
  // First: what it generates of the API is checked with the tests of the dashboard that run in Node.
  [
    "types, dashboard, against the API",
    "node scripts/build-dashboard.ts --types && tsc -p dashboard/tsconfig.json",
  ],
  ["types, Worker", "tsc -p tsconfig.json"],
  ["types, Node", "tsc -p tsconfig.node.json"],
  ["lint and format", "biome ci --error-on-warnings ."],
  [
    "import direction",
    "depcruise --config .dependency-cruiser.cjs src durable-objects runner cli dashboard/src",
  ],
  ["unused code", "knip"],
  ["binding types are current", "wrangler types --check"],
  ["migrations are current", "node scripts/migrations.ts --check"],
  ["Starlark format and lint", "node scripts/starlark-format.ts"],
  ["pages and stubs are current", "node scripts/docs.ts --check"],
  ["policy format, tests and bundle", "node scripts/policy-build.ts --check"],
];

const failed: string[] = [];
for (const [name, command] of checks) {
  const started = performance.now();
  const { status, stdout } = spawnSync(command, {
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(stdout);
}
if (failed.length > 0) {
  console.error(`\n${failed.length} of ${checks.length} checks failed: ${failed.join("; ")}`);
  process.exit(1);
}
