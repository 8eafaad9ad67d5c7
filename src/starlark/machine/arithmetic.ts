/** `+ - * / // % & | ^ << >>` on values: what the machine's fast paths for small ints leave over. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { interpolate } from "../library/interpolation.ts";
import { isIterable } from "../value/arguments.ts";
import { BYTES_BYTES, StarlarkBytes } from "../value/bytes.ts";
import { EMPTY_DICT_BYTES, StarlarkDict } from "../value/dict.ts";
import { FLOAT_BYTES, StarlarkFloat } from "../value/float.ts";
import { type BinaryOperator, HostObject } from "../value/host-object.ts";
import {
  addInts,
  bitwiseInts,
  floorDivideInts,
  type Int,
  intToFloat,
  invertInt,
  isInt,
  moduloInts,
  multiplyInts,
  negateInt,
  shiftLeft,
  shiftRight,
  subtractInts,
} from "../value/int.ts";
import { collect } from "../value/iterate.ts";
import { LIST_BYTES, StarlarkList, StarlarkTuple } from "../value/list.ts";
import { StarlarkSet } from "../value/set.ts";
import { StarlarkStruct } from "../value/struct.ts";
import { typeName, type Value } from "../value/value.ts";
import { repeat } from "./repeat.ts";
import { differenceOfSets, intersectSets, symmetricDifferenceOfSets, uniteSets } from "./set-operators.ts";

/** `x op y`; throws `unknown binary op: int + string` for operands that do not go together. */
export function binaryOperation(operator: BinaryOperator, x: Value, y: Value, budget: Budget): Value {
  const result = builtinOperation(operator, x, y, budget);
  if (result !== undefined) return result;
  const byLeft = x instanceof HostObject ? x.binary(operator, y, false, budget) : undefined;
  if (byLeft !== undefined) return byLeft;
  const byRight = y instanceof HostObject ? y.binary(operator, x, true, budget) : undefined;
  if (byRight !== undefined) return byRight;
  throw new EvaluationError(`unknown binary op: ${typeName(x)} ${operator} ${typeName(y)}`);
}

function builtinOperation(operator: BinaryOperator, x: Value, y: Value, budget: Budget): Value | undefined {
  switch (operator) {
    case "+":
      return add(x, y, budget);
    case "-":
      if (isInt(x) && isInt(y)) return subtractInts(x, y, budget);
      if (x instanceof StarlarkSet && y instanceof StarlarkSet) return differenceOfSets(x, y, budget);
      return onFloats(x, y, budget, (a, b) => a - b);
    case "*":
      if (isInt(x) && isInt(y)) return multiplyInts(x, y, budget);
      return onFloats(x, y, budget, (a, b) => a * b) ?? repetition(x, y, budget);
    case "/":
      return divide(x, y, budget);
    case "//":
      if (isInt(x) && isInt(y)) return floorDivideInts(x, y, budget);
      return onFloats(x, y, budget, (a, b) => Math.floor(a / nonZero(b, "floored division by zero")));
    case "%":
      if (typeof x === "string") return interpolate(x, y, budget);
      if (isInt(x) && isInt(y)) return moduloInts(x, y, budget);
      return onFloats(x, y, budget, (a, b) => moduloFloats(a, nonZero(b, "floating-point modulo by zero")));
    default:
      return bitOperation(operator, x, y, budget);
  }
}

function bitOperation(
  operator: "&" | "|" | "^" | "<<" | ">>",
  x: Value,
  y: Value,
  budget: Budget,
): Value | undefined {
  if (operator === "<<" || operator === ">>") {
    if (!isInt(x)) return undefined;
    if (!isInt(y)) throw new EvaluationError(`got ${typeName(y)}, want int`);
    return operator === "<<" ? shiftLeft(x, y, budget) : shiftRight(x, y, budget);
  }
  if (isInt(x) && isInt(y)) return bitwiseInts(operator, x, y, budget);
  if (x instanceof StarlarkSet && y instanceof StarlarkSet) {
    if (operator === "&") return intersectSets(x, y, budget);
    return operator === "|" ? uniteSets(x, y, budget) : symmetricDifferenceOfSets(x, y, budget);
  }
  if (operator === "|" && x instanceof StarlarkDict && y instanceof StarlarkDict) {
    budget.charge(0, EMPTY_DICT_BYTES);
    const union = new StarlarkDict();
    addEntries(union, x, budget);
    addEntries(union, y, budget);
    return union;
  }
  return undefined;
}

/** Puts all entries of one dict into another. */
function addEntries(into: StarlarkDict, from: StarlarkDict, budget: Budget): void {
  budget.charge(from.size * 3, 0);
  for (const { key, value } of from.entries.values()) into.set(key, value, budget);
}

