// What `sluice replay` makes of several histories at once.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HistoryHead } from "../../src/protocol/history.ts";
import { toldBy } from "./told-by.ts";

const golden = new URL("../golden/by-hand.ndjson", import.meta.url).pathname;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-replay-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The golden history with another source of its program. */
function historyWith(source: string): string {
  const [first = "", ...records] = readFileSync(golden, "utf8").split("\n");
  const head = JSON.parse(first) as HistoryHead;
  const { entry } = head.program;
  const program = { ...head.program, files: { ...head.program.files, [entry]: source } };
  return [JSON.stringify({ ...head, program }), ...records].join("\n");
}

interface Told {
  path: string;
  workflow?: string;
  difference?: { code: string; message: string };
}

async function replayed(...args: string[]): Promise<{ told: Told[]; stderr: string; exitCode: unknown }> {
  const { stdout, stderr, exitCode } = await toldBy(["replay", ...args, "--json"]);
  return { told: stdout === "" ? [] : JSON.parse(stdout), stderr, exitCode };
}

describe("sluice replay", () => {
  test("replays a history although the program of one before it does not load, and names that as its difference", async () => {
    const bad = join(folder, "bad.ndjson");
    writeFileSync(bad, historyWith("def deploy(w, ev):\n    return nowhere\n"));
    const { told, stderr, exitCode } = await replayed(bad, golden);
    expect(stderr).toBe("");
    expect(told).toMatchObject([
      { path: bad, difference: { code: "invalid_workflow", message: expect.stringContaining(":2:12: ") } },
      { path: golden },
    ]);
    expect(told[0]?.workflow).toBe(told[1]?.workflow);
    expect(told[1]).not.toHaveProperty("difference");
    expect(exitCode).toBe(1);
  });

  test("replays the others of a folder in which something is no file", async () => {
    mkdirSync(join(folder, "a.ndjson"));
    writeFileSync(join(folder, "b.ndjson"), readFileSync(golden));
    const { told, exitCode } = await replayed(folder);
    expect(told).toMatchObject([
      { difference: { code: "invalid_history", message: "it cannot be read: EISDIR" } },
      { path: join(folder, "b.ndjson") },
    ]);
    expect(told[1]).not.toHaveProperty("difference");
    expect(exitCode).toBe(1);
  });

  test("names a changed program that does not load for each history, and fails where there is none", async () => {
    const changed = join(folder, "changed.star");
    writeFileSync(changed, "def deploy(w, ev):\n");
    const { told, exitCode } = await replayed(golden, golden, "--with", changed);
    expect(told.map(({ difference }) => difference?.code)).toEqual(["invalid_workflow", "invalid_workflow"]);
    expect(exitCode).toBe(1);
    const missing = await replayed(golden, "--with", join(folder, "missing.star"));
    expect([missing.told, missing.exitCode]).toEqual([[], 1]);
    expect(missing.stderr).toContain("missing.star");
  });
});
