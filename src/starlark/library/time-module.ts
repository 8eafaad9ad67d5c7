/** The module `time`. It has no clock of its own: the same program gives the same result at any time. */
import { EvaluationError } from "../errors.ts";
import { defineBuiltin } from "../value/define.ts";
import { quoteString } from "../value/quote.ts";
import { StarlarkModule } from "../value/struct.ts";
import { typeName, type Value } from "../value/value.ts";
import { secondsFromCivil } from "./calendar.ts";
import { parseDurationText } from "./duration-text.ts";
import { naming } from "./named-errors.ts";
import { parseTime, RFC3339 } from "./time-layout.ts";
import { Duration, Instant } from "./time-values.ts";
import { findZone, instantOf, requireZone, utc } from "./time-zone.ts";

const SECOND = 1_000_000_000n;

const fromTimestamp = defineBuiltin(
  "from_timestamp",
  "sec: index, nsec?: index, /",
  (ctx, seconds: number, nanoseconds?: number) => {
    ctx.charge(5, 128);
    return new Instant(BigInt(seconds) * SECOND + BigInt(nanoseconds ?? 0), utc);
  },
);

const isValidTimezone = defineBuiltin("is_valid_timezone", "loc: string, /", (ctx, location: string) => {
  return findZone(location, ctx.budget) !== undefined;
});

const parseDuration = defineBuiltin("parse_duration", "d, /", (ctx, text: Value) => {
  if (text instanceof Duration) return text;
  const where = "parse_duration: for parameter 1";
  if (typeof text !== "string") {
    throw new EvaluationError(`${where}: got ${typeName(text)}, want a duration or string`);
  }
  ctx.charge(10 + Math.min(text.length, 200) * 8, 0);
  const nanoseconds = parseDurationText(text);
  if (nanoseconds !== undefined) return naming(where, () => new Duration(nanoseconds));
  throw new EvaluationError(`${where}: time: invalid duration ${quoteString(text.slice(0, 100))}`);
});

const parseTimeFunction = defineBuiltin(
  "parse_time",
  "x: string, format?: string, location?: string",
  (ctx, text: string, layout?: string, location?: string) => {
    const zone = requireZone(location ?? "UTC", "parse_time", ctx.budget);
    ctx.charge(100 + 8 * (text.length + (layout ?? RFC3339).length) + INSTANT_QUESTIONS * zone.steps, 256);
    const parsed = naming("parse_time", () => parseTime(text.slice(0, 1000), layout ?? RFC3339, zone));
    return new Instant(parsed.nanoseconds, parsed.zone);
  },
);

/** To find the instant at which clocks show a time, their zone is asked so often. */
const INSTANT_QUESTIONS = 4;

/** Parts beyond this are refused, so that no sum of them leaves the range of exact numbers. */
const MAX_PART = 1e12;

const time = defineBuiltin(
  "time",
  "*, year?: index, month?: index, day?: index, hour?: index, minute?: index, second?: index, nanosecond?: index, location?: string",
  (
    ctx,
    year: number = 0,
    month: number = 1,
    day: number = 1,
    hour: number = 0,
    minute: number = 0,
    second: number = 0,
    nanosecond: number = 0,
    location: string = "UTC",
  ) => {
    for (const part of [year * 366, month * 31, day, hour, minute, second]) {
      if (Math.abs(part) > MAX_PART) throw new EvaluationError(`time: ${part} out of range`);
    }
    const zone = requireZone(location, "time", ctx.budget);
    ctx.charge(20 + INSTANT_QUESTIONS * zone.steps, 256);
    const local = secondsFromCivil({ year, month, day, hour, minute, second });
    return new Instant(BigInt(instantOf(local, zone)) * SECOND + BigInt(nanosecond), zone);
  },
);

/**
 * Makes the module. A host that wants programs to read its clock passes `now`, which gives nanoseconds
 * since the epoch; without it there is no `time.now`.
 */
export function makeTimeModule(now?: () => bigint): StarlarkModule {
  const clock = now === undefined ? {} : { now: defineBuiltin("now", "", () => new Instant(now(), utc)) };
  return new StarlarkModule("time", {
    ...clock,
    from_timestamp: fromTimestamp,
    is_valid_timezone: isValidTimezone,
    parse_duration: parseDuration,
    parse_time: parseTimeFunction,
    time,
    nanosecond: new Duration(1n),
    microsecond: new Duration(1_000n),
    millisecond: new Duration(1_000_000n),
    second: new Duration(SECOND),
    minute: new Duration(60n * SECOND),
    hour: new Duration(3600n * SECOND),
  });
}

export const timeModule = makeTimeModule();
