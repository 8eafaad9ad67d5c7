// The identity of a run that an event starts: the same event and trigger always name the same run, so that a
// redelivery cannot start it twice.
import type { RunId } from "../protocol/ids.ts";

/** SHA-256 of the UTF-8 text, as 64 hexadecimal digits. */
export type Sha256Hex = (text: string) => string;

/** `run_` and the first 32 digits over (trigger id, event source, event id). */
export function runIdFor(
  trigger: string,
  event: { source: string; id: string },
  sha256Hex: Sha256Hex,
): RunId {
  return `run_${sha256Hex(JSON.stringify([trigger, event.source, event.id])).slice(0, 32)}` as RunId;
}
