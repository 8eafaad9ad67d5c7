/** `==` and `<` on values. */
import { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { compareBytes, StarlarkBytes } from "./bytes.ts";
import { StarlarkDict } from "./dict.ts";
import { compareFloats, StarlarkFloat } from "./float.ts";
import { HostObject } from "./host-object.ts";
import { chargeComparison, compareIntWithFloat, type Int, isInt } from "./int.ts";
import { StarlarkList, StarlarkTuple } from "./list.ts";
import { StarlarkRange } from "./range.ts";
import { StarlarkSet } from "./set.ts";
import { HeapValue, typeName, type Value } from "./value.ts";

/** Deeper data is not compared: it may be cyclic. */
const MAX_DEPTH = 500;

export type OrderOperator = "<" | "<=" | ">" | ">=";

/** `x == y`; charges the budget for every element compared. */
export function equals(x: Value, y: Value, budget: Budget = new Budget()): boolean {
  return equalAt(x, y, budget, 0);
}

function equalAt(x: Value, y: Value, budget: Budget, depth: number): boolean {
  if (!(x instanceof HeapValue)) {
    if (typeof x === "string" && typeof y === "string" && x.length === y.length && x.length > 256) {
      budget.charge(x.length / 256, 0);
    }
    if (typeof x === "bigint" && typeof y === "bigint") chargeComparison(x, y, budget);
    return x === y || (y instanceof StarlarkFloat && isInt(x) && compareIntWithFloat(x, y.value) === 0);
  }
  if (x instanceof StarlarkFloat) {
    if (y instanceof StarlarkFloat) return compareFloats(x.value, y.value) === 0;
    return isInt(y) && compareIntWithFloat(y, x.value) === 0;
  }
  if (depth >= MAX_DEPTH) throw new EvaluationError("comparison exceeded maximum recursion depth");
  if (x instanceof StarlarkList) {
    return y instanceof StarlarkList && equalItems(x.items, y.items, budget, depth);
  }
  if (x instanceof StarlarkTuple) {
    return y instanceof StarlarkTuple && equalItems(x.items, y.items, budget, depth);
  }
  if (x instanceof StarlarkDict) return y instanceof StarlarkDict && equalDicts(x, y, budget, depth);
  if (x instanceof StarlarkSet) return y instanceof StarlarkSet && equalSets(x, y, budget);
  if (x instanceof StarlarkBytes) {
    if (!(y instanceof StarlarkBytes) || x.data.length !== y.data.length) return false;
    budget.charge(x.data.length / 16, 0);
    return compareBytes(x.data, y.data) === 0;
  }
  if (x instanceof StarlarkRange) return y instanceof StarlarkRange && equalRanges(x, y);
  if (x === y) return true;
  if (x instanceof HostObject && y instanceof HostObject && x.type === y.type) {
    const left = x.content();
    const right = y.content();
    if (left === undefined || right === undefined) return false;
    chargeContent(left, right, budget);
    return equalAt(left, right, budget, depth + 1);
  }
  return false;
}

/** A struct of many fields tells its content in a tuple that has to be made first. */
function chargeContent(x: Value, y: Value, budget: Budget): void {
  if (x instanceof StarlarkTuple) budget.charge(x.items.length, 0);
  if (y instanceof StarlarkTuple) budget.charge(y.items.length, 0);
}

function equalItems(x: readonly Value[], y: readonly Value[], budget: Budget, depth: number): boolean {
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) {
    budget.charge(1, 0);
    if (!equalAt(x[i] ?? null, y[i] ?? null, budget, depth + 1)) return false;
  }
  return true;
}

function equalDicts(x: StarlarkDict, y: StarlarkDict, budget: Budget, depth: number): boolean {
  if (x.size !== y.size) return false;
  budget.charge(x.gaps / 8, 0);
  for (const [key, entry] of x.entries) {
    budget.charge(2, 0);
    const other = y.entries.get(key);
    if (other === undefined || !equalAt(entry.value, other.value, budget, depth + 1)) return false;
  }
  return true;
}

function equalSets(x: StarlarkSet, y: StarlarkSet, budget: Budget): boolean {
  if (x.size !== y.size) return false;
  budget.charge(x.size, 0);
  for (const key of x.elements.keys()) if (!y.elements.has(key)) return false;
  return true;
}

function equalRanges(x: StarlarkRange, y: StarlarkRange): boolean {
  if (x.length !== y.length) return false;
  if (x.length === 0) return true;
  return x.start === y.start && (x.length === 1 || x.step === y.step);
}

/** `x < y` and the like; throws `int < string not implemented` for what has no order. */
export function compareBy(operator: OrderOperator, x: Value, y: Value, budget: Budget): boolean {
  return compareAt(operator, x, y, budget, 0);
}

