// Files of other repositories that workflows load: which commit a version means is found out once, written down in
// `sluice.lock`, and the same from then on, until somebody asks for an update.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { gitEnvironment, gitSafety } from "../runner/functions/git-source.ts";
import { type ChosenCommit, chooseCommit, parseRefs } from "../runner/functions/git-versions.ts";
import { gitFileOf } from "../src/workflow/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import { CliError } from "./errors.ts";

export const LOCK_FILE = "sluice.lock";

const lockSchema = z.strictObject({
  format: z.literal(1),
  loads: z.record(z.string(), z.strictObject({ commit: z.string(), sha256: z.string() })),
});
type Pins = z.infer<typeof lockSchema>["loads"];

const GIT_TIMEOUT_MS = 120_000;

/**
 * What repositories were asked, and what came of it: git's output, or the failure. Who reads several programs at once
 * shares it among them, so that a repository that does not answer is not waited for again and again.
 */
export type AskedRepositories = Map<string, { output: string } | { failure: unknown }>;

export class GitModules {
  readonly #lockPath: string;
  readonly #cacheDir: string | undefined;
  readonly #known: Pins;
  readonly #used: Pins = {};
  readonly #asked: AskedRepositories;

  /**
   * `folder`: where the lock file is, beside the workflow. `update`: find out all commits anew. `cacheDir`: where what
   * was fetched is kept, by default in the user's cache.
   */
  constructor(
    folder: string,
    {
      update = false,
      cacheDir,
      asked = new Map(),
    }: { update?: boolean; cacheDir?: string; asked?: AskedRepositories } = {},
  ) {
    this.#asked = asked;
    this.#lockPath = join(folder, LOCK_FILE);
    this.#cacheDir = cacheDir;
    this.#known = update ? {} : readLock(this.#lockPath);
  }

  /**
   * The text of a file, by the name that `load` has for it. Throws CliError when it cannot be fetched, and when it is
   * no longer what the lock file says.
   */
  read(name: string): string {
    const file = gitFileOf(name);
    if (!file) {
      throw new CliError(`"${name}" is no file of a repository: write git::https://host/repo//path.star@v1`);
    }
    const pin = this.#known[name];
    let chosen: ChosenCommit;
    let text: string;
    try {
      chosen = pin ? { commit: pin.commit } : this.#resolve(file.url, file.version);
      text = this.#textAt(file.url, chosen, file.path);
    } catch (error) {
      throw new CliError(`cannot load ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const sha256 = createHash("sha256").update(text).digest("hex");
    if (pin && pin.sha256 !== sha256) {
      throw new CliError(`cannot load ${name}: its content is not what ${LOCK_FILE} says`, {
        hint: "Find out who changed it. `workflow push --update` takes what is there now.",
      });
    }
    this.#used[name] = { commit: chosen.commit, sha256 };
    return text;
  }

  #resolve(url: string, version: string): ChosenCommit {
    const refs = this.#askOnce(["ls-remote", "--tags", "--heads", "--", url]);
    const chosen = chooseCommit(version, parseRefs(refs));
    if (!chosen) throw new Error(`${url} has no tag or branch ${version}`);
    return chosen;
  }

  /** Straight from git's objects: nothing is checked out, so no link of a repository is followed. */
  #textAt(url: string, { commit, ref }: ChosenCommit, path: string): string {
    const cacheDir = this.#cacheDir ?? cacheFolder("loads");
    mkdirSync(cacheDir, { recursive: true });
    const objects = join(cacheDir, createHash("sha256").update(url).digest("hex").slice(0, 32));
    if (!existsSync(objects)) this.#git(["init", "--quiet", "--bare", objects]);
    const inObjects = (...args: string[]) => this.#git(["--git-dir", objects, ...args]);
    const fetch = (what: string) =>
      this.#askOnce(["--git-dir", objects, "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, what]);
    try {
      inObjects("cat-file", "-e", `${commit}^{commit}`);
    } catch {
      try {
        fetch(commit);
      } catch (error) {
        // Some servers give out only what a name points to.
        if (ref === undefined) throw error;
        fetch(ref);
      }
    }
    try {
      return inObjects("cat-file", "blob", `${commit}:${path}`);
    } catch {
      throw new Error(`${url} has no file ${path} at ${commit.slice(0, 12)}`);
    }
  }

  /** Asks a repository, which may take until the timeout, what it has not been asked yet. */
  #askOnce(args: string[]): string {
    const question = args.join(" ");
    let known = this.#asked.get(question);
    if (known === undefined) {
      try {
        known = { output: this.#git(args) };
      } catch (failure) {
        known = { failure };
      }
      this.#asked.set(question, known);
    }
    if ("failure" in known) throw known.failure;
    return known.output;
  }

  #git(args: string[]): string {
    try {
      return execFileSync("git", [...gitSafety, ...args], {
        encoding: "utf8",
        timeout: GIT_TIMEOUT_MS,
        maxBuffer: 64 << 20,
        stdio: ["ignore", "pipe", "pipe"],
        env: gitEnvironment(),
      });
    } catch (error) {
      const { stderr, code } = error as { stderr?: string; code?: string };
      if (code === "ENOENT") throw new Error("git is not installed", { cause: error });
      throw new Error(stderr?.trim().split("\n").at(-1) || "git did not end in time", { cause: error });
    }
  }

  /** The lock file's text for what was read; undefined when nothing was. */
  lockText(): string | undefined {
    const names = Object.keys(this.#used).sort();
    if (names.length === 0) return undefined;
    const loads = Object.fromEntries(names.map((name) => [name, this.#used[name]]));
    return `${JSON.stringify({ format: 1, loads }, null, 2)}\n`;
  }

  /** Writes down what was found out. Other workflows of the folder keep what they have. */
  save(): void {
    if (this.lockText() === undefined) return;
    const all: Pins = { ...readLock(this.#lockPath), ...this.#used };
    const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = `${JSON.stringify({ format: 1, loads: sorted }, null, 2)}\n`;
    if (!existsSync(this.#lockPath) || readFileSync(this.#lockPath, "utf8") !== text) {
      writeFileSync(this.#lockPath, text);
    }
  }
}

function readLock(path: string): Pins {
  if (!existsSync(path)) return {};
  try {
    return lockSchema.parse(JSON.parse(readFileSync(path, "utf8"))).loads;
  } catch {
    throw new CliError(`${path} is no lock file of this version: restore it, or delete it to begin anew`);
  }
}
