/** The functions that look at, count or pair up the elements of iterables. */
import { EvaluationError } from "../errors.ts";
import type { CallContext } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import type { Int } from "../value/int.ts";
import { collect, type Iteration, iterate, lengthOf } from "../value/iterate.ts";
import { StarlarkList, StarlarkTuple } from "../value/list.ts";
import { StarlarkRange } from "../value/range.ts";
import { truth, typeName, type Value } from "../value/value.ts";

const RANGE_BYTES = 64;
const PAIR_BYTES = 96;

export const len = defineBuiltin("len", "x, /", (_ctx, x: Value) => {
  const length = lengthOf(x);
  if (length === undefined) throw new EvaluationError(`len: value of type ${typeName(x)} has no len`);
  return length;
});

export const all = defineBuiltin(
  "all",
  "iterable: iterable, /",
  (ctx, iterable: Value) => !anyElement(ctx, iterable, (element) => !truth(element)),
);

export const any = defineBuiltin("any", "iterable: iterable, /", (ctx, iterable: Value) =>
  anyElement(ctx, iterable, truth),
);

function anyElement(ctx: CallContext, iterable: Value, holds: (element: Value) => boolean): boolean {
  const iteration = iterate(iterable, ctx.budget);
  try {
    for (let element = iteration?.next(); element !== undefined; element = iteration?.next()) {
      ctx.charge(1, 0);
      if (holds(element)) return true;
    }
    return false;
  } finally {
    iteration?.release();
  }
}

export const enumerate = defineBuiltin(
  "enumerate",
  "iterable: iterable, start?: index, /",
  (ctx, iterable: Value, start?: number) => {
    const first = start ?? 0;
    const items = collect(iterable, ctx.budget, undefined, PAIR_BYTES);
    return new StarlarkList(items.map((item, i) => new StarlarkTuple([first + i, item])));
  },
);

export const zip = defineBuiltin("zip", "*iterables", (ctx, iterables: Value[]) => {
  const iterations: Iteration[] = [];
  try {
    for (const [i, iterable] of iterables.entries()) {
      const iteration = iterate(iterable, ctx.budget);
      if (iteration === undefined) {
        throw new EvaluationError(`zip: argument #${i + 1} is not iterable: ${typeName(iterable)}`);
      }
      iterations.push(iteration);
    }
    return new StarlarkList(zipAll(ctx, iterations));
  } finally {
    for (const iteration of iterations) iteration.release();
  }
});

function zipAll(ctx: CallContext, iterations: readonly Iteration[]): Value[] {
  const rows: Value[] = [];
  while (iterations.length > 0) {
    ctx.charge(2 * iterations.length, 80 + iterations.length * 8);
    const row: Value[] = [];
    for (const iteration of iterations) {
      const element = iteration.next();
      if (element === undefined) return rows;
      row.push(element);
    }
    rows.push(new StarlarkTuple(row));
  }
  return rows;
}

export const reversed = defineBuiltin(
  "reversed",
  "iterable: iterable, /",
  (ctx, iterable: Value) => new StarlarkList(collect(iterable, ctx.budget).reverse()),
);

export const range = defineBuiltin(
  "range",
  "start_or_stop: int, stop?: int, step?: int, /",
  (ctx, startOrStop: Int, stop?: Int, step?: Int) => {
    ctx.charge(0, RANGE_BYTES);
    const start = stop === undefined ? 0 : startOrStop;
    const end = stop ?? startOrStop;
    if (step === 0) throw new EvaluationError("range: step argument must not be zero");
    return new StarlarkRange(safe(start), safe(end), safe(step ?? 1));
  },
);

/** Elements of a range are ints that need no bigint. */
function safe(value: Int): number {
  if (typeof value === "number") return value;
  throw new EvaluationError(`range: ${value} out of range (want value in signed 53-bit range)`);
}
