// Lengths of time as scripts give them: seconds as a number, a text such as "1h30m", or a `time.duration`.
import { StarlarkError, StarlarkFloat, typeName, type Value } from "../../starlark/index.ts";
import { MAX_DURATION_MS } from "../limits.ts";
import { durationToMs } from "./time.ts";

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3600_000,
  d: 24 * 3600_000,
};
const textPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const partPattern = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** An error about a length of time, raised at the call of `fn`. */
export function durationError(fn: string, message: string): StarlarkError {
  return new StarlarkError(`${fn}: ${message}`, { code: "InvalidDuration" });
}

/** Checks the range and rounds to whole ms; throws `InvalidDuration`. */
export function toDurationMs(fn: string, ms: number): number {
  // Negated, so that NaN is refused too.
  if (!(ms >= 0)) throw durationError(fn, `a length of time cannot be negative: ${ms / 1000} s`);
  if (ms > MAX_DURATION_MS) throw durationError(fn, `${ms / 1000} s is too long: at most ten years`);
  return Math.round(ms);
}

/** The parameter's length of time in ms; throws `InvalidDuration` when it is none. */
export function durationArgument(fn: string, parameter: string, value: Value): number {
  return durationAt(`${fn}: for parameter ${parameter}`, value);
}

/** The same of a value that stands somewhere in an argument. */
export function durationAt(where: string, value: Value): number {
  const ms = durationMs(value);
  if (ms !== undefined) return toDurationMs(where, ms);
  const got = typeof value === "string" ? `"${value.slice(0, 40)}"` : typeName(value);
  throw durationError(
    where,
    `got ${got}, want seconds, a text such as "90s", "30m" or "1h30m", or a time.duration`,
  );
}

function durationMs(value: Value): number | undefined {
  if (typeof value === "number") return value * 1000;
  if (value instanceof StarlarkFloat) return value.value * 1000;
  if (typeof value !== "string") return durationToMs(value);
  if (!textPattern.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of value.matchAll(partPattern))
    total += Number(amount) * (unitsMs[unit] ?? 0);
  return total;
}
