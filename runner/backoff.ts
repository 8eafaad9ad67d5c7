import { setTimeout as sleep } from "node:timers/promises";
import { ServerUnreachable } from "./client.ts";

/** Milliseconds before try number `failures` + 1: 200, 400, 800 … at most 10 s, of which up to half is chance. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const most = Math.min(200 * 2 ** Math.min(failures - 1, 10), 10_000);
  return Math.round(most * (0.5 + random() / 2));
}

/**
 * Calls until the server answers, whatever it answers, or until `giveUpAt`.
 *
 * @throws what the call throws, `ServerUnreachable` only when time is up
 */
export async function untilAnswered<T>(
  call: () => Promise<T>,
  options: { giveUpAt: number; onFailure?: (error: ServerUnreachable) => void; signal?: AbortSignal },
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServerUnreachable)) throw error;
      options.onFailure?.(error);
      const delay = backoffMs(failures);
      if (Date.now() + delay >= options.giveUpAt) throw error;
      await sleep(delay, undefined, options.signal && { signal: options.signal });
    }
  }
}
