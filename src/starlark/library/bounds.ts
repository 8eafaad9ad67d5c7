/** Optional start and end positions of string, list and bytes methods. */
import { EvaluationError } from "../errors.ts";
import { isInt } from "../value/int.ts";
import { typeName, type Value } from "../value/value.ts";

/**
 * The part from `start` to `end` of something so long: negative positions count from the end, None
 * and absent ones stand for the beginning and the end, and both are clamped. `end` is never before
 * `start`. Throws for a position that is not an int.
 */
export function bounds(
  length: number,
  start: Value | undefined,
  end: Value | undefined,
  name: string,
): [start: number, end: number] {
  const from = clamp(start, 0, length, `${name}: invalid start index`);
  return [from, Math.max(from, clamp(end, length, length, `${name}: invalid end index`))];
}

function clamp(position: Value | undefined, absent: number, length: number, what: string): number {
  if (position === undefined || position === null) return absent;
  if (!isInt(position)) throw new EvaluationError(`${what}: got ${typeName(position)}, want int`);
  const offset = Number(position);
  return Math.min(Math.max(offset < 0 ? offset + length : offset, 0), length);
}

/** The offset that an index means, from 0 to length - 1; throws for one that is out of range. */
export function offsetOf(length: number, index: Value, type: string): number {
  if (!isInt(index)) throw new EvaluationError(`${type} index: got ${typeName(index)}, want int`);
  const offset = index < 0 ? Number(index) + length : Number(index);
  if (offset >= 0 && offset < length) return offset;
  if (length === 0) throw new EvaluationError(`index ${index} out of range: empty ${type}`);
  throw new EvaluationError(`${type} index ${index} out of range [${-length}:${length - 1}]`);
}
