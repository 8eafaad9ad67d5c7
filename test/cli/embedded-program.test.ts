import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cacheFolder } from "../../cli/cache-folder.ts";
import { unpackProgram } from "../../cli/embedded-program.ts";

const program = new TextEncoder().encode("#!/bin/sh\necho hello\n");
let folder: string;
let programs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-embedded-"));
  programs = join(folder, "cache", "programs");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a program inside the executable", () => {
  test("is unpacked once, as a file that can be run", () => {
    const path = unpackProgram("hello", program, programs);
    expect(spawnSync(path, { encoding: "utf8" }).stdout).toBe("hello\n");
    expect(unpackProgram("hello", program, programs)).toBe(path);
    expect(readdirSync(programs)).toHaveLength(1);
  });

  test("is unpacked again where the file is not whole", () => {
    const path = unpackProgram("hello", program, programs);
    truncateSync(path, 3);
    expect(unpackProgram("hello", program, programs)).toBe(path);
    expect(spawnSync(path, { encoding: "utf8" }).stdout).toBe("hello\n");
  });

  test("is unpacked again where the file cannot be run", () => {
    const path = unpackProgram("hello", program, programs);
    chmodSync(path, 0o600);
    expect(unpackProgram("hello", program, programs)).toBe(path);
    expect(spawnSync(path, { encoding: "utf8" }).stdout).toBe("hello\n");
  });

  test("has a file of its own for each version", () => {
    const other = new TextEncoder().encode("#!/bin/sh\necho hello again\n");
    expect(unpackProgram("hello", other, programs)).not.toBe(unpackProgram("hello", program, programs));
  });

  test("says which folder it cannot be written into", () => {
    writeFileSync(join(folder, "cache"), "a file");
    expect(() => unpackProgram("hello", program, programs)).toThrow(
      `cannot unpack hello into ${programs}: ENOTDIR`,
    );
  });
});

test("the cache is below XDG_CACHE_HOME, and below the home where that is not set or relative", () => {
  expect(cacheFolder("loads", { XDG_CACHE_HOME: "/var/cache" })).toBe("/var/cache/sluice/loads");
  for (const env of [{}, { XDG_CACHE_HOME: "" }, { XDG_CACHE_HOME: "cache" }]) {
    expect(cacheFolder("loads", env)).toBe(join(homedir(), ".cache", "sluice", "loads"));
  }
});

test("without a home there is no cache, and not one in the folder where the command is called", () => {
  vi.stubEnv("HOME", "");
  try {
    expect(() => cacheFolder("loads", {})).toThrow("this user has no home");
  } finally {
    vi.unstubAllEnvs();
  }
});
