// What the text in a `load` means: a file of the same program.

/**
 * The file that `load(module, …)` in `from` means, as a path from the program's root: `//lib/x.star` from the root,
 * `x.star`, `./x.star` and `../x.star` from the folder of the loading file. Undefined when the text is no such path.
 */
export function loadedFile(module: string, from: string): string | undefined {
  if (/^[a-z]+::?/i.test(module) || module.includes("\\")) return undefined;
  const fromRoot = module.startsWith("//");
  const folder = fromRoot ? [] : from.split("/").slice(0, -1);
  const path = [...folder];
  for (const part of (fromRoot ? module.slice(2) : module).split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") path.push(part);
    else if (path.pop() === undefined) return undefined;
  }
  return path.length === 0 ? undefined : path.join("/");
}