function compareAt(operator: OrderOperator, x: Value, y: Value, budget: Budget, depth: number): boolean {
  const order = orderOf(x, y, budget);
  if (order !== undefined) return holds(operator, order);
  if (x instanceof StarlarkList && y instanceof StarlarkList) {
    return compareItems(operator, x.items, y.items, budget, depth);
  }
  if (x instanceof StarlarkTuple && y instanceof StarlarkTuple) {
    return compareItems(operator, x.items, y.items, budget, depth);
  }
  if (x instanceof StarlarkSet && y instanceof StarlarkSet) return compareSets(operator, x, y, budget);
  if (x instanceof HostObject && y instanceof HostObject && x.type === y.type && x.ordered) {
    const left = x.content() ?? null;
    const right = y.content() ?? null;
    chargeContent(left, right, budget);
    return compareAt(operator, left, right, budget, depth + 1);
  }
  throw new EvaluationError(`${typeName(x)} ${operator} ${typeName(y)} not implemented`);
}

/**
 * The order of two values: negative, zero or positive; zero also for sets neither of which includes the
 * other. Throws as `compareBy` with `<` does.
 */
export function compareThreeWay(x: Value, y: Value, budget: Budget): number {
  return threeWayAt(x, y, budget, 0);
}

function threeWayAt(x: Value, y: Value, budget: Budget, depth: number): number {
  const areTuples = x instanceof StarlarkTuple && y instanceof StarlarkTuple;
  if (!areTuples && !(x instanceof StarlarkList && y instanceof StarlarkList)) {
    const order = orderOf(x, y, budget);
    if (order !== undefined) return order;
    if (compareAt("<", x, y, budget, depth)) return -1;
    return compareAt("<", y, x, budget, depth) ? 1 : 0;
  }
  if (depth >= MAX_DEPTH) throw new EvaluationError("comparison exceeded maximum recursion depth");
  const left = x.items;
  const right = y.items;
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    budget.charge(1, 0);
    const a = left[i] ?? null;
    const b = right[i] ?? null;
    if (typeof a === "number" && typeof b === "number") {
      if (a !== b) return a - b;
    } else if (!equalAt(a, b, budget, depth + 1)) return threeWayAt(a, b, budget, depth + 1);
  }
  return left.length - right.length;
}

function holds(operator: OrderOperator, order: number): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Order of two scalars, undefined when they are not scalars of comparable types. */
function orderOf(x: Value, y: Value, budget: Budget): number | undefined {
  if (isInt(x)) {
    if (typeof x === "bigint" && typeof y === "bigint") chargeComparison(x, y, budget);
    if (isInt(y)) return compareNumbers(x, y);
    return y instanceof StarlarkFloat ? compareIntWithFloat(x, y.value) : undefined;
  }
  if (x instanceof StarlarkFloat) {
    if (y instanceof StarlarkFloat) return compareFloats(x.value, y.value);
    return isInt(y) ? -compareIntWithFloat(y, x.value) : undefined;
  }
  if (typeof x === "string" && typeof y === "string") {
    const shorter = Math.min(x.length, y.length);
    if (shorter > 256) budget.charge(shorter / 256, 0);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (typeof x === "boolean" && typeof y === "boolean") return Number(x) - Number(y);
  if (x instanceof StarlarkBytes && y instanceof StarlarkBytes) {
    budget.charge(Math.min(x.data.length, y.data.length) / 16, 0);
    return compareBytes(x.data, y.data);
  }
  return undefined;
}

function compareNumbers(x: Int, y: Int): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareItems(
  operator: OrderOperator,
  x: readonly Value[],
  y: readonly Value[],
  budget: Budget,
  depth: number,
): boolean {
  if (depth >= MAX_DEPTH) throw new EvaluationError("comparison exceeded maximum recursion depth");
  const shorter = Math.min(x.length, y.length);
  for (let i = 0; i < shorter; i++) {
    budget.charge(1, 0);
    const left = x[i] ?? null;
    const right = y[i] ?? null;
    if (!equalAt(left, right, budget, depth + 1)) return compareAt(operator, left, right, budget, depth + 1);
  }
  return holds(operator, x.length - y.length);
}

/** Sets are ordered by inclusion. */
function compareSets(operator: OrderOperator, x: StarlarkSet, y: StarlarkSet, budget: Budget): boolean {
  if (operator === ">" || operator === ">=") {
    return compareSets(operator === ">" ? "<" : "<=", y, x, budget);
  }
  if (operator === "<" ? x.size >= y.size : x.size > y.size) return false;
  budget.charge(x.size, 0);
  for (const key of x.elements.keys()) if (!y.elements.has(key)) return false;
  return true;
}
