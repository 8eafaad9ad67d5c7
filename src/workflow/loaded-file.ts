// What the text in a `load` means: a file of the same program, by its name there.
//
// A program holds a file of another repository under the text that loads it, version included:
// `git::https://host/org/repo//path/file.star@v1`. Which commit that was is decided once, when the program is put
// together (cli/git-modules.ts), never when it runs.

/** A file of another repository. */
export interface GitFile {
  /** What git clones. */
  url: string;
  path: string;
  /** A tag, a branch, a commit, or the beginning of a semantic version: `v1`. */
  version: string;
}

const gitPattern =
  /^git::((?:https|ssh|file):\/\/[^@]*?[^/:@])\/\/([^@]+\.star)@([A-Za-z0-9][A-Za-z0-9._/+-]*)$/;

/** Reads `git::URL//PATH@VERSION`; undefined when the text is something else. */
export function gitFileOf(name: string): GitFile | undefined {
  const [, url, path, version] = gitPattern.exec(name) ?? [];
  if (url === undefined || path === undefined || version === undefined) return undefined;
  if (version.includes("..") || joined([], path) !== path) return undefined;
  return { url, path, version };
}

/**
 * The name of the file that `load(module, …)` in `from` means: `//lib/x.star` from the root, `x.star`, `./x.star` and
 * `../x.star` from the folder of the loading file. In a file of another repository they mean files of that repository
 * at the same version. Undefined when the text is no such path.
 */
export function loadedFile(module: string, from: string): string | undefined {
  if (module.startsWith("git::")) return gitFileOf(module) && module;
  if (/^[a-z]+:/i.test(module) || module.includes("\\")) return undefined;
  const git = gitFileOf(from);
  const path = pathFrom(module, git?.path ?? from);
  if (path === undefined || !git) return path;
  return `git::${git.url}//${path}@${git.version}`;
}

function pathFrom(module: string, from: string): string | undefined {
  if (module.startsWith("//")) return joined([], module.slice(2));
  return joined(from.split("/").slice(0, -1), module);
}

/** Undefined for a path that leads out of the root, or nowhere. */
function joined(folder: string[], relative: string): string | undefined {
  const path = [...folder];
  for (const part of relative.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") path.push(part);
    else if (path.pop() === undefined) return undefined;
  }
  return path.length === 0 ? undefined : path.join("/");
}
