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
