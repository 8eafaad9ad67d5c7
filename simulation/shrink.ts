// Makes a failing seed understandable: the same seed with as few faults as still break it.
import { type Outcome, type SimulationOptions, simulate } from "./simulate.ts";

/** Enough for a few hundred faults; each try is a fraction of a second. */
const MAX_TRIES = 150;

/**
 * The smallest set of faults found with which the seed still violates something (any violation counts), and how that
 * ends. Undefined when the outcome given violates nothing.
 */
export async function shrink(
  options: SimulationOptions,
  failing: Outcome,
): Promise<{ only: ReadonlySet<string>; outcome: Outcome } | undefined> {
  if (failing.violation === undefined) return undefined;
  let kept = failing.faults.map(({ id }) => id);
  let outcome = failing;
  let tries = 0;
  // Leaves out ever smaller parts, as long as what is left still fails (delta debugging).
  for (let size = Math.ceil(kept.length / 2); size >= 1 && tries < MAX_TRIES; ) {
    let removed = false;
    for (let start = 0; start < kept.length && tries < MAX_TRIES; ) {
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
      const { trace: _, ...quiet } = options;
      const tried = await simulate({ ...quiet, only: new Set(rest) });
      tries += 1;
      if (tried.violation === undefined) {
        start += size;
      } else {
        kept = rest;
        outcome = tried;
        removed = true;
      }
    }
    if (size === 1 && !removed) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { only: new Set(kept), outcome };
}
