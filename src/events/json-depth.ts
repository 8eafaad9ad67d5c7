// JSON.parse takes any depth, but everything that walks the value afterwards (JSON.stringify, the script's
// values, the policy) recurses. So the depth is limited once, where a value enters.
import type { JsonValue } from "../protocol/json.ts";

/** Levels of lists and objects inside an event's data. */
export const MAX_DATA_DEPTH = 100;

/** True when no list or object lies deeper than `limit` levels. Needs no stack, whatever the depth. */
export function isWithinDepth(value: JsonValue, limit: number = MAX_DATA_DEPTH): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: JsonValue[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      if (depth === limit) return false;
      for (const child of Array.isArray(item) ? item : Object.values(item)) next.push(child);
    }
    level = next;
  }
  return true;
}
