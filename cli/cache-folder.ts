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
  try {
    return homedir();
  } catch {
    // A user without an entry in the user database, as containers have them, and without HOME.
    throw new CliError("there is no folder to keep things in: this user has no home", {
      hint: "Set HOME or XDG_CACHE_HOME to a folder that can be written.",
    });
  }
}
