/** The functions that make a value of a type from another value: `int`, `str`, `list` and so on. */
import { EvaluationError } from "../errors.ts";
import { isIterable } from "../value/arguments.ts";
import { BYTES_BYTES, StarlarkBytes } from "../value/bytes.ts";
import type { CallContext, KeywordArgument } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import { EMPTY_DICT_BYTES, StarlarkDict } from "../value/dict.ts";
import { FLOAT_BYTES, StarlarkFloat } from "../value/float.ts";
import { intToFloat, isInt, truncateFloat } from "../value/int.ts";
import { collect } from "../value/iterate.ts";
import { LIST_BYTES, StarlarkList, StarlarkTuple } from "../value/list.ts";
import { repr as reprOf, str as strOf } from "../value/repr.ts";
import { EMPTY_SET_BYTES, StarlarkSet } from "../value/set.ts";
import { truth, typeName, type Value } from "../value/value.ts";
import { characterOf } from "./code-point.ts";
import { updateDict } from "./dict-methods.ts";
import { naming } from "./named-errors.ts";
import { namesInfinity, parseFloatText, parseIntText } from "./number-parsing.ts";

export const bool = defineBuiltin("bool", "x?, /", (_ctx, x?: Value) => x !== undefined && truth(x));

export const int = defineBuiltin("int", "x, base?", (ctx, x: Value, base?: Value) => {
  if (typeof x === "string") return intFromText(ctx, x, base);
  if (base !== undefined) throw new EvaluationError("int: can't convert non-string with explicit base");
  if (isInt(x)) return x;
  if (typeof x === "boolean") return Number(x);
  if (!(x instanceof StarlarkFloat)) throw new EvaluationError(`int: cannot convert ${typeName(x)} to int`);
  return naming("int", () => truncateFloat(x.value));
});

const BASES = "base must be an integer >= 2 && <= 36";

function intFromText(ctx: CallContext, text: string, base: Value | undefined): Value {
  if (base !== undefined && !isInt(base)) {
    throw new EvaluationError(`int: for base, got ${typeName(base)}, want int: ${BASES}`);
  }
  const radix = Number(base ?? 10);
  if (radix !== 0 && (radix < 2 || radix > 36)) {
    throw new EvaluationError(`int: ${BASES}`);
  }
  const value = parseIntText(text, radix, ctx.budget);
  if (value === undefined) {
    throw new EvaluationError(`int: invalid literal with base ${radix}: ${shorten(text)}`);
  }
  return value;
}

/** Messages quote at most so much of what was given. */
const MAX_QUOTED = 200;

function shorten(text: string): string {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

export const float = defineBuiltin("float", "x?, /", (ctx, x?: Value) => {
  if (x === undefined) return new StarlarkFloat(0);
  if (x instanceof StarlarkFloat) return x;
  if (isInt(x)) return new StarlarkFloat(intToFloat(x));
  if (typeof x === "boolean") return new StarlarkFloat(Number(x));
  if (typeof x !== "string") throw new EvaluationError(`float got ${typeName(x)}, want number or string`);
  if (x === "") throw new EvaluationError("float: empty string");
  ctx.charge(5 + x.length / 4, FLOAT_BYTES);
  const value = parseFloatText(x);
  if (value === undefined) throw new EvaluationError(`invalid float literal: ${shorten(x)}`);
  if (Math.abs(value) === Number.POSITIVE_INFINITY && !namesInfinity(x)) {
    throw new EvaluationError("floating-point number too large");
  }
  return new StarlarkFloat(value);
});

export const str = defineBuiltin("str", "x, /", (ctx, x: Value) => strOf(x, ctx.budget));

export const repr = defineBuiltin("repr", "x, /", (ctx, x: Value) => reprOf(x, ctx.budget));

export const bytes = defineBuiltin("bytes", "x, /", (ctx, x: Value) => {
  if (x instanceof StarlarkBytes) return x;
  if (typeof x === "string") {
    ctx.charge(1 + x.length / 16, BYTES_BYTES + 3 * x.length);
    return new StarlarkBytes(new TextEncoder().encode(x));
  }
  if (!isIterable(x)) {
    throw new EvaluationError(`bytes: got ${typeName(x)}, want string, bytes, or iterable of ints`);
  }
  const items = collect(x, ctx.budget);
  ctx.charge(items.length * 4, BYTES_BYTES + items.length);
  return new StarlarkBytes(Uint8Array.from(items, byteOf));
});

function byteOf(value: Value, index: number): number {
  if (!isInt(value)) throw new EvaluationError(`bytes: at index ${index}, got ${typeName(value)}, want int`);
  if (value < 0 || value > 255) {
    throw new EvaluationError(
      `bytes: at index ${index}, ${value} out of range (want value in unsigned 8-bit range)`,
    );
  }
  return Number(value);
}

export const list = defineBuiltin("list", "iterable?: iterable, /", (ctx, iterable?: Value) => {
  ctx.charge(0, LIST_BYTES);
  return new StarlarkList(iterable === undefined ? [] : collect(iterable, ctx.budget));
});

export const tuple = defineBuiltin("tuple", "iterable?: iterable, /", (ctx, iterable?: Value) => {
  if (iterable instanceof StarlarkTuple) return iterable;
  ctx.charge(0, LIST_BYTES);
  return new StarlarkTuple(iterable === undefined ? [] : collect(iterable, ctx.budget));
});

export const dict = defineBuiltin(
  "dict",
  "pairs?, /, **kwargs",
  (ctx, pairs: Value | undefined, kwargs: KeywordArgument[]) => {
    ctx.charge(1, EMPTY_DICT_BYTES);
    const result = new StarlarkDict();
    updateDict(ctx, "dict", result, pairs, kwargs);
    return result;
  },
);

export const set = defineBuiltin("set", "iterable?: iterable, /", (ctx, iterable?: Value) => {
  ctx.charge(1, EMPTY_SET_BYTES);
  if (iterable === undefined) return new StarlarkSet();
  return naming("set", () => StarlarkSet.of(collect(iterable, ctx.budget), ctx.budget));
});

export const chr = defineBuiltin("chr", "i, /", (_ctx, i: Value) => {
  if (!isInt(i)) throw new EvaluationError(`chr: got ${typeName(i)}, want int`);
  if (i < 0) throw new EvaluationError(`chr: Unicode code point ${i} out of range (<0)`);
  if (i > 0x10ffff) {
    throw new EvaluationError(
      `chr: Unicode code point U+${i.toString(16).toUpperCase()} out of range (>0x10FFFF)`,
    );
  }
  return characterOf(Number(i));
});

export const ord = defineBuiltin("ord", "s, /", (ctx, s: Value) => {
  if (typeof s === "string") {
    const code = s.codePointAt(0);
    if (code !== undefined && s.length === (code > 0xffff ? 2 : 1)) return code;
    ctx.charge(s.length / 8, 0);
    let count = 0;
    for (const _character of s) count++;
    throw new EvaluationError(`ord: string encodes ${count} Unicode code points, want 1`);
  }
  if (!(s instanceof StarlarkBytes)) {
    throw new EvaluationError(`ord: got ${typeName(s)}, want string or bytes`);
  }
  const [byte] = s.data;
  if (byte === undefined || s.data.length !== 1) {
    throw new EvaluationError(`ord: bytes has length ${s.data.length}, want 1`);
  }
  return byte;
});
