// A run that begins where another one had ended has to wait for a place in its trigger's concurrency group, as any start
// does. It is there already, so it waits paused: nothing it has called begins before the bus says that a place is its
// own.
import type { JournalRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RunSummary } from "../protocol/run.ts";
import type { Trigger } from "../protocol/workflow.ts";

/** On whose behalf such a run is paused, and resumed. A person may have that name: the note says what it is for. */
export const KEEPER = "sluice";

/** The data of the note that pauses it; undefined where the trigger's runs need no places. */
export function pauseForPlace({ id, concurrency }: Trigger): JsonObject | undefined {
  if (!concurrency) return undefined;
  return {
    action: "pause",
    place: true,
    by: KEEPER,
    reason: `waiting for a place in ${concurrency.group ?? id}`,
  };
}

/** The data of the note that lets it begin. */
export const placeGranted: JsonObject = { action: "resume", by: KEEPER, reason: "it has its place" };

export function isPausedForPlace(paused: RunSummary["paused"]): boolean {
  return paused?.place === true;
}

/** Whether the run of a journal waits for its place, or did when it ended. */
export function awaitsPlace(records: readonly JournalRecord[]): boolean {
  let waits = false;
  for (const record of records) {
    if (record.type !== "noted" || record.command !== undefined) continue;
    const { note, data } = record;
    if (note === "cancel_requested") waits = false;
    if (note === "operator") waits = data.action === "pause" && data.place === true;
  }
  return waits;
}
