/** The methods of sets; those that take other collections take any iterable. */
import { EvaluationError } from "../errors.ts";
import { isIterable } from "../value/arguments.ts";
import type { CallContext } from "../value/call.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import type { Builtin } from "../value/function.ts";
import { collect } from "../value/iterate.ts";
import { EMPTY_SET_BYTES, StarlarkSet } from "../value/set.ts";
import { typeName, type Value } from "../value/value.ts";
import { naming } from "./named-errors.ts";

/** The elements of an iterable as a set; a set is taken as it is. */
function asSet(ctx: CallContext, name: string, value: Value): StarlarkSet {
  if (value instanceof StarlarkSet) return value;
  if (!isIterable(value)) {
    throw new EvaluationError(`${name}: for parameter 1: got ${typeName(value)}, want iterable`);
  }
  return naming(name, () => StarlarkSet.of(collect(value, ctx.budget), ctx.budget));
}

function asSets(ctx: CallContext, name: string, values: readonly Value[]): StarlarkSet[] {
  return values.map((value) => asSet(ctx, name, value));
}

/** The elements of a set that a test keeps, as a new set. */
function filter(ctx: CallContext, set: StarlarkSet, keeps: (element: Value) => boolean): StarlarkSet {
  ctx.charge(0, EMPTY_SET_BYTES);
  const kept = new StarlarkSet();
  for (const element of set.elements.values()) {
    ctx.charge(1, 0);
    if (keeps(element)) kept.add(element, ctx.budget);
  }
  return kept;
}

function isIn(ctx: CallContext, set: StarlarkSet, element: Value): boolean {
  return set.has(element, ctx.budget);
}

function intersect(ctx: CallContext, set: StarlarkSet, others: readonly StarlarkSet[]): StarlarkSet {
  return filter(ctx, set, (element) => others.every((other) => isIn(ctx, other, element)));
}

function subtract(ctx: CallContext, set: StarlarkSet, others: readonly StarlarkSet[]): StarlarkSet {
  return filter(ctx, set, (element) => !others.some((other) => isIn(ctx, other, element)));
}

/** The elements that are in one of two sets only: first those of the first. */
function exclude(ctx: CallContext, set: StarlarkSet, other: StarlarkSet): StarlarkSet {
  const result = subtract(ctx, set, [other]);
  for (const element of subtract(ctx, other, [set]).elements.values()) result.add(element, ctx.budget);
  return result;
}

function addAll(ctx: CallContext, name: string, set: StarlarkSet, others: readonly Value[]): void {
  for (const [i, other] of others.entries()) {
    if (!isIterable(other)) {
      throw new EvaluationError(`${name}: argument #${i + 1} is not iterable: ${typeName(other)}`);
    }
    naming(name, () => {
      for (const element of collect(other, ctx.budget)) set.add(element, ctx.budget);
    });
  }
}

function isSubset(ctx: CallContext, set: StarlarkSet, of: StarlarkSet): boolean {
  ctx.charge(set.size, 0);
  if (set.size > of.size) return false;
  for (const key of set.elements.keys()) if (!of.elements.has(key)) return false;
  return true;
}

// Methods that make a new set, or tell something.

const difference = defineMethod("difference", "*others", (ctx, set: StarlarkSet, others: Value[]) =>
  subtract(ctx, set, asSets(ctx, "difference", others)),
);

const intersection = defineMethod("intersection", "*others", (ctx, set: StarlarkSet, others: Value[]) =>
  intersect(ctx, set, asSets(ctx, "intersection", others)),
);

const symmetricDifference = defineMethod(
  "symmetric_difference",
  "other, /",
  (ctx, set: StarlarkSet, other: Value) => exclude(ctx, set, asSet(ctx, "symmetric_difference", other)),
);

const union = defineMethod("union", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  const result = StarlarkSet.of(set.elements.values(), ctx.budget);
  addAll(ctx, "union", result, others);
  return result;
});

const isdisjoint = defineMethod("isdisjoint", "other, /", (ctx, set: StarlarkSet, other: Value) => {
  const others = asSet(ctx, "isdisjoint", other);
  ctx.charge(set.size, 0);
  for (const key of set.elements.keys()) if (others.elements.has(key)) return false;
  return true;
});

const issubset = defineMethod("issubset", "other, /", (ctx, set: StarlarkSet, other: Value) =>
  isSubset(ctx, set, asSet(ctx, "issubset", other)),
);

const issuperset = defineMethod("issuperset", "other, /", (ctx, set: StarlarkSet, other: Value) =>
  isSubset(ctx, asSet(ctx, "issuperset", other), set),
);

// Methods that change the set. Whether it may change is checked even when nothing would (starlark-go).

const add = defineMethod("add", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  naming("add", () => set.add(element, ctx.budget));
  return null;
});

const clear = defineMethod("clear", "", (_ctx, set: StarlarkSet) => {
  if (set.size > 0) naming("clear", () => set.clear());
  return null;
});

const discard = defineMethod("discard", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  naming("discard", () => set.delete(element, ctx.budget));
  return null;
});

const pop = defineMethod("pop", "", (_ctx, set: StarlarkSet) => {
  const element = naming("pop", () => set.shift());
  if (element === undefined) throw new EvaluationError("pop: empty set");
  return element;
});

const remove = defineMethod("remove", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  const removed = naming("remove", () => set.delete(element, ctx.budget));
  if (!removed) throw new EvaluationError("remove: missing key");
  return null;
});

const update = defineMethod("update", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  naming("update", () => set.checkMutable("insert into"));
  addAll(ctx, "update", set, others);
  return null;
});

const differenceUpdate = defineMethod(
  "difference_update",
  "*others",
  (ctx, set: StarlarkSet, others: Value[]) => {
    naming("difference_update", () => set.checkMutable("delete from"));
    set.become(subtract(ctx, set, asSets(ctx, "difference_update", others)), ctx.budget);
    return null;
  },
);

const intersectionUpdate = defineMethod(
  "intersection_update",
  "*others",
  (ctx, set: StarlarkSet, others: Value[]) => {
    naming("intersection_update", () => set.checkMutable("delete from"));
    set.become(intersect(ctx, set, asSets(ctx, "intersection_update", others)), ctx.budget);
    return null;
  },
);

const symmetricDifferenceUpdate = defineMethod(
  "symmetric_difference_update",
  "other, /",
  (ctx, set: StarlarkSet, other: Value) => {
    naming("symmetric_difference_update", () => set.checkMutable("insert into"));
    set.become(exclude(ctx, set, asSet(ctx, "symmetric_difference_update", other)), ctx.budget);
    return null;
  },
);

const methods: readonly Builtin[] = [
  add,
  clear,
  difference,
  differenceUpdate,
  discard,
  intersection,
  intersectionUpdate,
  isdisjoint,
  issubset,
  issuperset,
  pop,
  remove,
  symmetricDifference,
  symmetricDifferenceUpdate,
  union,
  update,
];

export const setMethods: MethodTable = new Map(methods.map((method) => [method.name, method]));
