// `sluice test --watch` as a process that follows what is saved.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const command = resolve(import.meta.dirname, "..", "..", "bin", "sluice.mjs");
const PATIENCE = { timeout: 60_000, interval: 50 };

let folder: string;
let watching: ChildProcess;
let output = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-watch-"));
  output = "";
});
afterEach(() => {
  watching.kill();
  rmSync(folder, { recursive: true });
});

const asserting = (what: string) =>
  `load("lib.star", "one")\n\ndef test_it(t):\n    assert.eq(one(), ${what})\n`;

test("runs the tests again when a file changes, is replaced, or comes, and outlives one that does not load", async () => {
  writeFileSync(join(folder, "lib.star"), "def one():\n    return 1\n");
  writeFileSync(join(folder, "a_test.star"), asserting("1"));
  watching = spawn(process.execPath, [command, "test", "--watch", folder], { stdio: "pipe" });
  for (const stream of [watching.stdout, watching.stderr]) stream?.on("data", (text) => (output += text));
  // Each look is at what came since the one before.
  const shows = async (...texts: string[]) => {
    await vi.waitFor(() => {
      for (const text of [...texts, "waiting for changes"]) expect(output).toContain(text);
    }, PATIENCE);
    output = "";
  };

  await shows("1 passed");
  writeFileSync(join(folder, "a_test.star"), asserting("2"));
  await shows("1 failed", "got 1, want 2");
  // As editors save: a new file in the place of the old one.
  writeFileSync(join(folder, "lib.tmp"), "def one():\n    return 2\n");
  renameSync(join(folder, "lib.tmp"), join(folder, "lib.star"));
  await shows("1 passed");
  writeFileSync(join(folder, "lib.star"), "def one(:\n");
  await shows("1 file did not load");
  writeFileSync(join(folder, "lib.star"), "def one():\n    return 2\n");
  await shows("1 passed");
  mkdirSync(join(folder, "deep"));
  writeFileSync(join(folder, "deep", "b_test.star"), "def test_b(t):\n    pass\n");
  await shows("2 passed");
});
