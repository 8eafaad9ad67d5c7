/** The methods of lists. */
import { EvaluationError } from "../errors.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import { equals } from "../value/equality.ts";
import type { Builtin } from "../value/function.ts";
import { type Int, isInt } from "../value/int.ts";
import { collect } from "../value/iterate.ts";
import type { StarlarkList } from "../value/list.ts";
import { typeName, type Value } from "../value/value.ts";
import { bounds, offsetOf } from "./bounds.ts";
import { naming } from "./named-errors.ts";

const SLOT_BYTES = 8;
/** Of an element, with the room that an array has to spare and the smaller one that it leaves behind. */
const GROWING_SLOT_BYTES = 24;
/** Of an element that is copied before it is added to an array that grows. */
const GROWING_COPY_BYTES = 36;
/** Moving elements by one place is charged a step for so many of them. */
const MOVED_PER_STEP = 64;

const append = defineMethod("append", "x, /", (ctx, list: StarlarkList, item: Value) => {
  naming("append", () => list.checkMutable("append to"));
  ctx.charge(0, GROWING_SLOT_BYTES);
  list.items.push(item);
  return null;
});

const clear = defineMethod("clear", "", (_ctx, list: StarlarkList) => {
  naming("clear", () => list.checkMutable("clear"));
  list.items.length = 0;
  return null;
});

const extend = defineMethod("extend", "iterable: iterable, /", (ctx, list: StarlarkList, iterable: Value) => {
  naming("extend", () => list.checkMutable("extend"));
  // Collected first, so that a list can be extended by itself.
  for (const item of collect(iterable, ctx.budget, undefined, GROWING_COPY_BYTES)) list.items.push(item);
  return null;
});

const index = defineMethod(
  "index",
  "x, start?, end?, /",
  (ctx, list: StarlarkList, wanted: Value, start?: Value, end?: Value) => {
    const [from, to] = bounds(list.items.length, start, end, "index");
    for (let i = from; i < to; i++) {
      ctx.charge(1, 0);
      if (equals(list.items[i] ?? null, wanted, ctx.budget)) return i;
    }
    throw new EvaluationError("index: value not in list");
  },
);

const insert = defineMethod("insert", "index, x, /", (ctx, list: StarlarkList, at: Value, item: Value) => {
  naming("insert", () => list.checkMutable("insert into"));
  if (!isInt(at)) throw new EvaluationError(`insert: for parameter 1: got ${typeName(at)}, want int`);
  const [from] = bounds(list.items.length, at, undefined, "insert");
  ctx.charge((list.items.length - from) / MOVED_PER_STEP, SLOT_BYTES * 2);
  if (from === list.items.length) list.items.push(item);
  else list.items.splice(from, 0, item);
  return null;
});

const pop = defineMethod("pop", "index?, /", (ctx, list: StarlarkList, position?: Value) => {
  if (position !== undefined && !isInt(position)) {
    throw new EvaluationError(`pop: for parameter 1: got ${typeName(position)}, want int`);
  }
  naming("pop", () => list.checkMutable("pop from"));
  const last = list.items.length - 1;
  const at = naming("pop", () => offsetOf(last + 1, (position as Int | undefined) ?? -1, "list"));
  if (at === last) return list.items.pop() ?? null;
  ctx.charge((last - at) / MOVED_PER_STEP, 0);
  return list.items.splice(at, 1)[0] ?? null;
});

const remove = defineMethod("remove", "x, /", (ctx, list: StarlarkList, wanted: Value) => {
  naming("remove", () => list.checkMutable("remove from"));
  for (let i = 0; i < list.items.length; i++) {
    ctx.charge(1, 0);
    if (!equals(list.items[i] ?? null, wanted, ctx.budget)) continue;
    ctx.charge((list.items.length - i) / MOVED_PER_STEP, 0);
    list.items.splice(i, 1);
    return null;
  }
  throw new EvaluationError("remove: element not found");
});

const methods: readonly Builtin[] = [append, clear, extend, index, insert, pop, remove];

export const listMethods: MethodTable = new Map(methods.map((method) => [method.name, method]));
