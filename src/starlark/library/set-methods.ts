/** The methods of sets; those that take other collections take any iterable. */
import { EvaluationError } from "../errors.ts";
import type { CallContext } from "../value/call.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import type { Builtin } from "../value/function.ts";
import { collect } from "../value/iterate.ts";
import { StarlarkSet } from "../value/set.ts";
import type { Value } from "../value/value.ts";

/** The elements of an iterable as a set; a set is taken as it is. */
function asSet(ctx: CallContext, value: Value): StarlarkSet {
  return value instanceof StarlarkSet ? value : StarlarkSet.of(collect(value, ctx.budget), ctx.budget);
}

function copy(ctx: CallContext, set: StarlarkSet): StarlarkSet {
  return StarlarkSet.of(set.elements.values(), ctx.budget);
}

/** The elements of a set that a test keeps, as a new set. */
function filter(ctx: CallContext, set: StarlarkSet, keeps: (element: Value) => boolean): StarlarkSet {
  const kept = new StarlarkSet();
  for (const element of set.elements.values()) {
    ctx.charge(1, 0);
    if (keeps(element)) kept.add(element, ctx.budget);
  }
  return kept;
}

function addAll(ctx: CallContext, set: StarlarkSet, others: readonly Value[]): void {
  for (const other of others) for (const element of collect(other, ctx.budget)) set.add(element, ctx.budget);
}

const add = defineMethod("add", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  // Adding what is there changes nothing, so it is allowed while iterating.
  if (!set.frozen && set.has(element, ctx.budget)) return null;
  set.add(element, ctx.budget);
  return null;
});

const clear = defineMethod("clear", "", (_ctx, set: StarlarkSet) => {
  set.clear();
  return null;
});

const difference = defineMethod("difference", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  let result = copy(ctx, set);
  for (const other of others) {
    const excluded = asSet(ctx, other);
    result = filter(ctx, result, (element) => !excluded.has(element, ctx.budget));
  }
  return result;
});

const discard = defineMethod("discard", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  set.delete(element, ctx.budget);
  return null;
});

const intersection = defineMethod("intersection", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  let result = copy(ctx, set);
  for (const other of others) {
    const included = asSet(ctx, other);
    result = filter(ctx, result, (element) => included.has(element, ctx.budget));
  }
  return result;
});

function isSubset(ctx: CallContext, set: StarlarkSet, of: StarlarkSet): boolean {
  ctx.charge(set.size, 0);
  return set.size <= of.size && [...set.elements.keys()].every((key) => of.elements.has(key));
}

const issubset = defineMethod("issubset", "other: iterable, /", (ctx, set: StarlarkSet, other: Value) =>
  isSubset(ctx, set, asSet(ctx, other)),
);

const issuperset = defineMethod("issuperset", "other: iterable, /", (ctx, set: StarlarkSet, other: Value) =>
  isSubset(ctx, asSet(ctx, other), set),
);

const pop = defineMethod("pop", "", (_ctx, set: StarlarkSet) => {
  set.checkMutable("delete from");
  for (const [key, element] of set.elements) {
    set.elements.delete(key);
    return element;
  }
  throw new EvaluationError("pop: empty set");
});

const remove = defineMethod("remove", "element, /", (ctx, set: StarlarkSet, element: Value) => {
  if (!set.delete(element, ctx.budget)) throw new EvaluationError("remove: missing key");
  return null;
});

const symmetricDifference = defineMethod(
  "symmetric_difference",
  "other: iterable, /",
  (ctx, set: StarlarkSet, other: Value) => {
    const others = asSet(ctx, other);
    const result = filter(ctx, set, (element) => !others.has(element, ctx.budget));
    for (const element of others.elements.values()) {
      if (!set.has(element, ctx.budget)) result.add(element, ctx.budget);
    }
    return result;
  },
);

const union = defineMethod("union", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  const result = copy(ctx, set);
  addAll(ctx, result, others);
  return result;
});

const update = defineMethod("update", "*others", (ctx, set: StarlarkSet, others: Value[]) => {
  set.checkMutable("update");
  addAll(ctx, set, others);
  return null;
});

const methods: readonly Builtin[] = [
  add,
  clear,
  difference,
  discard,
  intersection,
  issubset,
  issuperset,
  pop,
  remove,
  symmetricDifference,
  union,
  update,
];

export const setMethods: MethodTable = new Map(methods.map((method) => [method.name, method]));
