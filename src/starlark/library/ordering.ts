/** `sorted`, `min` and `max`. Key functions run as calls of the machine, once per element, in order. */

import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import type { CallContext, CallResult } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import { compareBy } from "../value/equality.ts";
import type { Builtin } from "../value/function.ts";
import { collect } from "../value/iterate.ts";
import { StarlarkList } from "../value/list.ts";
import type { Value } from "../value/value.ts";

export const sorted = defineBuiltin(
  "sorted",
  "iterable: iterable, /, *, key??: callable, reverse?: bool",
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
  const order = orderFor(items, budget);
  // Turning the comparison around, not the result, keeps equal elements in their order.
  return items.sort(reverse ? (x, y) => order(y, x) : order);
}

function sortByKeys(
  items: readonly Value[],
  keys: readonly Value[],
  reverse: boolean,
  budget: Budget,
): Value[] {
  chargeSort(items.length, budget);
  const order = orderFor(keys, budget);
  const byKey = (i: number, j: number) => order(keys[i] ?? null, keys[j] ?? null);
  const places = Array.from(keys.keys()).sort(reverse ? (i, j) => byKey(j, i) : byKey);
  return places.map((place) => items[place] ?? null);
}

type Order = (x: Value, y: Value) => number;

/** Values that are all small ints or all short strings are compared without a detour. */
function orderFor(values: readonly Value[], budget: Budget): Order {
  if (values.every((value) => typeof value === "number")) return (x, y) => (x as number) - (y as number);
  if (values.every((value) => typeof value === "string" && value.length < 256)) {
    return (x, y) => ((x as string) < (y as string) ? -1 : x === y ? 0 : 1);
  }
  return (x, y) => {
    budget.charge(1, 0);
    if (compareBy("<", x, y, budget)) return -1;
    return compareBy("<", y, x, budget) ? 1 : 0;
  };
}

export const min = extremum("min", "<");

export const max = extremum("max", ">");

function extremum(name: string, operator: "<" | ">"): Builtin {
  return defineBuiltin(
    name,
    "*args, key??: callable",
    (ctx: CallContext, key: Value | undefined, args: Value[]) => {
      const [only] = args;
      if (only === undefined) throw new EvaluationError(`${name} requires at least one positional argument`);
      const items = args.length > 1 ? args : collect(only, ctx.budget, name);
      if (items.length === 0) throw new EvaluationError(`${name}: argument is an empty sequence`);
      const choose = (keys: readonly Value[]): CallResult => items[first(keys, operator, ctx.budget)] ?? null;
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
