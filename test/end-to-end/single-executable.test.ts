// The command line as one file, on a machine that has nothing else: no Node, no repository, no programs on the path.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTests } from "../../cli/run-tests.ts";
import packageJson from "../../package.json" with { type: "json" };
import { buildBinary } from "../../scripts/build-binary.ts";

const workflows = resolve(import.meta.dirname, "..", "..", "workflows");
const folder = mkdtempSync(join(tmpdir(), "sluice-executable-"));
const home = join(folder, "home");
const work = join(folder, "work");
const executable = join(folder, "sluice");

beforeAll(async () => {
  await buildBinary(executable);
  for (const path of [home, work]) mkdirSync(path);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function sluice(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(executable, args, {
    cwd: work,
    // NODE_OPTIONS of some other program would keep it from starting.
    env: { HOME: home, PATH: join(folder, "empty"), NODE_OPTIONS: "--require ./not-there.js" },
    encoding: "utf8",
  });
}

describe("the single executable", () => {
  test("says its version", () => {
    expect(sluice("--version")).toMatchObject({
      status: 0,
      stdout: `${packageJson.version}\n`,
      stderr: "",
    });
  });

  test("runs the tests of workflows, with the results that the repository's command has", () => {
    cpSync(workflows, join(work, "workflows"), { recursive: true });
    const { status, stderr } = sluice("test", "workflows", "--junit", "report.xml");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const report = readFileSync(join(work, "report.xml"), "utf8");
    const passed = [...report.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*\/>/g)].map(
      ([, file, name]) => `${file} ${name}`,
    );
    const { reports } = runTests([workflows], {
      filter: [],
      seed: "1",
      replayEveryTime: false,
      hasCoverage: false,
    });
    expect(passed).toEqual(
      reports.flatMap(({ path, tests }) =>
        tests.map(({ name }) => `${path.replace(workflows, "workflows")} ${name}`),
      ),
    );
    expect(report).toContain(` tests="${passed.length}" failures="0" errors="0"`);
  });

  test("fails with the line of a test that fails", () => {
    mkdirSync(join(work, "wrong"));
    writeFileSync(join(work, "wrong", "a_test.star"), "def test_sum(t):\n    assert.eq(1 + 1, 3)\n");
    const { status, stdout } = sluice("test", "wrong");
    expect(status).toBe(1);
    expect(stdout).toContain("got 2, want 3");
  });

  test("formats with the buildifier that it brings", () => {
    const file = join(work, "ugly.star");
    writeFileSync(file, "def f( x ):\n  return x\n");
    expect(sluice("fmt", "ugly.star")).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(file, "utf8")).toBe("def f(x):\n    return x\n");
  });

  test("says what the local server needs that is not in it", () => {
    const { status, stderr } = sluice("dev", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      code: "needs_sources",
      hint: expect.stringContaining("Clone"),
    });
  });

  test("has the licences of what is in it beside it, and the build leaves nothing else", () => {
    expect(readdirSync(folder).sort()).toEqual(["home", "sluice", "sluice.notices.txt", "work"]);
    const notices = readFileSync(join(folder, "sluice.notices.txt"), "utf8");
    for (const name of ["Sluice", "Node.js", "commander", "@bazel/buildifier"]) {
      expect(notices).toMatch(new RegExp(`^${name}( [0-9.]+)?\n=+$`, "m"));
    }
  });
});
