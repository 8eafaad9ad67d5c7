// Reads a Starlark file from disk with the files that it loads: a program.
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { WorkflowInput } from "../src/protocol/workflow.ts";
import { loadedFile } from "../src/workflow/index.ts";
import { CliError } from "./errors.ts";
import { type AskedRepositories, GitModules, LOCK_FILE } from "./git-modules.ts";

interface ReadOptions {
  root?: string;
  update?: boolean;
  onUnreachable?: (name: string, why: string) => void;
  asked?: AskedRepositories;
}

/**
 * The program whose entry is a file, with every file that it loads. `root` is the folder that `//` means and that
 * names are relative to: by default the entry's own. Files of other repositories are fetched at the commits that the
 * root's `sluice.lock` has for them, or at those that `update` or a first time finds out; then the program has a file
 * of that name too, which says what it was made of. Throws CliError for one that cannot be fetched, unless
 * `onUnreachable` is told of it instead: then the program lacks it.
 */
export function readProgram(path: string, options: ReadOptions = {}): WorkflowInput {
  const { input, saveLock } = tryProgram(path, options);
  saveLock();
  return input;
}

/** The same without writing the lock file, for who may want the program from another root: `saveLock` writes it. */
export function tryProgram(
  path: string,
  { root = dirname(resolve(path)), update = false, onUnreachable, asked }: ReadOptions = {},
): { input: WorkflowInput; saveLock: () => void } {
  const git = new GitModules(resolve(root), { update, ...(asked && { asked }) });
  const folder = resolve(root);
  const entry = relative(folder, resolve(path)).split(sep).join("/");
  const files: Record<string, string> = {};
  const fetched = (name: string): string | undefined => {
    try {
      return git.read(name);
    } catch (error) {
      if (!onUnreachable || !(error instanceof CliError)) throw error;
      onUnreachable(name, error.message);
      return undefined;
    }
  };
  // Only what is reachable travels: a neighbour that nothing loads would change the digest for no reason.
  const wanted = [entry];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (Object.hasOwn(files, name)) continue;
    const source = name.startsWith("git::") ? fetched(name) : readSource(join(folder, name), name === entry);
    // The check names the position of a load that leads nowhere.
    if (source === undefined) continue;
    files[name] = source;
    for (const module of loadedModules(source)) {
      const file = loadedFile(module, name);
      if (file !== undefined) wanted.push(file);
    }
  }
  const lock = git.lockText();
  if (lock === undefined) return { input: { entry, files }, saveLock: () => {} };
  return { input: { entry, files: { ...files, [LOCK_FILE]: lock } }, saveLock: () => git.save() };
}

/** The workflow in a file: its name, and its program. */
export function readWorkflow(
  path: string,
  options: { update?: boolean } = {},
): { name: string; input: WorkflowInput } {
  return { name: basename(path, ".star"), input: readProgram(path, options) };
}

function readSource(path: string, isNeeded: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!isNeeded) return undefined;
    throw new CliError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function loadedModules(source: string): string[] {
  return [...source.matchAll(/^load\(\s*["']([^"']+)["']/gm)].map((match) => match[1] ?? "");
}
