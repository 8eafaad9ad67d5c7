/**
 * Canonical keys: two values are the same key of a dict exactly when they are equal, so a JavaScript
 * Map from canonical key to entry is a Starlark hash table.
 *
 * | value | key |
 * |---|---|
 * | int, bool, None | itself |
 * | float | the int it equals, else its number (NaN equals NaN in a Map) |
 * | string | itself, escaped when it starts with NUL |
 * | bytes, tuple, host object with content | a string that starts with NUL |
 * | function, builtin, other host object | itself: identity |
 */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { bytesToLatin1, StarlarkBytes } from "./bytes.ts";
import { StarlarkFloat } from "./float.ts";
import { HostObject } from "./host-object.ts";
import { StarlarkTuple } from "./list.ts";
import { StarlarkRange } from "./range.ts";
import { HeapValue, typeName, type Value } from "./value.ts";

export type Key = null | boolean | number | bigint | string | HeapValue;

const MARK = "\0";
/** Deeper tuples are refused, so that no data can exhaust the JavaScript stack. */
const MAX_DEPTH = 500;

/** The canonical key of a value; throws `unhashable type: list` for one that cannot be a key. */
export function canonicalKey(value: Value, budget?: Budget): Key {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `${MARK}s${value}` : value;
  if (!(value instanceof HeapValue)) return value;
  if (value instanceof StarlarkFloat) return floatKey(value.value);
  if (value instanceof StarlarkTuple) {
    let key = `${MARK}t`;
    // The shape that real programs use most, flat tuples of small ints and short strings, is made
    // without the walk below.
    for (const item of value.items) {
      if (typeof item === "number") key += `i${item};`;
      else if (typeof item === "string" && item.length < 64) key += `s${item.length}:${item}`;
      else return `${MARK}t${describeItems(value, budget, 0)}`;
    }
    return key;
  }
  if (value.hashedByIdentity) return value;
  return MARK + describe(value, budget, 0);
}

function floatKey(value: number): number | bigint {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return BigInt(value);
}

/** Text that is the same for two values exactly when they are equal, and no prefix of another's. */
function describe(value: Value, budget: Budget | undefined, depth: number): string {
  switch (typeof value) {
    case "string":
      budget?.charge(1 + value.length / 256, 16 + value.length * 2);
      return `s${value.length}:${value}`;
    case "number":
    case "bigint":
      return `i${value};`;
    case "boolean":
      return value ? "T" : "F";
  }
  if (value === null) return "N";
  if (value instanceof StarlarkFloat) {
    const key = floatKey(value.value);
    return Number.isInteger(key) || typeof key === "bigint" ? `i${key};` : `f${key};`;
  }
  if (value instanceof StarlarkTuple) return `(${describeItems(value, budget, depth)})`;
  if (value instanceof StarlarkBytes) {
    budget?.charge(1 + value.data.length / 64, 16 + value.data.length);
    return `b${value.data.length}:${bytesToLatin1(value.data)}`;
  }
  if (value.hashedByIdentity) return `o${identity(value)};`;
  if (value instanceof HostObject) {
    if (!value.hashable) throw new EvaluationError(`unhashable: ${value.type}`);
    return `h${value.type};${describe(value.content() ?? null, budget, nested(depth))}`;
  }
  const kind = value instanceof StarlarkRange ? "unhashable:" : "unhashable type:";
  throw new EvaluationError(`${kind} ${typeName(value)}`);
}

function describeItems(tuple: StarlarkTuple, budget: Budget | undefined, depth: number): string {
  budget?.charge(tuple.items.length, tuple.items.length * 16);
  let text = "";
  for (const item of tuple.items) text += describe(item, budget, nested(depth));
  return text;
}

function nested(depth: number): number {
  if (depth >= MAX_DEPTH) throw new EvaluationError(`unhashable: nested more than ${MAX_DEPTH} deep`);
  return depth + 1;
}

const identities = new WeakMap<HeapValue, number>();
let lastIdentity = 0;

/** A number that no other live value has; it never shows in a program's results. */
function identity(value: HeapValue): number {
  let id = identities.get(value);
  if (id === undefined) {
    id = ++lastIdentity;
    identities.set(value, id);
  }
  return id;
}
