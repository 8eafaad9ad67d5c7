// Which runs waited for an event's type and were not woken by it: what its receipt says of them.
import type { EventReceipt } from "../protocol/cloud-event.ts";
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { Unmatched } from "./matching.ts";
import { bounded } from "./reason.ts";

export interface MissedWait {
  run: RunId;
  command: CommandId;
  unmatched: Unmatched;
}

/** A receipt is stored with its event and answered to its sender: ten thousand runs may wait for one type. */
const MAX_NEAREST = 20;

/**
 * Of the waits that an event was not for the 20 that it came nearest to, each with the condition it does not fulfil,
 * and how many there were; undefined where there were none. Nearest is where most conditions held before that one; of
 * equally near ones the first given.
 */
export function nearestMisses(missed: readonly MissedWait[]): EventReceipt["notWoken"] {
  if (missed.length === 0) return undefined;
  const nearest = missed
    .toSorted((a, b) => b.unmatched.fulfilled - a.unmatched.fulfilled)
    .slice(0, MAX_NEAREST)
    .map(({ run, command, unmatched }) => ({ run, command, reason: bounded(unmatched.reason()) }));
  return { total: missed.length, nearest };
}
