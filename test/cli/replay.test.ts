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

  test("says once what is wrong with a changed program, and replays nothing", async () => {
    const changed = join(folder, "changed.star");
    writeFileSync(changed, "def deploy(w, ev):\n");
    const broken = await replayed(golden, golden, "--with", changed);
    expect([broken.told, broken.exitCode]).toEqual([[], 1]);
    expect(JSON.parse(broken.stderr).detail).toMatch(/does not load: changed\.star:\d+:\d+: /);
    const missing = await replayed(golden, "--with", join(folder, "missing.star"));
    expect([missing.told, missing.exitCode]).toEqual([[], 1]);
    expect(missing.stderr).toContain("missing.star");
  });

  test("fails where there is no history, and looks at the changed program all the same", async () => {
    writeFileSync(join(folder, "history.json"), readFileSync(golden));
    const nothing = await replayed(folder);
    expect([nothing.told, nothing.exitCode]).toEqual([[], 1]);
    expect(nothing.stderr).toContain(`no history was replayed: there is no file *.ndjson in ${folder}`);
    const missing = await replayed(folder, "--with", join(folder, "missing.star"));
    expect(missing.stderr).toContain("missing.star");
  });

  test("replays histories on a changed program", async () => {
    const [first = ""] = readFileSync(golden, "utf8").split("\n");
    const { program } = JSON.parse(first) as HistoryHead;
    const changed = join(folder, "changed.star");
    writeFileSync(changed, program.files[program.entry] ?? "");
    const { told, exitCode } = await replayed(golden, golden, "--with", changed);
    expect(told.map(({ difference }) => difference)).toEqual([undefined, undefined]);
    expect(exitCode).toBe(0);
  });
});
