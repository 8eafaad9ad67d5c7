import { resolve4, resolve6 } from "node:dns/promises";
import type { Outbound } from "../../src/builtins/builtin.ts";

/** No records of this kind is an answer; anything else is a failure to find out. */
async function addresses(lookup: Promise<string[]>): Promise<string[]> {
  try {
    return await lookup;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENODATA" || code === "ENOTFOUND") return [];
    throw error;
  }
}

/** The way out of the actor on this platform. */
export function outboundOf(env: Pick<Env, "SLUICE_HTTP_ALLOW">): Outbound {
  return {
    fetch: (request) => fetch(request),
    resolve: async (hostname) =>
      (await Promise.all([addresses(resolve4(hostname)), addresses(resolve6(hostname))])).flat(),
    allowedHosts: (env.SLUICE_HTTP_ALLOW ?? "")
      .split(",")
      .map((host) => host.trim().toLowerCase())
      .filter((host) => host !== ""),
  };
}
