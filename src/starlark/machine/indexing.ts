/** `x[i]`, `x[i] = v`, `x[a:b:c]` and `v in x`. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { BYTES_BYTES, StarlarkBytes } from "../value/bytes.ts";
import { StarlarkDict } from "../value/dict.ts";
import { equals } from "../value/equality.ts";
import { StarlarkFloat } from "../value/float.ts";
import { HostObject } from "../value/host-object.ts";
import { isInt, isInt32 } from "../value/int.ts";
import { LIST_BYTES, StarlarkList, StarlarkTuple } from "../value/list.ts";
import { StarlarkRange } from "../value/range.ts";
import { repr } from "../value/repr.ts";
import { StarlarkSet } from "../value/set.ts";
import { chargeSearch } from "../value/text-search.ts";
import { HeapValue, typeName, type Value } from "../value/value.ts";

/** `x[key]`. */
export function indexValue(x: Value, key: Value, budget: Budget): Value {
  if (x instanceof StarlarkDict) {
    const value = x.get(key, budget);
    if (value === undefined) throw new EvaluationError(`key ${repr(key, budget)} not in dict`);
    return value;
  }
  if (typeof x === "string") return x.charAt(position(x.length, key, "string"));
  if (x instanceof StarlarkList) return x.items[position(x.items.length, key, "list")] ?? null;
  if (x instanceof StarlarkTuple) return x.items[position(x.items.length, key, "tuple")] ?? null;
  if (x instanceof StarlarkRange) return x.at(position(x.length, key, "range"));
  if (x instanceof StarlarkBytes) {
    // As in starlark-go: a bytes of one byte, where Python gives an int.
    const at = position(x.data.length, key, "bytes");
    budget.charge(1, BYTES_BYTES);
    return new StarlarkBytes(x.data.slice(at, at + 1));
  }
  const byHost = x instanceof HostObject ? x.index(key, budget) : undefined;
  if (byHost !== undefined) return byHost;
  throw new EvaluationError(`unhandled index operation ${typeName(x)}[${typeName(key)}]`);
}

/** The offset that an index means, counting from the end when negative. */
function position(length: number, key: Value, type: string): number {
  const offset = toOffset(key, `${type} index: `);
  const at = offset < 0 ? offset + length : offset;
  if (at >= 0 && at < length) return at;
  if (length === 0) throw new EvaluationError(`index ${key} out of range: empty ${type}`);
  throw new EvaluationError(`${type} index ${key} out of range [${-length}:${length - 1}]`);
}

/** An int small enough to be an offset; errors begin with `prefix`. */
function toOffset(value: Value, prefix: string): number {
  if (!isInt(value)) throw new EvaluationError(`${prefix}got ${typeName(value)}, want int`);
  if (!isInt32(value)) throw new EvaluationError(`${prefix}${value} out of range`);
  return value;
}

/** `x[key] = value`. */
export function setIndex(x: Value, key: Value, value: Value, budget: Budget): void {
  if (x instanceof StarlarkDict) x.set(key, value, budget);
  else if (x instanceof StarlarkList) {
    const at = position(x.items.length, toOffset(key, ""), "list");
    x.checkMutable("assign to element of");
    x.items[at] = value;
  } else if (!(x instanceof HostObject && x.setIndex(key, value))) {
    throw new EvaluationError(`${typeName(x)} value does not support item assignment`);
  }
}

/** `x[low:high:step]`; None stands for what is left out. */
export function sliceValue(x: Value, low: Value, high: Value, step: Value, budget: Budget): Value {
  const length = sliceableLength(x);
  if (length === undefined) throw new EvaluationError(`invalid slice operand ${typeName(x)}`);
  const stride = step === null ? 1 : toOffset(step, "invalid slice step: ");
  if (stride === 0) throw new EvaluationError("zero is not a valid slice step");
  const [start, end] = sliceBounds(length, low, high, stride);
  const count = Math.max(0, Math.ceil((end - start) / stride));
  if (x instanceof StarlarkRange) {
    return new StarlarkRange(x.at(start), x.at(end), stride * x.step);
  }
  const around = x instanceof StarlarkBytes ? BYTES_BYTES : LIST_BYTES;
  const each = typeof x === "string" || x instanceof StarlarkBytes ? 1 : 8;
  budget.charge(stride === 1 ? count / 16 : count * 2, around + count * each);
  if (typeof x === "string") {
    return stride === 1 ? x.slice(start, end) : everyNth(start, count, stride, (i) => x.charAt(i)).join("");
  }
  if (x instanceof StarlarkBytes) {
    if (stride === 1) return new StarlarkBytes(x.data.slice(start, Math.max(start, end)));
    return new StarlarkBytes(Uint8Array.from(everyNth(start, count, stride, (i) => x.data[i] ?? 0)));
  }
  const { items } = x as StarlarkList | StarlarkTuple;
  const part =
    stride === 1
      ? items.slice(start, Math.max(start, end))
      : everyNth(start, count, stride, (i) => items[i] ?? null);
  return x instanceof StarlarkList ? new StarlarkList(part) : new StarlarkTuple(part);
}

