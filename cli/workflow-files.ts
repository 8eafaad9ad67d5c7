// Finds workflows on disk and packs each with the files it loads.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { WorkflowInput } from "../src/protocol/workflow.ts";
import { CliError } from "./errors.ts";

/** The workflow in a file, with every file it can `load`: the other `.star` files of its folder and below. */
export function readWorkflow(path: string): { name: string; input: WorkflowInput } {
  const entryPath = resolve(path);
  let source: string;
  try {
    source = readFileSync(entryPath, "utf8");
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  const folder = dirname(entryPath);
  const entry = basename(entryPath);
  const files: Record<string, string> = { [entry]: source };
  // Only what is reachable travels: a neighbour that nothing loads would change the digest for no reason.
  const wanted = loadedNames(source);
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const file = name.replace(/^\/\//, "").replace(/^:/, "");
    if (files[file] !== undefined) continue;
    const target = resolve(folder, file);
    if (relative(folder, target).startsWith(".."))
      throw new CliError(`${path} loads "${name}" from outside its folder`);
    try {
      files[file] = readFileSync(target, "utf8");
    } catch {
      // The check names the position of a load that leads nowhere.
      continue;
    }
    wanted.push(...loadedNames(files[file]));
  }
  return { name: basename(entry, ".star"), input: { entry, files } };
}

function loadedNames(source: string): string[] {
  return [...source.matchAll(/^\s*load\(\s*"([^"]+)"/gm)].map((match) => match[1] ?? "");
}

/** Every workflow file under a path: the file itself, or a folder's `.star` files that are neither tests nor libraries. */
export function workflowFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })) throw new CliError(`there is no ${path}`);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".star") && !entry.name.endsWith("_test.star"))
    .map((entry) => join(path, entry.name))
    .sort();
}
