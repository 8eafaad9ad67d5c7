// Events as CEL sees them.
//
// Objects become Maps, because the evaluator looks at a plain object's `constructor`, which an event's data may
// define. Whole numbers become CEL ints (BigInt), so that `event.data.n + 1 == 6` and `5 in event.data.list` mean
// what they say; other numbers are doubles.
import type { JsonValue } from "../protocol/json.ts";

export type CelValue = null | boolean | string | number | bigint | CelValue[] | Map<string, CelValue>;

/** How many values lie in each list and map, itself included: what comparing it may cost. */
export type Sizes = WeakMap<object, number>;

/** Converts JSON, and notes in `sizes` what each container holds. */
export function toCelValue(value: JsonValue, sizes: Sizes): CelValue {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((item) => toCelValue(item, sizes));
    sizes.set(list, sizeOf(list, sizes));
    return list;
  }
  const map = new Map<string, CelValue>();
  for (const [key, item] of Object.entries(value)) map.set(key, toCelValue(item, sizes));
  sizes.set(map, sizeOf(map, sizes));
  return map;
}

/** How many values lie in `value`, itself included, as noted or counted from its members. */
export function sizeOf(value: unknown, sizes: Sizes): number {
  if (typeof value === "string") return 1 + (value.length >> 5);
  if (typeof value !== "object" || value === null) return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const members = Array.isArray(value) ? value : value instanceof Map ? value.values() : Object.values(value);
  let size = 1;
  for (const member of members) size += sizeOf(member, sizes);
  sizes.set(value, size);
  return size;
}