function everyNth<Item>(start: number, count: number, stride: number, at: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, i) => at(start + i * stride));
}

function sliceableLength(x: Value): number | undefined {
  if (typeof x === "string") return x.length;
  if (x instanceof StarlarkList || x instanceof StarlarkTuple) return x.items.length;
  if (x instanceof StarlarkRange) return x.length;
  return x instanceof StarlarkBytes ? x.data.length : undefined;
}

function sliceBounds(length: number, low: Value, high: Value, stride: number): [start: number, end: number] {
  const clamp = (value: Value, absent: number, least: number, most: number, what: string) => {
    if (value === null) return absent;
    const offset = toOffset(value, what);
    return Math.min(Math.max(offset < 0 ? offset + length : offset, least), most);
  };
  if (stride > 0) {
    return [
      clamp(low, 0, 0, length, "invalid start index: "),
      clamp(high, length, 0, length, "invalid end index: "),
    ];
  }
  const start = clamp(low, length - 1, -1, length - 1, "invalid start index: ");
  return [start, clamp(high, -1, -1, length - 1, "invalid end index: ")];
}

/** `value in x`. */
export function contains(x: Value, value: Value, budget: Budget): boolean {
  if (typeof x === "string") {
    if (typeof value !== "string") {
      throw new EvaluationError(`'in <string>' requires string as left operand, not ${typeName(value)}`);
    }
    budget.charge(x.length / 256, 0);
    chargeSearch(x, value, budget);
    return x.includes(value);
  }
  if (x instanceof HeapValue) {
    if (x instanceof StarlarkDict) return hasKey(x, value, budget);
    if (x instanceof StarlarkSet) return x.has(value, budget);
    if (x instanceof StarlarkList || x instanceof StarlarkTuple) {
      budget.charge(x.items.length / 2, 0);
      return includesEqual(x.items, value, budget);
    }
    if (x instanceof StarlarkRange) return rangeContains(x, value);
    if (x instanceof StarlarkBytes) return bytesContain(x, value, budget);
    const byHost = x instanceof HostObject ? x.contains(value, budget) : undefined;
    if (byHost !== undefined) return byHost;
  }
  throw new EvaluationError(`unknown binary op: ${typeName(value)} in ${typeName(x)}`);
}

function includesEqual(items: readonly Value[], value: Value, budget: Budget): boolean {
  // Nothing but itself is equal to a string; an int can be equal to a float.
  if (typeof value === "string" && value.length < 256) return items.includes(value);
  // Comparing long texts and big ints is charged for, one by one.
  const isObject = typeof value !== "number" && typeof value !== "boolean";
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Value;
    if (isObject || typeof item === "object" ? equals(item, value, budget) : item === value) return true;
  }
  return false;
}

/** An unhashable value is in no dict; that is no error, as in starlark-go. */
function hasKey(dict: StarlarkDict, key: Value, budget: Budget): boolean {
  try {
    return dict.has(key, budget);
  } catch (error) {
    if (error instanceof EvaluationError) return false;
    throw error;
  }
}

function rangeContains(range: StarlarkRange, value: Value): boolean {
  if (value instanceof StarlarkFloat && Number.isFinite(value.value)) {
    return Number.isInteger(value.value) && range.includes(value.value);
  }
  if (!isInt(value))
    throw new EvaluationError(`'in <range>' requires integer as left operand, not ${typeName(value)}`);
  return typeof value === "number" && range.includes(value);
}

function bytesContain(bytes: StarlarkBytes, value: Value, budget: Budget): boolean {
  budget.charge(bytes.data.length / 16, 0);
  if (isInt(value)) {
    if (value < 0 || value > 255)
      throw new EvaluationError(`int in bytes: ${value} out of range (want value in unsigned 8-bit range)`);
    return bytes.data.includes(Number(value));
  }
  if (!(value instanceof StarlarkBytes)) {
    throw new EvaluationError(`'in bytes' requires bytes or int as left operand, not ${typeName(value)}`);
  }
  return containsBytes(bytes.data, value.data, budget);
}

/** Charges for every byte that is compared: what is looked for can begin in very many places. */
function containsBytes(data: Uint8Array, wanted: Uint8Array, budget: Budget): boolean {
  const [first] = wanted;
  if (first === undefined) return true;
  for (let at = data.indexOf(first); at >= 0; at = data.indexOf(first, at + 1)) {
    if (at + wanted.length > data.length) return false;
    let same = 1;
    while (same < wanted.length && data[at + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
    budget.charge(1 + same / 4, 0);
  }
  return false;
}
