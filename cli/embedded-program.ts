// Programs that the single executable carries inside. The system runs files alone, so they are put into one.
import { createHash, randomUUID } from "node:crypto";
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getRawAsset } from "node:sea";
import { cacheFolder } from "./cache-folder.ts";
import { CliError } from "./errors.ts";

/** The path of a program that the build has embedded under this name. Throws CliError where it cannot be written. */
export function embeddedProgram(name: string): string {
  return unpackProgram(name, new Uint8Array(getRawAsset(name)), cacheFolder("programs"));
}

/**
 * Puts a program into the folder, and gives its path; one that is there already is used when its bytes are the same and
 * it can be run, so one that a power cut left half written is replaced, and one that a cache kept without its mode. Any
 * number of processes may do that at once.
 */
export function unpackProgram(name: string, bytes: Uint8Array, folder: string): string {
  const digest = sha256(bytes);
  const path = join(folder, `${name}-${digest.slice(0, 16)}`);
  try {
    if (sha256(readFileSync(path)) === digest) {
      accessSync(path, constants.X_OK);
      return path;
    }
  } catch {
    // It has not been unpacked yet, or cannot be run: writing it will mend or explain that.
  }
  const unfinished = `${path}.${randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(unfinished, bytes, { mode: 0o700 });
      renameSync(unfinished, path);
    } finally {
      rmSync(unfinished, { force: true });
    }
  } catch (error) {
    throw new CliError(
      `cannot unpack ${name} into ${folder}: ${(error as NodeJS.ErrnoException).code ?? error}`,
      {
        hint: "Set HOME or XDG_CACHE_HOME to a folder that can be written.",
      },
    );
  }
  return path;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
