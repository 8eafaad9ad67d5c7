/** `sorted`, `min` and `max`. Key functions run as calls of the machine, once per element, in order. */

import type { Budget } from "../budget.ts";
import { BudgetError, EvaluationError } from "../errors.ts";
import type { CallContext, CallResult } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import { compareBy, compareThreeWay } from "../value/equality.ts";
import type { Builtin } from "../value/function.ts";
import { collect } from "../value/iterate.ts";
import { StarlarkList } from "../value/list.ts";
import type { Value } from "../value/value.ts";
import { mergeSort } from "./merge-sort.ts";
import { naming } from "./named-errors.ts";

export const sorted = defineBuiltin(
  "sorted",
  "iterable: iterable, /, *, key?: callable, reverse?: bool",
  (ctx, iterable: Value, key?: Value, reverse?: boolean) => {
    const items = collect(iterable, ctx.budget);
    if (key === undefined) return new StarlarkList(sortValues(items, reverse ?? false, ctx.budget));
    return ctx.callEach(key, items, (keys) => {
      return new StarlarkList(sortByKeys(items, keys, reverse ?? false, ctx.budget));
    });
  },
);

/** Sorting is charged for the comparisons it is going to make. */
function chargeSort(count: number, budget: Budget): void {
  budget.charge(count * Math.log2(count + 1), count * 8);
}

function sortValues(items: Value[], reverse: boolean, budget: Budget): Value[] {
  chargeSort(items.length, budget);
  if (items.every((item) => typeof item === "number")) {
    // Equal ints cannot be told apart, so they need no stable sort; that of typed arrays is the fastest.
    const sortedItems = Float64Array.from(items).sort();
    return Array.from(reverse ? sortedItems.reverse() : sortedItems);
  }
  if (items.every(isShortString)) {
    // The same holds for strings, which JavaScript sorts as Starlark does when left to itself.
    items.sort();
    return reverse ? items.reverse() : items;
  }
  return blaming(items.slice(), budget, () => sortBy(items, orderFor(items, budget), reverse));
}

function sortByKeys(
  items: readonly Value[],
  keys: readonly Value[],
  reverse: boolean,
  budget: Budget,
): Value[] {
  chargeSort(items.length, budget);
  const packed = packWithPlaces(keys, reverse);
  if (packed !== undefined) {
    const count = items.length;
    return Array.from(packed.sort(), (pair) => items[pair - Math.floor(pair / count) * count] ?? null);
  }
  const order = orderFor(keys, budget);
  const byKey = (i: number, j: number) => order(keys[i] ?? null, keys[j] ?? null);
  const places = blaming(keys, budget, () => sortBy(Array.from(keys.keys()), byKey, reverse));
  return places.map((place) => items[place] ?? null);
}

/**
 * Keys that are ints, each together with its place in one number, so that sorting those sorts keys and
 * places at once, and stably. Undefined when the keys are no ints, or too large for that.
 */
function packWithPlaces(keys: readonly Value[], reverse: boolean): Float64Array | undefined {
  const count = keys.length;
  // Far enough from the limit of safe ints for the quotient by `count` to be exact enough.
  const limit = Math.floor(2 ** 50 / count) - 1;
  const packed = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const key = keys[i];
    if (typeof key !== "number" || key > limit || key < -limit) return undefined;
    packed[i] = (reverse ? -key : key) * count + i;
  }
  return packed;
}

/** Stable in both directions: the comparison is turned around, not the result. */
function sortBy<Item>(items: Item[], order: (x: Item, y: Item) => number, reverse: boolean): Item[] {
  mergeSort(items, reverse ? (x, y) => order(y, x) : order);
  return items;
}

/** Sorts; where values cannot be compared, the error names the last two neighbours that cannot (starlark-go). */
function blaming<Result>(values: readonly Value[], budget: Budget, sort: () => Result): Result {
  try {
    return sort();
  } catch (error) {
    if (error instanceof BudgetError) throw error;
    let last = error;
    for (let i = 1; i < values.length; i++) {
      try {
        compareBy("<", values[i] ?? null, values[i - 1] ?? null, budget);
      } catch (failure) {
        last = failure;
      }
    }
    throw last;
  }
}

type Order = (x: Value, y: Value) => number;

/** Values that are all small ints or all short strings are compared without a detour. */
function orderFor(values: readonly Value[], budget: Budget): Order {
  if (values.every((value) => typeof value === "number")) return (x, y) => (x as number) - (y as number);
  if (values.every(isShortString)) {
    return (x, y) => ((x as string) < (y as string) ? -1 : x === y ? 0 : 1);
  }
  return (x, y) => {
    budget.charge(1, 0);
    return compareThreeWay(x, y, budget);
  };
}

/** A string that is compared with another in about one step. */
function isShortString(value: Value): boolean {
  return typeof value === "string" && value.length < 256;
}

export const min = extremum("min", "<");

export const max = extremum("max", ">");

function extremum(name: string, operator: "<" | ">"): Builtin {
  return defineBuiltin(
    name,
    "*args, key?: callable",
    (ctx: CallContext, key: Value | undefined, args: Value[]) => {
      const [only] = args;
      if (only === undefined) throw new EvaluationError(`${name} requires at least one positional argument`);
      const items = args.length > 1 ? args : naming(name, () => collect(only, ctx.budget));
      if (items.length === 0) throw new EvaluationError(`${name}: argument is an empty sequence`);
      const choose = (keys: readonly Value[]): CallResult =>
        items[naming(name, () => first(keys, operator, ctx.budget))] ?? null;
      return key === undefined ? choose(items) : ctx.callEach(key, items, choose);
    },
  );
}

/** The index of the first value that comes before all others. */
function first(values: readonly Value[], operator: "<" | ">", budget: Budget): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    budget.charge(1, 0);
    if (compareBy(operator, values[i] ?? null, values[best] ?? null, budget)) best = i;
  }
  return best;
}
