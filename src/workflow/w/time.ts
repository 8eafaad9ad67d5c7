// Between the engine's milliseconds and the values of the library module `time`.
import type { Value } from "../../starlark/index.ts";
import { Duration, Instant } from "../../starlark/library/time-values.ts";
import { utc } from "../../starlark/library/time-zone.ts";

const NANOSECONDS_PER_MS = 1_000_000n;

/** A `time.time` in UTC. */
export function timeFromMs(ms: number): Value {
  return new Instant(BigInt(ms) * NANOSECONDS_PER_MS, utc);
}

/** The length of a `time.duration` in ms; undefined for any other value. */
export function durationToMs(value: Value): number | undefined {
  return value instanceof Duration ? Number(value.nanoseconds) / 1_000_000 : undefined;
}
