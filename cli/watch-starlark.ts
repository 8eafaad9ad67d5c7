// Follows the Starlark files below a folder as they are saved. Folder by folder: Node's recursive watch loses a file on
// Linux when an editor puts another in its place.
import { type FSWatcher, readdirSync, watch } from "node:fs";
import { dirname, join } from "node:path";

/** Editors write a file in several steps, which count as one change. */
const QUIET_MS = 100;

/**
 * Calls `changed` once after each change of a `.star` file or a `sluice.lock` in the folder or below it, those of
 * folders that come later included; hidden folders and node_modules are left out. Throws where there is no such
 * folder. The answer ends it.
 */
export function watchStarlark(folder: string, changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const hear = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, QUIET_MS);
  };
  const forget = (path: string) => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const follow = (path: string) => {
    if (watchers.has(path)) return;
    const watcher = watch(path, (_event, name) => {
      if (name === null || /\.star$|^sluice\.lock$/.test(name)) hear();
      // What was put into a new folder before it was watched would go unheard.
      if (followBelow(path)) hear();
    });
    watcher.on("error", () => forget(path));
    watchers.set(path, watcher);
    followBelow(path);
  };
  /** Whether there is a folder that was not followed before. */
  const followBelow = (path: string): boolean => {
    const there = foldersIn(path);
    for (const known of watchers.keys()) {
      if (dirname(known) === path && !there.includes(known)) forget(known);
    }
    const added = there.filter((one) => !watchers.has(one));
    for (const one of added) {
      try {
        follow(one);
      } catch {
        // It is gone again.
        forget(one);
      }
    }
    return added.length > 0;
  };
  follow(folder);
  return () => {
    clearTimeout(timer);
    for (const path of [...watchers.keys()]) forget(path);
  };
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}
