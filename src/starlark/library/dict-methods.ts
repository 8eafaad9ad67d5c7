/** The methods of dicts, and how pairs get into one. */
import { EvaluationError } from "../errors.ts";
import type { CallContext, KeywordArgument } from "../value/call.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import { StarlarkDict } from "../value/dict.ts";
import type { Builtin } from "../value/function.ts";
import { collect, iterate, lengthOf } from "../value/iterate.ts";
import { StarlarkList, StarlarkTuple } from "../value/list.ts";
import { quoteString } from "../value/quote.ts";
import { typeName, type Value } from "../value/value.ts";
import { naming } from "./named-errors.ts";

const SLOT_BYTES = 8;
const PAIR_BYTES = 64;

/**
 * Puts pairs into a dict: those of another dict or of an iterable of pairs, then keyword arguments.
 * `name` is what the error messages begin with.
 */
export function updateDict(
  ctx: CallContext,
  name: string,
  dict: StarlarkDict,
  pairs: Value | undefined,
  kwargs: readonly KeywordArgument[],
): void {
  if (pairs instanceof StarlarkDict) {
    ctx.charge(pairs.size, 0);
    // Nothing is new in a dict updated with itself; going over what one writes to would not end.
    if (pairs !== dict) {
      for (const { key, value } of pairs.entries.values())
        naming(name, () => dict.set(key, value, ctx.budget));
    }
  } else if (pairs !== undefined) {
    for (const [i, pair] of collect(pairs, ctx.budget, name).entries()) {
      const [key, value] = readPair(ctx, name, pair, i);
      naming(name, () => dict.set(key, value, ctx.budget));
    }
  }
  const seen = new Set<string>();
  for (const [key, value] of kwargs) {
    if (seen.has(key)) throw new EvaluationError(`${name}: duplicate keyword arg: ${quoteString(key)}`);
    seen.add(key);
    naming(name, () => dict.set(key, value, ctx.budget));
  }
}

function readPair(ctx: CallContext, name: string, pair: Value, i: number): [key: Value, value: Value] {
  const where = `${name}: dictionary update sequence element #${i}`;
  const iteration = iterate(pair, ctx.budget);
  if (iteration === undefined) throw new EvaluationError(`${where} is not iterable (${typeName(pair)})`);
  iteration.release();
  const length = lengthOf(pair);
  if (length === undefined) throw new EvaluationError(`${where} has unknown length`);
  if (length !== 2) throw new EvaluationError(`${where} has length ${length}, want 2`);
  const [key, value] = collect(pair, ctx.budget);
  return [key ?? null, value ?? null];
}

const clear = defineMethod("clear", "", (_ctx, dict: StarlarkDict) => {
  naming("clear", () => dict.clear());
  return null;
});

const get = defineMethod("get", "key, default?, /", (ctx, dict: StarlarkDict, key: Value, absent?: Value) => {
  const present = naming("get", () => dict.get(key, ctx.budget));
  return present !== undefined ? present : (absent ?? null);
});

const items = defineMethod("items", "", (ctx, dict: StarlarkDict) => {
  ctx.charge(dict.size, 32 + dict.size * PAIR_BYTES);
  return new StarlarkList(dict.items());
});

const keys = defineMethod("keys", "", (ctx, dict: StarlarkDict) => {
  ctx.charge(dict.size / 4, 32 + dict.size * SLOT_BYTES);
  return new StarlarkList(dict.keys());
});

const values = defineMethod("values", "", (ctx, dict: StarlarkDict) => {
  ctx.charge(dict.size / 4, 32 + dict.size * SLOT_BYTES);
  return new StarlarkList(dict.values());
});

const pop = defineMethod("pop", "key, default?, /", (ctx, dict: StarlarkDict, key: Value, absent?: Value) => {
  const present = naming("pop", () => dict.delete(key, ctx.budget));
  if (present !== undefined) return present;
  if (absent === undefined) throw new EvaluationError("pop: missing key");
  return absent;
});

const popitem = defineMethod("popitem", "", (ctx, dict: StarlarkDict) => {
  ctx.charge(16, PAIR_BYTES);
  const entry = naming("popitem", () => dict.shift());
  if (entry === undefined) throw new EvaluationError("popitem: empty dict");
  return new StarlarkTuple([entry.key, entry.value]);
});

const setdefault = defineMethod(
  "setdefault",
  "key, default?, /",
  (ctx, dict: StarlarkDict, key: Value, absent?: Value) => {
    return naming("setdefault", () => {
      const present = dict.get(key, ctx.budget);
      if (present !== undefined) return present;
      dict.set(key, absent ?? null, ctx.budget);
      return absent ?? null;
    });
  },
);

const update = defineMethod(
  "update",
  "pairs?, /, **kwargs",
  (ctx, dict: StarlarkDict, pairs: Value | undefined, kwargs: KeywordArgument[]) => {
    naming("update", () => dict.checkMutable("insert into"));
    updateDict(ctx, "update", dict, pairs, kwargs);
    return null;
  },
);

const methods: readonly Builtin[] = [clear, get, items, keys, pop, popitem, setdefault, update, values];

export const dictMethods: MethodTable = new Map(methods.map((method) => [method.name, method]));
