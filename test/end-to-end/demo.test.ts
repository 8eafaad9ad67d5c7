// The main job as a newcomer meets it: the very command of `npm start`, on real processes and real HTTP.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePort } from "./local-sluice.ts";

const root = resolve(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Played {
  code: number | null;
  output: string;
}

/** Plays the demonstration; `killWhen` kills the whole group the moment its text appears. */
async function play(ports: { port: number; target: number }, killWhen?: string): Promise<Played> {
  const child = spawn(
    process.execPath,
    [
      join(root, "cli", "main.ts"),
      "demo",
      "--yes",
      `--state=${folder}`,
      `--port=${ports.port}`,
      `--target-port=${ports.target}`,
      "--time-scale=900",
    ],
    { cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const hear = (chunk: Buffer) => {
    output += chunk.toString();
    if (killWhen !== undefined && output.includes(killWhen) && child.pid) process.kill(-child.pid, "SIGKILL");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const code = await new Promise<number | null>((ended) => child.on("exit", ended));
  return { code, output };
}

test("the canary is deployed, soaked, held, approved and promoted, through a kill in the middle of the soak", async () => {
  const ports = { port: await freePort(), target: await freePort() };
  const cut = await play(ports, "sleep waiting");
  expect(cut.code, cut.output).toBeNull();
  const { code, output } = await play(ports);
  expect(code, output).toBe(0);
  expect(output).toContain("Going on with delivery");
  expect(output).toContain("held; to approve: npx sluice approval approve");
  expect(output).toContain("is in production and healthy");
  for (const app of ["Hello-World-canary", "Hello-World-production"]) {
    const releases = JSON.parse(
      readFileSync(join(folder, "target", app, "releases.json"), "utf8"),
    ) as unknown[];
    expect(releases, app).toHaveLength(1);
  }
});
