// Between the engine's milliseconds and the values of the library module `time`.
import type { Value } from "../../starlark/index.ts";
import { Duration, Instant } from "../../starlark/library/time-values.ts";
import { utc } from "../../starlark/library/time-zone.ts";

const NANOSECONDS_PER_MS = 1_000_000n;

/** A `time.time` in UTC. */
export function timeFromMs(ms: number): Value {
  return new Instant(BigInt(ms) * NANOSECONDS_PER_MS, utc);
}

/** When a `time.time` has come, in whole ms since the epoch; undefined for any other value. */
export function timeToMs(value: Value): number | undefined {
  if (!(value instanceof Instant)) return undefined;
  const ms = value.nanoseconds / NANOSECONDS_PER_MS;
  // Division cuts towards zero, and nobody is to be woken before the time.
  return Number(ms * NANOSECONDS_PER_MS < value.nanoseconds ? ms + 1n : ms);
}

/** The length of a `time.duration` in ms; undefined for any other value. */
export function durationToMs(value: Value): number | undefined {
  return value instanceof Duration ? Number(value.nanoseconds) / 1_000_000 : undefined;
}
