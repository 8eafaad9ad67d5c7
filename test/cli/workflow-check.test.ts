import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CheckCommandOptions, checkPaths } from "../../cli/commands/workflow-check.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-check-"));
  // Where what was fetched is kept.
  vi.stubEnv("HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function check(paths: string[] = [], options: Partial<CheckCommandOptions> = {}) {
  const { text, isFailed } = checkPaths(paths, { format: "text", failOn: "error", ...options }, folder);
  return { text: stripVTControlCharacters(text), isFailed };
}

const deploy = `load("lib/x.star", "f", "g")

def deploy(w, ev):
    """Deploys."""
\tw.slep(f(ev))

on_event(type = "a", handler = deploy)
`.replace("\t", "    ");
const library = 'def f(x):\n    """Doc."""\n    return x\n\ndef g():\n    pass\n';

describe("sluice workflow check", () => {
  test("checks all files below a folder, tests and hidden folders excluded, each once", () => {
    write({
      "deploy.star": deploy,
      "lib/x.star": library,
      "deploy_test.star": "def test_it(t):\n    unknown(t)\n",
      ".git/x.star": "x = =",
    });
    const { text, isFailed } = check();
    expect(text).toBe(`deploy.star:1:26: warning: g is loaded but never used (unused-load)
    1 | load("lib/x.star", "f", "g")
      |                          ^
      = remove the unused name: --fix

deploy.star:5:7: error: the workflow object has no .slep (unknown-attribute)
    5 |     w.slep(f(ev))
      |       ^^^^
      = did you mean .sleep?

lib/x.star:5:5: note: function g has no docstring (missing-docstring)
    5 | def g():
      |     ^

✗ 2 files: 1 error, 1 warning, 1 note; 1 can be mended with --fix`);
    expect(isFailed).toBe(true);
  });

  test("mends what is certain, in the files it was given only", () => {
    write({ "deploy.star": deploy.replace("slep(f(ev))", "log(f(ev))"), "lib/x.star": library });
    const { text, isFailed } = check(["deploy.star"], { fix: true });
    expect(readFileSync(join(folder, "deploy.star"), "utf8")).toContain('load("lib/x.star", "f")\n');
    expect(readFileSync(join(folder, "lib/x.star"), "utf8")).toBe(library);
    expect(text).toMatch(/1 mended/);
    expect(isFailed).toBe(false);
  });

  test("reads a library from where its loads lead somewhere", () => {
    write({ "deep/lib/x.star": library, "deep/lib/y.star": 'load("//lib/x.star", "f")\n\nX = f(1)\n' });
    expect(check().text).not.toContain("load-not-found");
    write({ "deep/z.star": 'load("//gone.star", "f")\n\nX = f(1)\n' });
    expect(check().text).toContain("load-not-found");
  });

  test("fails on as little as it is told to", () => {
    write({ "x.star": library });
    expect(check().isFailed).toBe(false);
    expect(check([], { failOn: "warning" }).isFailed).toBe(false);
    expect(check([], { failOn: "note" }).isFailed).toBe(true);
    expect(() => check(["gone.star"])).toThrow("there is no gone.star");
  });

  test("knows what a file of tests knows, where one is named", () => {
    write({
      "deploy_test.star": 'def test_it(t):\n    """Tests."""\n    assert.eq(1, t.now)\n    asert.eq(1, 2)\n',
    });
    expect(
      check(["deploy_test.star"]).text,
    ).toBe(`deploy_test.star:4:5: error: undefined: asert (undefined-name)
    4 |     asert.eq(1, 2)
      |     ^^^^^
      = did you mean assert?

✗ 1 file: 1 error`);
  });

  test("prints JSON, and SARIF whose regions and fixes are places in the file", () => {
    write({ "deploy.star": deploy, "lib/x.star": library });
    expect(JSON.parse(check([], { format: "json" }).text)).toHaveLength(3);
    const sarif = JSON.parse(check([], { format: "sarif" }).text);
    expect(sarif.version).toBe("2.1.0");
    const [run] = sarif.runs;
    expect(run.columnKind).toBe("utf16CodeUnits");
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
    expect(run.results.map((result: { level: string }) => result.level)).toEqual([
      "warning",
      "error",
      "note",
    ]);
    const [{ physicalLocation }] = run.results[0].locations;
    expect(physicalLocation).toEqual({
      artifactLocation: { uri: "deploy.star" },
      region: { startLine: 1, startColumn: 26, endLine: 1, endColumn: 27 },
    });
    expect(run.results[0].fixes[0].artifactChanges[0].replacements).toEqual([
      { deletedRegion: { startLine: 1, startColumn: 23, endLine: 1, endColumn: 28 } },
    ]);
  });
});

