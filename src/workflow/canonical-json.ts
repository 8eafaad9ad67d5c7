// One text for every JSON value: what digests are taken of.
import type { JsonValue } from "../protocol/json.ts";

/**
 * The value as JSON without spaces, keys in the order of their UTF-16 code units: the canonical form of RFC 8785.
 * Two values that differ only in the order of keys have the same text.
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

/** Whether two values have the same canonical form, without making it. */
export function isSameJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSameJson(item, b[i] ?? null));
  }
  if (Array.isArray(b)) return false;
  let members = 0;
  for (const key in a) {
    members += 1;
    if (!Object.hasOwn(b, key) || !isSameJson(a[key] ?? null, b[key] ?? null)) return false;
  }
  for (const _key in b) members -= 1;
  return members === 0;
}

/** Whether two values are written the same: the order of keys counts too. */
export function isSameText(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
