// Where the server is and who we are: options first, then the environment, then what the local server left behind.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Connection {
  url: string;
  token: string | undefined;
}

const DEFAULT_URL = "http://127.0.0.1:8787";

/** A file of the nearest `.sluice` folder at or above `from`, as the local server writes them. */
function localFile(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, ".sluice", name);
    if (existsSync(path)) return readFileSync(path, "utf8").trim();
    if (dirname(folder) === folder) return undefined;
  }
}

export function findConnection(
  options: { url?: string; token?: string },
  environment: NodeJS.ProcessEnv,
  folder: string,
): Connection {
  const url = options.url ?? environment.SLUICE_URL;
  return {
    url: (url ?? localFile(folder, "url") ?? DEFAULT_URL).replace(/\/+$/, ""),
    // A token of the local server is of no use to another, and none of its business.
    token:
      options.token ??
      environment.SLUICE_TOKEN ??
      (url === undefined ? localFile(folder, "token") : undefined),
  };
}
