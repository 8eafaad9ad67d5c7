// From a reference to a folder on this machine.
import { realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { type FunctionReference, functionName } from "../../src/protocol/function-reference.ts";
import { JobError } from "../job-error.ts";
import { folderDigest } from "./folder-digest.ts";
import type { GitSource } from "./git-source.ts";
import type { FunctionFolder } from "./load-function.ts";
import { type Replacement, replace } from "./replacements.ts";

/** `resolved` is a commit, or the digest of a local folder: what exactly is run. */
export type ResolvedFunction = FunctionFolder & { resolved: string };

function notFound(message: string): JobError {
  return new JobError("FunctionNotFound", message, { retryable: false });
}

function outside(reference: string, root: string): JobError {
  return new JobError("InvalidFunction", `${reference} points outside of ${root}`, { retryable: false });
}

/** A path that stays inside `root`, symbolic links followed. */
async function inside(root: string, path: string, reference: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw notFound(`there is no folder for ${reference}: ${path} does not exist`);
  }
  const bound = await realpath(root);
  if (real !== bound && !real.startsWith(bound + sep)) {
    throw outside(reference, root);
  }
  return real;
}

export class FunctionResolver {
  readonly #workspace: string;
  readonly #replacements: readonly Replacement[];
  readonly #git: GitSource;

  /** `workspace` is what a `./` reference in a workflow is relative to. */
  constructor(options: { workspace: string; replacements: readonly Replacement[]; git: GitSource }) {
    this.#workspace = options.workspace;
    this.#replacements = options.replacements;
    this.#git = options.git;
  }

  /**
   * Finds the folder of a reference. `from` is the Function that mentions it, undefined for a workflow. `pinned` is
   * the commit an earlier attempt found, which is then used again.
   *
   * @throws JobError `FunctionNotFound`, `FunctionUnavailable` (retryable) or `InvalidFunction`
   */
  async resolve(
    reference: FunctionReference,
    options: { from?: FunctionFolder; pinned?: string | undefined; signal?: AbortSignal } = {},
  ): Promise<ResolvedFunction> {
    switch (reference.kind) {
      case "local":
        return await this.#local(reference, options.from);
      case "git":
        return await this.#fromGit(reference, options.pinned, options.signal);
      case "builtin":
        throw notFound(`${functionName(reference)} runs inside Sluice, not on a runner`);
      case "oci":
        throw notFound(
          `${functionName(reference)} is in an OCI registry, which this runner cannot read: use a Git reference or a replacement`,
        );
    }
  }

  async #local(
    reference: FunctionReference & { kind: "local" },
    from: FunctionFolder | undefined,
  ): Promise<ResolvedFunction> {
    // A folder that a workflow names through the one above would have another name than the one it is governed by.
    if (!from && functionName(reference).startsWith("..")) throw outside(reference.path, this.#workspace);
    const [base, root] = from ? [from.dir, from.root] : [this.#workspace, this.#workspace];
    const dir = await inside(root, resolve(base, reference.path), reference.path);
    return { dir, root, resolved: await folderDigest(dir) };
  }

  async #fromGit(
    reference: FunctionReference & { kind: "git" },
    pinned: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ResolvedFunction> {
    const file = reference.file === undefined ? {} : { file: reference.file };
    const replaced = replace(reference, this.#replacements);
    if (replaced?.kind === "folder") {
      const { root } = replaced;
      const dir = await inside(root, join(root, replaced.inside), functionName(reference));
      return { dir, root, ...file, resolved: await folderDigest(root) };
    }
    const { url, dir } = replaced ?? { url: `https://${reference.repository}`, dir: reference.dir };
    const isCommit = pinned !== undefined && /^[0-9a-f]{40}$/.test(pinned);
    const chosen = isCommit ? { commit: pinned } : await this.#git.resolve(url, reference.version, signal);
    const root = await this.#git.checkout(url, chosen, signal);
    return { dir: await this.#folderIn(root, dir, reference), root, ...file, resolved: chosen.commit };
  }

  /** The folder of that name, or, as GitLab's older layout has it, the one below `steps`. */
  async #folderIn(
    root: string,
    dir: string,
    reference: FunctionReference & { kind: "git" },
  ): Promise<string> {
    const names =
      dir === "" && reference.file === undefined ? ["func.yml", "step.yml"] : [reference.file ?? "."];
    for (const base of [dir, join("steps", dir)]) {
      for (const name of names) {
        if (await stat(join(root, base, name)).catch(() => undefined)) {
          return await inside(root, join(root, base), functionName(reference));
        }
      }
    }
    return await inside(root, join(root, dir), functionName(reference));
  }
}