describe("what a workflow loads from another repository", () => {
  const calling = (url: string) => `load("git::${url}//lib/x.star@v1", "ready")

def deploy(w, ev):
    """Deploys."""
    ready(w, ev, 3)

on_event(type = "a", handler = deploy)
`;

  function repository(source: string): string {
    write({ "other/lib/x.star": source });
    const cwd = join(folder, "other");
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
      ["commit", "-qm", "x"],
      ["tag", "v1.0.0"],
    ]) {
      execFileSync("git", [...who, ...args], { cwd, stdio: "ignore" });
    }
    return `file://${cwd}`;
  }

  test("is known, pinned and not judged", () => {
    const url = repository("def ready(w, ev):\n    unused = 1\n");
    write({ "flows/deploy.star": calling(url) });
    const { text, isFailed } = check(["flows"]);
    expect(isFailed).toBe(true);
    expect(text).toContain("flows/deploy.star:5");
    expect(text).toContain("ready");
    expect(text).not.toContain("unused");
    expect(text).toContain("1 file: 1 error");
    expect(readFileSync(join(folder, "flows/sluice.lock"), "utf8")).toContain(`git::${url}//lib/x.star@v1`);
  });

  test("is an error where it is loaded when it cannot be had, and the rest is checked", () => {
    write({ "flows/deploy.star": calling(`file://${folder}/nowhere`), "flows/other.star": deploy });
    const { text, isFailed } = check(["flows"]);
    expect(isFailed).toBe(true);
    expect(text).toContain("flows/deploy.star:1");
    expect(text).toMatch(/cannot load git::.*what it gives was not checked/);
    expect(text).toContain("slep");
  });

  test("is asked of a repository that does not answer once, whatever loads it and however often it is read", () => {
    const git = join(folder, "bin/git");
    write({ "bin/git": `#!/bin/sh\necho "$@" >> "${folder}/asked"\necho "no answer" >&2\nexit 128\n` });
    chmodSync(git, 0o755);
    vi.stubEnv("PATH", `${dirname(git)}:${process.env.PATH}`);
    const url = "https://example.com/x";
    write({ "flows/a.star": calling(url), "flows/b.star": `${calling(url)}load("lib/y.star", "y")\n` });
    write({ "flows/c.star": calling(url).replace("lib/x", "lib/z"), "flows/lib/y.star": calling(url) });
    const { text } = check(["flows"], { fix: true });
    expect(text.match(/no answer; what it gives was not checked/g)).toHaveLength(4);
    expect(readFileSync(join(folder, "asked"), "utf8").match(/ls-remote/g)).toHaveLength(1);
  });

  test("is pinned only in the folder that its library is read from", () => {
    const url = repository("def ready(w, ev, n):\n    pass\n");
    write({
      "flows/lib/x.star": 'def f(x):\n    """Doc."""\n    return x\n',
      "flows/lib/y.star": `load("//lib/x.star", "f")\nload("git::${url}//lib/x.star@v1", "ready")\n\nX = f(ready)\n`,
    });
    expect(check(["flows/lib/y.star"]).text).not.toContain("cannot load");
    const locks = ["flows/lib/sluice.lock", "flows/sluice.lock"].map((path) =>
      existsSync(join(folder, path)),
    );
    expect(locks).toEqual([false, true]);
  });
});
