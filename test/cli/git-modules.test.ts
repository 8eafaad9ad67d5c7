import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { GitModules } from "../../cli/git-modules.ts";

let repository: string;
let folder: string;

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
    cwd: repository,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

function release(tag: string, text: string): void {
  mkdirSync(join(repository, "lib"), { recursive: true });
  writeFileSync(join(repository, "lib/x.star"), text);
  git("add", "--all");
  git("commit", "--quiet", "--message", tag);
  git("tag", tag);
}

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "git-modules-"));
  repository = join(root, "repository");
  folder = join(root, "workflows");
  for (const path of [repository, folder]) mkdirSync(path);
  git("init", "--quiet");
  release("v1.0.0", "x = 1\n");
});

const nameOf = (version: string) => `git::file://${repository}//lib/x.star@${version}`;
const modules = (options = {}) => new GitModules(folder, { cacheDir: join(folder, "cache"), ...options });

describe("a file of another repository", () => {
  test("is that of the newest release a version stands for", () => {
    release("v1.2.0", "x = 2\n");
    release("v2.0.0", "x = 3\n");
    expect(modules().read(nameOf("v1"))).toBe("x = 2\n");
    expect(modules().read(nameOf("v1.0"))).toBe("x = 1\n");
    expect(modules().read(nameOf(git("rev-parse", "v2.0.0")))).toBe("x = 3\n");
  });

  test("stays the same once it is written down, until an update is asked for", () => {
    const first = modules();
    first.read(nameOf("v1"));
    first.save();
    const lock = JSON.parse(readFileSync(join(folder, "sluice.lock"), "utf8"));
    expect(lock.loads[nameOf("v1")].commit).toBe(git("rev-parse", "v1.0.0"));
    release("v1.2.0", "x = 2\n");
    expect(modules().read(nameOf("v1"))).toBe("x = 1\n");
    const update = modules({ update: true });
    expect(update.read(nameOf("v1"))).toBe("x = 2\n");
    update.save();
    expect(modules().read(nameOf("v1"))).toBe("x = 2\n");
  });

  test("is refused when its content is not what was written down", () => {
    const first = modules();
    first.read(nameOf("v1"));
    first.save();
    const path = join(folder, "sluice.lock");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"sha256": "../, '"sha256": "zz'));
    expect(() => modules().read(nameOf("v1"))).toThrow("its content is not what sluice.lock says");
  });

  test("is never what a link of the repository leads to", () => {
    writeFileSync(join(folder, "secret"), "secret\n");
    symlinkSync(join(folder, "secret"), join(repository, "link.star"));
    git("add", "--all");
    git("commit", "--quiet", "--message", "link");
    git("tag", "v3.0.0");
    expect(modules().read(`git::file://${repository}//link.star@v3`)).not.toContain("secret\n");
  });

  test.each([
    ["no such version", () => nameOf("v9"), "has no tag or branch v9"],
    ["no such file", () => `git::file://${repository}//y.star@v1`, "has no file y.star at"],
    ["no such repository", () => `git::file://${repository}-gone//y.star@v1`, "cannot load git::"],
    ["no reference", () => "git::https://example.com/x", "is no file of a repository"],
  ])("cannot be loaded: %s", (_what, name, message) => {
    expect(() => modules().read(name())).toThrow(message);
  });

  test("is not read with a lock file that says nothing", () => {
    writeFileSync(join(folder, "sluice.lock"), "<<<<<<<");
    expect(() => modules()).toThrow("is no lock file of this version");
  });
});
