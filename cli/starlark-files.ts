// Which files a command is for, where it is given files and folders.
import { readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { TEST_SUFFIX } from "../src/testing/index.ts";
import { CliError } from "./errors.ts";

/**
 * The Starlark files that paths name, as absolute paths: a file, or all of a folder and below. Throws CliError for
 * what is not there.
 */
export function starlarkFiles(paths: readonly string[], from: string): string[] {
  const files = paths.flatMap((path): string[] => {
    const absolute = resolve(from, path);
    return isFolder(absolute, path) ? filesUnder(absolute) : [absolute];
  });
  return [...new Set(files)];
}

/** Programs before the libraries below them, which are read from where the program is. */
function filesUnder(folder: string): string[] {
  const depth = (path: string) => path.split(sep).length;
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".star"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !relative(folder, path)
          .split(sep)
          .some((part) => part.startsWith(".") || part === "node_modules"),
    )
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

/** Whether a file is for `sluice test`, whose names are others. */
export function isTest(path: string): boolean {
  return path.endsWith(TEST_SUFFIX);
}

/** Every file of tests under a path, at any depth, with the folder that `//` means in it: the path's. */
export function testFiles(path: string): { path: string; root: string }[] {
  if (!isFolder(path)) return [{ path, root: dirname(path) }];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(TEST_SUFFIX))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(path, file).split(sep).includes("node_modules"))
    .sort()
    .map((file) => ({ path: file, root: path }));
}

/**
 * Every workflow file under a path: the file itself, or a folder's `.star` files that are neither tests nor libraries.
 */
export function workflowFiles(path: string): string[] {
  if (!isFolder(path)) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".star") && !isTest(entry.name))
    .map((entry) => join(path, entry.name))
    .sort();
}

function isFolder(path: string, shown = path): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new CliError(`there is no ${shown}`);
  return stats.isDirectory();
}
