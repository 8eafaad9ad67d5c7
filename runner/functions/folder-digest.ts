// What a local folder is resolved to: a digest over the names, modes and contents of its files.
import { createHash } from "node:crypto";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../job-error.ts";

const MAX_FILES = 5000;
const MAX_BYTES = 256 << 20;
const ignored = new Set([".git", "node_modules", ".DS_Store"]);

async function* filesIn(folder: string, inside = ""): AsyncGenerator<{ name: string; isLink: boolean }> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.has(entry.name)) continue;
    const name = inside === "" ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(folder, name);
    else if (entry.isFile() || entry.isSymbolicLink()) yield { name, isLink: entry.isSymbolicLink() };
  }
}

/**
 * `sha256:` and the digest of a folder: the same for the same files, whatever their order on disk and their times.
 *
 * @throws JobError `InvalidFunction` when the folder is too large to be a Function
 */
export async function folderDigest(folder: string): Promise<string> {
  const digest = createHash("sha256");
  let files = 0;
  let bytes = 0;
  for await (const { name, isLink } of filesIn(folder)) {
    const path = join(folder, name);
    const content = isLink ? Buffer.from(await readlink(path)) : await readFile(path);
    files += 1;
    bytes += content.length;
    if (files > MAX_FILES || bytes > MAX_BYTES) {
      throw new JobError(
        "InvalidFunction",
        `the function's folder has more than ${MAX_FILES} files or ${MAX_BYTES >> 20} MiB: point at a smaller one`,
        { retryable: false },
      );
    }
    const kind = isLink ? "link" : (await stat(path)).mode & 0o100 ? "program" : "file";
    digest.update(`${kind} ${content.length} ${Buffer.byteLength(name)} ${name}\n`).update(content);
  }
  return `sha256:${digest.digest("hex")}`;
}
