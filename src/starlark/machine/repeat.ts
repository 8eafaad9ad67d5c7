/** `sequence * count`. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { BYTES_BYTES, StarlarkBytes } from "../value/bytes.ts";
import { type Int, isInt32 } from "../value/int.ts";
import { LIST_BYTES, StarlarkList, StarlarkTuple } from "../value/list.ts";
import type { Value } from "../value/value.ts";

/** More elements than this are an error whatever the budget, because V8 cannot hold them. */
const MAX_LENGTH = 1 << 28;

/** While an array grows, there is for a moment what it was before, too. */
const GROWING_SLOT_BYTES = 12;

/** Repeats a string, bytes, list or tuple; undefined for other values. */
export function repeat(value: Value, count: Int, budget: Budget): Value | undefined {
  if (typeof value === "string") {
    const times = repetitions(value.length, count);
    budget.charge((value.length * times) / 256, 16 + value.length * times);
    return value.repeat(times);
  }
  if (value instanceof StarlarkBytes) {
    const times = repetitions(value.data.length, count);
    const length = value.data.length * times;
    budget.charge(length / 256, BYTES_BYTES + length);
    const data = new Uint8Array(length);
    data.set(value.data.subarray(0, length));
    // What is there is doubled until it fills all.
    for (let done = value.data.length; done < length; done *= 2) data.copyWithin(done, 0, done);
    return new StarlarkBytes(data);
  }
  if (value instanceof StarlarkList) return new StarlarkList(repeatItems(value.items, count, budget));
  if (value instanceof StarlarkTuple) return new StarlarkTuple(repeatItems(value.items, count, budget));
  return undefined;
}

function repeatItems(items: readonly Value[], count: Int, budget: Budget): Value[] {
  const times = repetitions(items.length, count);
  budget.charge((items.length * times) / 16, LIST_BYTES + items.length * times * GROWING_SLOT_BYTES);
  const result: Value[] = [];
  for (let i = 0; i < times; i++) for (const item of items) result.push(item);
  return result;
}

/** How many times to repeat so many elements; throws when the result would be too large. */
function repetitions(length: number, count: Int): number {
  if (length === 0) return 0;
  if (!isInt32(count)) throw new EvaluationError(`repeat count ${count} too large`);
  const times = Number(count);
  if (length * times > MAX_LENGTH) {
    throw new EvaluationError(`excessive repeat (${length} * ${times} elements)`);
  }
  return Math.max(0, times);
}