function add(x: Value, y: Value, budget: Budget): Value | undefined {
  if (isInt(x) && isInt(y)) return addInts(x, y, budget);
  if (typeof x === "string" && typeof y === "string") return concatenate(x, y, budget);
  if (x instanceof StarlarkList && y instanceof StarlarkList) {
    return new StarlarkList(joinItems(x.items, y.items, budget));
  }
  if (x instanceof StarlarkTuple && y instanceof StarlarkTuple) {
    return new StarlarkTuple(joinItems(x.items, y.items, budget));
  }
  if (x instanceof StarlarkBytes && y instanceof StarlarkBytes) {
    const length = x.data.length + y.data.length;
    budget.charge(length / 256, BYTES_BYTES + length);
    const data = new Uint8Array(length);
    data.set(x.data);
    data.set(y.data, x.data.length);
    return new StarlarkBytes(data);
  }
  if (x instanceof StarlarkStruct && y instanceof StarlarkStruct) return x.merge(y, budget);
  return onFloats(x, y, budget, (a, b) => a + b);
}

/** V8 holds no longer strings. */
const MAX_STRING_LENGTH = 1 << 29;

/** Joins two strings; V8 does so without copying, but the result is charged whole. */
export function concatenate(x: string, y: string, budget: Budget): string {
  const length = x.length + y.length;
  if (length >= MAX_STRING_LENGTH) throw new EvaluationError(`string too long: ${length} characters`);
  budget.charge(0, 16 + length);
  return x + y;
}

function joinItems(x: readonly Value[], y: readonly Value[], budget: Budget): Value[] {
  const length = x.length + y.length;
  budget.charge(length / 16, LIST_BYTES + length * 8);
  return x.concat(y);
}

function repetition(x: Value, y: Value, budget: Budget): Value | undefined {
  if (isInt(y)) return repeat(x, y, budget);
  return isInt(x) ? repeat(y, x, budget) : undefined;
}

function divide(x: Value, y: Value, budget: Budget): Value | undefined {
  return onFloats(x, y, budget, (a, b) => a / nonZero(b, "floating-point division by zero"));
}

/** Works on two floats, or on a float and an int made one; `/` works on two ints so, too. */
function onFloats(
  x: Value,
  y: Value,
  budget: Budget,
  operation: (x: number, y: number) => number,
): StarlarkFloat | undefined {
  const left = asFloat(x);
  const right = asFloat(y);
  if (left === undefined || right === undefined) return undefined;
  budget.charge(0, FLOAT_BYTES);
  return new StarlarkFloat(operation(left, right));
}

function asFloat(value: Value): number | undefined {
  if (value instanceof StarlarkFloat) return value.value;
  return isInt(value) ? intToFloat(value as Int) : undefined;
}

function nonZero(divisor: number, message: string): number {
  if (divisor === 0) throw new EvaluationError(message);
  return divisor;
}

/** Remainder with the sign of the divisor. */
function moduloFloats(x: number, y: number): number {
  const remainder = x % y;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

/** Of an element that is copied before it is added to an array that grows. */
const GROWING_COPY_BYTES = 36;

/** `x += y`: a list grows in place by the elements of any iterable. */
export function addInPlace(x: Value, y: Value, budget: Budget): Value {
  if (!(x instanceof StarlarkList) || !isIterable(y)) return binaryOperation("+", x, y, budget);
  x.checkMutable("apply += to");
  for (const item of collect(y, budget, undefined, GROWING_COPY_BYTES)) x.items.push(item);
  return x;
}

/** `x |= y`: a dict or set takes the other's entries in place. */
export function orInPlace(x: Value, y: Value, budget: Budget): Value {
  if (x instanceof StarlarkDict && y instanceof StarlarkDict) {
    x.checkMutable("apply |= to");
    if (x !== y) addEntries(x, y, budget);
    return x;
  }
  if (x instanceof StarlarkSet && y instanceof StarlarkSet) {
    x.checkMutable("apply |= to");
    if (x !== y) for (const element of y.elements.values()) x.add(element, budget);
    return x;
  }
  return binaryOperation("|", x, y, budget);
}

/** `x -= y`, `x &= y`, `x ^= y`: a set changes in place. */
export function combineInPlace(operator: "-" | "&" | "^", x: Value, y: Value, budget: Budget): Value {
  if (x instanceof StarlarkSet && y instanceof StarlarkSet) x.checkMutable(`apply ${operator}= to`);
  const result = binaryOperation(operator, x, y, budget);
  if (!(x instanceof StarlarkSet && result instanceof StarlarkSet)) return result;
  x.become(result, budget);
  return x;
}

/** `-x`, `+x`, `~x`. */
export function unaryOperation(operator: "-" | "+" | "~", x: Value, budget: Budget): Value {
  if (isInt(x)) {
    if (operator === "+") return x;
    if (typeof x === "bigint") return subtractInts(operator === "-" ? 0 : -1, x, budget);
    return operator === "-" ? negateInt(x) : invertInt(x);
  }
  if (x instanceof StarlarkFloat && operator !== "~") {
    if (operator === "+") return x;
    budget.charge(0, FLOAT_BYTES);
    return new StarlarkFloat(-x.value);
  }
  const byHost = x instanceof HostObject ? x.unary(operator) : undefined;
  if (byHost !== undefined) return byHost;
  throw new EvaluationError(`unknown unary op: ${operator} ${typeName(x)}`);
}
