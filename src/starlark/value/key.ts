/**
 * Canonical keys: two values are the same key of a dict exactly when they are equal, so a JavaScript
 * Map from canonical key to entry is a Starlark hash table.
 *
 * | value | key |
 * |---|---|
 * | small int, bool, None | itself |
 * | big int | a string that starts with NUL: V8 hashes a bigint by its lowest 64 bits only |
 * | float | the key of the int it equals, else its number (NaN equals NaN in a Map) |
 * | string | itself, escaped when it starts with NUL |
 * | pair of small ints | a number beyond the safe ints |
 * | bytes, other tuple, host object with content | a string that starts with NUL |
 * | function, builtin, other host object | itself: identity |
 *
 * Of what would be a string of thousands of characters the key is its SHA-256: V8 hashes those by their
 * length only, so looking one up would compare it with all others.
 */
import type { Budget } from "../budget.ts";
import { sha256 } from "../digests.ts";
import { EvaluationError } from "../errors.ts";
import { bytesToLatin1, StarlarkBytes } from "./bytes.ts";
import { StarlarkFloat } from "./float.ts";
import { HostObject } from "./host-object.ts";
import { bitSize } from "./int.ts";
import { StarlarkTuple } from "./list.ts";
import { StarlarkRange } from "./range.ts";
import { HeapValue, typeName, type Value } from "./value.ts";

export type Key = null | boolean | number | string | HeapValue;

const MARK = "\0";
/** Deeper tuples are refused, so that no data can exhaust the JavaScript stack. */
const MAX_DEPTH = 500;

/** The canonical key of a value; throws `unhashable type: list` for one that cannot be a key. */
export function canonicalKey(value: Value, budget?: Budget): Key {
  if (typeof value === "string") return textKey(value, budget);
  if (typeof value === "bigint") return shortened(MARK + describeBigInt(value, budget), budget);
  if (!(value instanceof HeapValue)) return value;
  if (value instanceof StarlarkFloat) return floatKey(value.value);
  if (value instanceof StarlarkTuple) return shortened(tupleKey(value, budget), budget);
  if (value.hashedByIdentity) return value;
  return shortened(MARK + describe(value, budget, 0), budget);
}

/** Looking up a text of up to so many characters is part of the step that asks for it. */
export const FREE_KEY_LENGTH = 256;
/** V8's limit is 16,383. */
const MAX_KEY_LENGTH = 8192;

function textKey(text: string, budget: Budget | undefined): string {
  if (text.length > FREE_KEY_LENGTH) budget?.charge(text.length / 1024, 0);
  return shortened(text.charCodeAt(0) === 0 ? `${MARK}s${text}` : text, budget);
}

function shortened<K extends Key>(key: K, budget: Budget | undefined): K | string {
  if (typeof key !== "string" || key.length <= MAX_KEY_LENGTH) return key;
  budget?.charge(key.length * 4, key.length * 2);
  const units = new Uint8Array(key.length * 2);
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    units[2 * i] = code;
    units[2 * i + 1] = code >> 8;
  }
  return `${MARK}d${bytesToLatin1(sha256(units))}`;
}

/** Base 32 takes time in proportion to the size, as base 10 does not. */
function describeBigInt(value: bigint, budget: Budget | undefined): string {
  const bits = bitSize(value);
  budget?.charge(30 + bits / 64, 32 + bits / 5);
  return `i${value.toString(32)};`;
}

const PAIR_OFFSET = 2 ** 25;
const PAIR_RANGE = 2 ** 26;
const FIRST_PAIR = 2 ** 53;

/**
 * A pair of ints of up to 26 bits, such as a position in a grid, as a number that no int or float has
 * for a key: beyond the safe ints those are bigints. Much cheaper to look up than a string.
 */
function pairKey(items: readonly Value[]): number | undefined {
  const x = integralNumber(items[0]);
  const y = integralNumber(items[1]);
  // Negated, because of NaN.
  if (!(x >= -PAIR_OFFSET && x < PAIR_OFFSET && y >= -PAIR_OFFSET && y < PAIR_OFFSET)) return undefined;
  // Numbers of this size are even, which is why there is room for 52 bits.
  return FIRST_PAIR + ((x + PAIR_OFFSET) * PAIR_RANGE + y + PAIR_OFFSET) * 2;
}

/** The number of an int, or of a float that is equal to one; NaN for all else. */
function integralNumber(value: Value | undefined): number {
  if (typeof value === "number") return value;
  return value instanceof StarlarkFloat && Number.isInteger(value.value) ? value.value : Number.NaN;
}

function tupleKey(tuple: StarlarkTuple, budget: Budget | undefined): Key {
  const { items } = tuple;
  if (items.length === 2) {
    const pair = pairKey(items);
    if (pair !== undefined) return pair;
  }
  // The shape that real programs use most, a few ints and short strings, is made without a walk.
  let key = `${MARK}t`;
  for (const item of items) {
    if (typeof item === "number") key += `#${item};`;
    else if (typeof item === "string" && item.length < SHORT) key += describeShort(item);
    else return `${MARK}t${describeItems(tuple, budget, 0)}`;
    if (key.length > MAX_UNCHARGED) return `${MARK}t${describeItems(tuple, budget, 0)}`;
  }
  return key;
}

/** A longer key is charged for while it is made. */
const MAX_UNCHARGED = 128;

function floatKey(value: number): number | string {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return MARK + describeBigInt(BigInt(value), undefined);
}

/** Strings shorter than this have their length in one character, from U+0080 on, before them. */
const SHORT = 64;

function describeShort(text: string): string {
  return String.fromCharCode(0x80 + text.length) + text;
}

/** Text that is the same for two values exactly when they are equal, and no prefix of another's. */
function describe(value: Value, budget: Budget | undefined, depth: number): string {
  switch (typeof value) {
    case "string":
      budget?.charge(1 + value.length / 256, 16 + value.length * 2);
      return value.length < SHORT ? describeShort(value) : `s${value.length}:${value}`;
    case "number":
      return `#${value};`;
    case "bigint":
      return describeBigInt(value, budget);
    case "boolean":
      return value ? "T" : "F";
  }
  if (value === null) return "N";
  if (value instanceof StarlarkFloat) {
    const key = floatKey(value.value);
    if (typeof key === "string") return key.slice(MARK.length);
    return Number.isInteger(key) ? `#${key};` : `f${key};`;
  }
  if (value instanceof StarlarkTuple) return `(${describeItems(value, budget, depth)})`;
  if (value instanceof StarlarkBytes) {
    budget?.charge(1 + value.data.length / 4, 16 + value.data.length);
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
  budget?.charge(4 + tuple.items.length, 32 + tuple.items.length * 16);
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
