// Functions from Git repositories: a version becomes a commit, a commit a folder, kept for the next job.
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { JobError } from "../job-error.ts";
import { type ChosenCommit, chooseCommit, parseRefs } from "./git-versions.ts";

const run = promisify(execFile);

const GIT_TIMEOUT_MS = 120_000;
/** Jobs that start together ask a server once what its tags are. */
const REFS_KEPT_MS = 30_000;

/** Options for every git: nothing that comes from a repository may run. */
export const gitSafety: readonly string[] = [
  // A repository must not bring its own programs, and a URL must not be one.
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["protocol.ext.allow", "never"],
  ["advice.detachedHead", "false"],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** What every git sees: it asks nobody for a password. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? "ssh -o BatchMode=yes",
    GIT_LFS_SKIP_SMUDGE: "1",
    // Inside a repository's hook or worktree these would point git at the wrong repository.
    GIT_DIR: undefined,
    GIT_WORK_TREE: undefined,
    GIT_INDEX_FILE: undefined,
  };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** What `work` comes to, or the reason of `signal` if that is first. The work goes on. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  return await new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** What a server was asked for all jobs that wait for its answer; given up only when none of them waits any more. */
interface Listing {
  at: number;
  refs: Promise<Map<string, string>>;
  waiting: number;
  abandoned: AbortController;
}

export class GitSource {
  readonly #cacheDir: string;
  readonly #now: () => number;
  readonly #listings = new Map<string, Listing>();

  constructor(options: { cacheDir: string; now?: () => number }) {
    this.#cacheDir = options.cacheDir;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The commit that `version` means in the repository now.
   *
   * @throws JobError `FunctionUnavailable` (retryable) when the server cannot be asked, `FunctionNotFound` when it
   *   has no such version
   */
  async resolve(url: string, version: string, signal?: AbortSignal): Promise<ChosenCommit> {
    const outright = chooseCommit(version, new Map());
    if (outright) return outright;
    const chosen = chooseCommit(version, await this.#listRefs(url, signal));
    if (chosen) return chosen;
    throw new JobError("FunctionNotFound", `${url} has no tag or branch ${version}`, { retryable: false });
  }

  /** A folder with the repository's files at a commit, without its history. Safe to call concurrently. */
  async checkout(url: string, chosen: ChosenCommit, signal?: AbortSignal): Promise<string> {
    const key = createHash("sha256").update(url).digest("hex").slice(0, 32);
    const folder = join(this.#cacheDir, key, chosen.commit);
    if (await stat(folder).catch(() => undefined)) return folder;
    const draft = join(this.#cacheDir, key, `.draft-${randomUUID()}`);
    await mkdir(draft, { recursive: true });
    try {
      await this.#git(["init", "--quiet", "."], draft, signal);
      await this.#fetch(url, chosen, draft, signal);
      await this.#git(["checkout", "--quiet", "--detach", chosen.commit], draft, signal);
      await rm(join(draft, ".git"), { recursive: true });
      // Whoever renames second finds the folder there, with the same content.
      await rename(draft, folder).catch(async (error: unknown) => {
        if (!(await stat(folder).catch(() => undefined))) throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return folder;
  }

  async #listRefs(url: string, signal: AbortSignal | undefined): Promise<Map<string, string>> {
    signal?.throwIfAborted();
    const listing = this.#listingOf(url);
    listing.waiting += 1;
    try {
      return await orAborted(listing.refs, signal);
    } finally {
      listing.waiting -= 1;
      if (signal?.aborted && listing.waiting === 0) {
        this.#forget(url, listing);
        listing.abandoned.abort();
      }
    }
  }

  #listingOf(url: string): Listing {
    const known = this.#listings.get(url);
    if (known && this.#now() - known.at < REFS_KEPT_MS) return known;
    const abandoned = new AbortController();
    const listed = this.#git(["ls-remote", "--tags", "--heads", "--", url], this.#cacheDir, abandoned.signal);
    const listing: Listing = { at: this.#now(), refs: listed.then(parseRefs), waiting: 0, abandoned };
    this.#listings.set(url, listing);
    // A failure is told to those who wait for it, and the next one asks again.
    listing.refs.catch(() => this.#forget(url, listing));
    return listing;
  }

  #forget(url: string, listing: Listing): void {
    if (this.#listings.get(url) === listing) this.#listings.delete(url);
  }

  async #fetch(
    url: string,
    { commit, ref }: ChosenCommit,
    folder: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const fetch = (what: string) =>
      this.#git(["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, what], folder, signal);
    try {
      await fetch(commit);
    } catch (error) {
      // Some servers give out only what a name points to.
      if (ref === undefined) throw error;
      await fetch(ref);
    }
  }

  async #git(args: string[], cwd: string, signal: AbortSignal | undefined): Promise<string> {
    await mkdir(this.#cacheDir, { recursive: true });
    try {
      const { stdout } = await run("git", [...gitSafety, ...args], {
        cwd,
        timeout: GIT_TIMEOUT_MS,
        maxBuffer: 64 << 20,
        ...(signal === undefined ? {} : { signal }),
        env: gitEnvironment(),
      });
      return stdout;
    } catch (error) {
      signal?.throwIfAborted();
      const { stderr, code } = error as { stderr?: string; code?: string | number };
      if (code === "ENOENT") {
        throw new JobError("FunctionUnavailable", "git is not installed on this runner's machine", {
          retryable: true,
        });
      }
      const why = lastLine(stderr ?? "") || `git ${args[0]} did not end in time`;
      throw new JobError("FunctionUnavailable", `git ${args[0]} failed: ${why}`, {
        retryable: true,
        cause: error,
      });
    }
  }
}
