// Where the command line keeps what it can fetch or make again.
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { CliError } from "./errors.ts";

/** The folder of a name in the user's cache: below XDG_CACHE_HOME where that is set, else below `~/.cache`. */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  // The specification wants relative paths ignored.
  return join(base && isAbsolute(base) ? base : join(home(), ".cache"), "sluice", name);
}

function home(): string {
  const noHome = new CliError("there is no folder to keep things in: this user has no home", {
    hint: "Set HOME or XDG_CACHE_HOME to a folder that can be written.",
  });
  let folder: string;
  try {
    folder = homedir();
  } catch {
    // A user without an entry in the user database, as containers have them, and without HOME.
    throw noHome;
  }
  // HOME that is set to nothing: the cache would be wherever the command is called.
  if (!isAbsolute(folder)) throw noHome;
  return folder;
}
