import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { folderDigest } from "../../runner/functions/folder-digest.ts";
import { GitSource } from "../../runner/functions/git-source.ts";
import { chooseCommit, parseRefs } from "../../runner/functions/git-versions.ts";
import { parseReplacement, replace } from "../../runner/functions/replacements.ts";
import { parseFunctionReference } from "../../src/protocol/function-reference.ts";
import { aFolder, aResolver } from "./builders.ts";

function reference(text: string) {
  const parsed = parseFunctionReference(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function gitReference(text: string) {
  const parsed = reference(text);
  if (parsed.kind !== "git") throw new Error("no git reference");
  return parsed;
}

/** A repository with a commit for each tag; returns the commits by tag. */
async function aRepository(
  tags: string[],
): Promise<{ url: string; commits: Record<string, string>; path: string }> {
  const path = await aFolder();
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], {
      cwd: path,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet", "--initial-branch=main", ".");
  const commits: Record<string, string> = {};
  for (const tag of tags) {
    await mkdir(join(path, "deploy"), { recursive: true });
    await mkdir(join(path, "steps/older"), { recursive: true });
    for (const file of ["func.yml", "deploy/func.yml", "deploy/other.yml", "steps/older/step.yml"]) {
      await writeFile(join(path, file), `spec:\n---\nscript: echo ${tag}\n`);
    }
    git("add", ".");
    git("commit", "--quiet", "-m", tag);
    // Every second one annotated, which has an object of its own.
    git(...(tags.indexOf(tag) % 2 === 0 ? ["tag", tag] : ["tag", "-a", "-m", tag, tag]));
    commits[tag] = git("rev-parse", "HEAD");
  }
  return { url: `file://${path}`, commits, path };
}

describe("replacement rules", () => {
  const rules = (...texts: string[]) => texts.map((text) => parseReplacement(text, "/base"));

  it("take the longest prefix that ends at a slash, like go.mod", () => {
    const all = rules(
      "gitlab.com/cd=./cd",
      "gitlab.com/cd/tools=/opt/tools",
      "gitlab.com=https://mirror.test/x",
    );
    const of = (text: string) => replace(gitReference(text), all);
    expect(of("gitlab.com/cd/reconcile@v1")).toEqual({
      kind: "folder",
      root: "/base/cd",
      inside: "reconcile",
    });
    expect(of("gitlab.com/cd/tools/-/a/b@v1")).toEqual({ kind: "folder", root: "/opt/tools", inside: "a/b" });
    expect(of("gitlab.com/cdx/y/-/z@v1")).toEqual({
      kind: "url",
      url: "https://mirror.test/x/cdx/y",
      dir: "z",
    });
    expect(of("github.com/cd/reconcile@v1")).toBeUndefined();
  });

  it.each(["", "x", "=./y", "x=", "x=relative/folder", "x=~/y"])("refuse %j", (text) => {
    expect(() => parseReplacement(text, "/base")).toThrow(/replacement/);
  });
});

describe("a version", () => {
  const refs = parseRefs(
    [
      "a1\trefs/heads/main",
      "a2\trefs/heads/v2",
      "b1\trefs/tags/v1.0.0",
      "b2\trefs/tags/v1.9.0",
      "t3\trefs/tags/v1.10.0",
      "b3\trefs/tags/v1.10.0^{}",
      "b4\trefs/tags/v1.11.0-rc.1",
      "b5\trefs/tags/1.2.7",
      "b6\trefs/tags/release",
      "b7\trefs/tags/v3",
    ].join("\n"),
  );

  it.each([
    ["v1", "b3"],
    ["1", "b3"],
    ["v1.2", "b5"],
    ["v1.0.0", "b1"],
    ["v1.11.0-rc.1", "b4"],
    ["main", "a1"],
    ["v2", "a2"],
    ["v3", "b7"],
    ["release", "b6"],
    ["v4", undefined],
    ["v1.11", undefined],
    ["0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567"],
  ])("%s means %s", (version, commit) => {
    expect(chooseCommit(version, refs)?.commit).toBe(commit);
  });
});

describe("asking a server for its versions", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";

  /** Two jobs that ask at once, through a git that writes down its process and ends when `answer` is called. */
  async function twoJobsThatAsk() {
    const root = await aFolder({
      "bin/git.sh": `#!/bin/sh\ncd "$(dirname "$0")"\necho $$ >> asked\nwhile ! cat answer 2>/dev/null; do sleep 0.02; done\n`,
    });
    await symlink("git.sh", join(root, "bin/git"));
    vi.stubEnv("PATH", `${join(root, "bin")}:${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const source = new GitSource({ cacheDir: join(root, "cache") });
    const cancel = [new AbortController(), new AbortController()] as const;
    const ask = (signal?: AbortSignal) => source.resolve("https://git.test/repo", "main", signal);
    const jobs = [ask(cancel[0].signal), ask(cancel[1].signal)] as const;
    const processes = async (count: number) =>
      await vi.waitFor(
        async () => {
          const pids = (await readFile(join(root, "bin/asked"), "utf8")).trim().split("\n").map(Number);
          expect(pids).toHaveLength(count);
          return pids;
        },
        { timeout: 5000 },
      );
    const answer = () => writeFile(join(root, "bin/answer"), `${commit}\trefs/heads/main\n`);
    onTestFinished(answer);
    return { ask, jobs, cancel, processes, answer };
  }

  it("goes on for the other jobs when the one that asked first is cancelled", async () => {
    const { jobs, cancel, processes, answer } = await twoJobsThatAsk();
    await processes(1);
    cancel[0].abort(new Error("cancelled"));
    await expect(jobs[0]).rejects.toThrow("cancelled");
    await answer();
    expect(await jobs[1]).toMatchObject({ commit });
    await processes(1);
  });

  it("ends when every job that waits for it is cancelled, and the next job asks again", async () => {
    const { ask, jobs, cancel, processes, answer } = await twoJobsThatAsk();
    const [process1 = 0] = await processes(1);
    for (const controller of cancel) controller.abort(new Error("cancelled"));
    for (const job of jobs) await expect(job).rejects.toThrow("cancelled");
    const next = ask();
    await vi.waitFor(() => expect(() => process.kill(process1, 0)).toThrow("ESRCH"), { timeout: 5000 });
    await processes(2);
    await answer();
    expect(await next).toMatchObject({ commit });
  });
});

describe("a Function in a Git repository", () => {
  it("is found at its version, in its folder, and is the same folder the next time", async () => {
    const { url, commits } = await aRepository(["v1.0.0", "v1.1.0", "v2.0.0"]);
    const resolver = aResolver(await aFolder(), [`git.test/repo=${url}`]);
    const found = await resolver.resolve(reference("git.test/repo/-/deploy@v1"));
    expect(found).toMatchObject({ resolved: commits["v1.1.0"], dir: expect.stringMatching(/deploy$/) });
    expect(await readFile(join(found.dir, "func.yml"), "utf8")).toContain("echo v1.1.0");
    expect(await resolver.resolve(reference("git.test/repo/-/deploy@v1.1.0"))).toEqual(found);
    const root = await resolver.resolve(reference("git.test/repo@main"));
    expect(root.resolved).toBe(commits["v2.0.0"]);
    const file = await resolver.resolve(reference("git.test/repo/-/deploy/other.yml@v2"));
    expect(file).toMatchObject({ file: "other.yml", dir: expect.stringMatching(/deploy$/) });
    const older = await resolver.resolve(reference("git.test/repo/-/older@v2"));
    expect(older.dir).toMatch(/steps\/older$/);
  });

  it("stays at the commit that an earlier attempt found, though the version has moved on", async () => {
    const { url, commits } = await aRepository(["v1.0.0", "v1.1.0"]);
    const resolver = aResolver(await aFolder(), [`git.test/repo=${url}`]);
    const pinned = commits["v1.0.0"];
    expect((await resolver.resolve(reference("git.test/repo@v1"), { pinned })).resolved).toBe(pinned);
  });

  it("is fetched once by many jobs at once, and needs no server once it is there", async () => {
    const { url, path, commits } = await aRepository(["v1.0.0"]);
    const resolver = aResolver(await aFolder(), [`git.test/repo=${url}`]);
    const all = await Promise.all(
      Array.from({ length: 6 }, () => resolver.resolve(reference("git.test/repo@v1"))),
    );
    expect(new Set(all.map(({ dir }) => dir)).size).toBe(1);
    await rm(path, { recursive: true });
    expect((await resolver.resolve(reference(`git.test/repo@${commits["v1.0.0"]}`))).dir).toBe(all[0]?.dir);
  });

  it("that is not there is an error that says so; a server that is not is one to try again", async () => {
    const { url } = await aRepository(["v1.0.0"]);
    const resolver = aResolver(await aFolder(), [`git.test/repo=${url}`, "gone.test=file:///nowhere"]);
    await expect(resolver.resolve(reference("git.test/repo@v7"))).rejects.toMatchObject({
      code: "FunctionNotFound",
      retryable: false,
    });
    await expect(resolver.resolve(reference("git.test/repo/-/nothing@v1"))).rejects.toMatchObject({
      code: "FunctionNotFound",
    });
    await expect(resolver.resolve(reference("gone.test/repo@v1"))).rejects.toMatchObject({
      code: "FunctionUnavailable",
      retryable: true,
    });
  });
});

describe("a Function in a local folder", () => {
  it("is found below a replaced prefix, with a digest of everything it may use", async () => {
    const root = await aFolder({ "cd/a/func.yml": "x", "cd/lib/l.mjs": "y" });
    const resolver = aResolver(root, ["gitlab.com/cd=./cd"]);
    const before = await resolver.resolve(reference("gitlab.com/cd/a@v1"));
    expect(before).toMatchObject({
      root: join(root, "cd"),
      resolved: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    await writeFile(join(root, "cd/lib/l.mjs"), "z");
    expect((await resolver.resolve(reference("gitlab.com/cd/a@v1"))).resolved).not.toBe(before.resolved);
  });

  it("does not reach outside its root, by path or by link", async () => {
    const outside = await aFolder({ "f/func.yml": "x" });
    const root = await aFolder({ "in/func.yml": "x" });
    await symlink(join(outside, "f"), join(root, "link"));
    const resolver = aResolver(root);
    await expect(resolver.resolve(reference("./link"))).rejects.toThrow("points outside");
    await expect(resolver.resolve(reference("../"))).rejects.toThrow("points outside");
    // The same folder under a name that no target means.
    for (const spelled of [`../${basename(root)}/in`, `./in/../../${basename(root)}/in`]) {
      await expect(resolver.resolve(reference(spelled))).rejects.toMatchObject({ code: "InvalidFunction" });
    }
    expect((await resolver.resolve(reference("./in"))).dir).toMatch(/\/in$/);
  });

  it("has the digest of its files' names, modes and contents, not of their times or order", async () => {
    const [a, b] = [await aFolder({ x: "1", "y/z": "2" }), await aFolder({ "y/z": "2", x: "1" })];
    expect(await folderDigest(a)).toBe(await folderDigest(b));
    const others = [
      { x: "1", "y/z": "3" },
      { x: "1", "y/zz": "2" },
      { x: "1", y: "2" },
      { "x.sh": "1", "y/z": "2" },
    ];
    for (const files of others)
      expect(await folderDigest(await aFolder(files))).not.toBe(await folderDigest(a));
  });
});
