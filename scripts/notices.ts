// The licences of what the single executable contains, which have to go where it goes.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Carried whole, not bundled. */
const embedded = ["@bazel/buildifier"];

/**
 * The notices of Sluice, of Node, and of every npm package that one of the bundled files belongs to; their paths are
 * relative to the root.
 *
 * @throws Error for a package whose licence is not beside it
 */
export function noticesOf(root: string, files: readonly string[]): string {
  const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []));
  for (const name of embedded) folders.add(`node_modules/${name}`);
  // The package named "node" installs the Node of its version, without the licence.
  const nodeVersion = identityOf(join(root, "node_modules/node")).version;
  const own = section("Sluice", licenceIn(root));
  const node = section(
    `Node.js ${nodeVersion}`,
    `https://github.com/nodejs/node/blob/v${nodeVersion}/LICENSE`,
  );
  return [own, node, ...[...folders].sort().map((folder) => packageSection(join(root, folder)))].join("\n");
}

/** `node_modules/a/node_modules/@b/c` of a file in there; undefined for one of our own. */
function packageFolder(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function packageSection(folder: string): string {
  const { name, version } = identityOf(folder);
  return section(`${name} ${version}`, licenceIn(folder));
}

function identityOf(folder: string): { name: string; version: string } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function licenceIn(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name));
  if (file === undefined)
    throw new Error(`there is no licence in ${folder}: say in scripts/notices.ts what it is`);
  const notice = join(folder, "NOTICE");
  return [join(folder, file), ...(existsSync(notice) ? [notice] : [])]
    .map((path) => readFileSync(path, "utf8").trim())
    .join("\n\n");
}

function section(title: string, text: string): string {
  return `${title}\n${"=".repeat(title.length)}\n\n${text}\n`;
}
