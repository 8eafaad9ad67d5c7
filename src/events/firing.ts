// Which of a schedule's times fire now: those that have come, and of those that were missed (the power was out, the
// object was moving) what its `backfill` asks for.
import type { Schedule } from "../protocol/flow-control.ts";
import type { Sha256Hex } from "./run-id.ts";
import { lastTimes, nextTime } from "./timetable.ts";

/** A firing that is later than this has been missed; a little late is not missed. */
export const GRACE_MS = 60_000;
/** The most firings that one look at the clock makes up for, the latest ones. */
export const MAX_AT_ONCE = 100;

export interface Firings {
  /** The times to fire for, oldest first. */
  times: number[];
  /** How many more had come, and are let go: 100 may stand for more. */
  letGo: number;
  /** The first time that has not come yet, and when it is due; undefined when there is none. */
  next: { time: number; dueAt: number } | undefined;
}

/** When a time is due: put off by its part of the jitter, and never as far as the time after it. */
export function dueAt(schedule: Schedule, id: string, time: number, sha256Hex: Sha256Hex): number {
  if (schedule.jitterMs === 0) return time;
  const room = Math.min(schedule.jitterMs, (nextTime(schedule, time) ?? Number.POSITIVE_INFINITY) - time);
  const share = Number.parseInt(sha256Hex(`${id} ${time}`).slice(0, 8), 16) / 2 ** 32;
  return time + Math.floor(share * room);
}

/**
 * What a schedule does at `now`, when `from` is the first time that it has not fired for. The same state and clock
 * give the same answer; a later clock never gives an earlier `next`.
 */
export function firingsAt(
  { id, schedule }: { id: string; schedule: Schedule },
  { from, now }: { from: number; now: number },
  sha256Hex: Sha256Hex,
): Firings {
  const come = lastTimes(schedule, { from, to: now }, MAX_AT_ONCE + 1).map((time) => ({
    time,
    dueAt: dueAt(schedule, id, time, sha256Hex),
  }));
  const last = come.at(-1);
  // Jitter puts off a time at most until the next one: only the last can still be due later.
  const pending = last && last.dueAt > now ? come.pop() : undefined;
  const missed = come.filter((firing) => now - firing.dueAt > GRACE_MS);
  const punctual = come.slice(missed.length);
  const madeUp = { none: 0, latest: punctual.length === 0 ? 1 : 0, all: missed.length }[schedule.backfill];
  const fire = [...missed.slice(missed.length - madeUp), ...punctual].slice(-MAX_AT_ONCE);
  const following = pending?.time ?? nextTime(schedule, Math.max(now, from - 1));
  return {
    times: fire.map(({ time }) => time),
    letGo: come.length - fire.length,
    next:
      following === undefined
        ? undefined
        : { time: following, dueAt: dueAt(schedule, id, following, sha256Hex) },
  };
}
