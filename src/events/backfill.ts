// Which of a schedule's times somebody who asks for it may have made up for: they went by while it was paused, or
// before it was there.
import type { Schedule } from "../protocol/flow-control.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import type { Trigger } from "../protocol/workflow.ts";
import { MAX_AT_ONCE } from "./firing.ts";
import { lastTimes } from "./timetable.ts";

/** How far behind the clock may be by which somebody asks for all that can be made up for. */
const CLOCKS_APART_MS = 60_000;

/** From `from` on and before `to`, ms since the epoch. */
export interface BackfillRange {
  from: number;
  to: number;
}

/**
 * The times in the range, oldest first. `keptSince` is the arrival of the oldest events that are certainly still kept:
 * whether an earlier time has fired, nobody knows any more. Refuses `invalid_backfill`.
 */
export function timesToBackfill(
  schedule: Schedule,
  { from, to }: BackfillRange,
  { now, keptSince }: { now: number; keptSince: number },
): Result<number[]> {
  if (from >= to)
    return invalid(`the range ends at ${iso(to)}, which is not after its beginning ${iso(from)}`);
  if (to > now) {
    return invalid(
      `the range ends at ${iso(to)}, which is yet to come: it is ${iso(now)}, and what comes fires by itself`,
    );
  }
  if (from < keptSince - CLOCKS_APART_MS) {
    return invalid(
      `the range begins at ${iso(from)}, and events are kept since ${iso(keptSince)}: whether a time before that has fired is no longer known`,
    );
  }
  const times = lastTimes(schedule, { from: Math.max(from, keptSince), to: to - 1 }, MAX_AT_ONCE + 1);
  if (times.length <= MAX_AT_ONCE) return ok(times);
  return invalid(
    `there are more than ${MAX_AT_ONCE} times from ${iso(from)} to ${iso(to)}: ask for parts of it`,
  );
}

/**
 * The trigger as it holds for a time that somebody has asked for: where its runs may not overlap, the run waits its turn
 * instead of being dropped or of ending another, since a time that was fired for is not fired for again.
 */
export function takingTurns(trigger: Trigger): Trigger {
  const { concurrency, schedule } = trigger;
  // Others that hear of a schedule's times go by their own rules.
  if (!concurrency || !schedule) return trigger;
  return { ...trigger, concurrency: { ...concurrency, mode: "queue" } };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function invalid(message: string): Result<never> {
  return refuse("invalid_backfill", message);
}
