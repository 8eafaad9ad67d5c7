// Other engines that may be on this machine, outside of the project's own dependencies.
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

export interface Peer {
  name: string;
  /** A workflow of so many sequential steps, from the call to its result. */
  run(steps: number): Promise<void>;
  stop(): Promise<void>;
}

/** What the packages in `folder` export; undefined when they are not there. */
export async function importFrom<T>(folder: string | undefined, name: string): Promise<T | undefined> {
  const path = resolveFrom(folder, name);
  return path === undefined ? undefined : ((await import(pathToFileURL(path).href)) as T);
}

export function resolveFrom(folder: string | undefined, name: string): string | undefined {
  if (folder === undefined) return undefined;
  try {
    return createRequire(join(resolve(folder), "package.json")).resolve(name);
  } catch (error) {
    if ((error as { code?: string }).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

export async function freePort(): Promise<number> {
  return await new Promise((found, fail) => {
    const server = createServer().on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => found(port));
    });
  });
}

/** Calls until it succeeds, for a minute at most. */
export async function eventually<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > until) throw new Error(`${what} did not come up: ${String(error)}`);
      await new Promise((resume) => setTimeout(resume, 200));
    }
  }
}
