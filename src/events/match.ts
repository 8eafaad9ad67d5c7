// The `match` of a trigger or wait: paths into the event with the values they must have.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** What lies at `data.commits.0.id`; undefined where the path leads nowhere. */
function valueAt(event: CloudEvent, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = event as JsonValue;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value)) value = /^\d{1,9}$/.test(step) ? value[Number(step)] : undefined;
    else value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

function isEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as JsonObject, b as JsonObject];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => {
      const [one, other] = [left[key], right[key]];
      return Object.hasOwn(right, key) && one !== undefined && other !== undefined && isEqual(one, other);
    })
  );
}

const MAX_SHOWN = 80;

function shown(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** What there is instead of what was asked for at a path, in words: `data.tier is "staging", not "production"`. */
export function difference(event: CloudEvent, path: string, expected: JsonValue | undefined): string {
  const actual = valueAt(event, path);
  return actual === undefined
    ? `there is no ${path}, which is to be ${shown(expected)}`
    : `${path} is ${shown(actual)}, not ${shown(expected)}`;
}

/**
 * The first path that does not lead to the value given for it; undefined when all do. Steps are separated by dots; a
 * number is a place in a list (`data.commits.0.id`). A path that leads nowhere matches nothing, not even null. Keys
 * that hold a dot cannot be reached: use a filter.
 *
 * @example firstUnmatched(event, { subject: "shop", "data.version": "1.4.0" })
 */
export function firstUnmatched(event: CloudEvent, match: JsonObject): string | undefined {
  return Object.entries(match).find(([path, expected]) => {
    const actual = valueAt(event, path);
    return actual === undefined || !isEqual(actual, expected);
  })?.[0];
}
