// What the router looks at in an outcome: whether it is the same as another, and whether it is a cancellation.
import { CANCELLED_CODE, type JobOutcome } from "../protocol/job.ts";
import type { JsonValue } from "../protocol/json.ts";

export function saysCancelled(outcome: JobOutcome): boolean {
  return "error" in outcome && outcome.error.code === CANCELLED_CODE;
}

function sorted(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key])] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

/** The same text for outcomes that say the same, whatever the order of their keys. */
export function canonicalOutcome(outcome: JobOutcome): string {
  return JSON.stringify(sorted(outcome as JsonValue));
}
