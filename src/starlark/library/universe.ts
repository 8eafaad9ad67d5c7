/** The names that every program knows without being told. */
import type { Builtin } from "../value/function.ts";
import type { Value } from "../value/value.ts";
import { abs } from "./arithmetic-functions.ts";
import { bool, bytes, chr, dict, float, int, list, ord, repr, set, str, tuple } from "./conversions.ts";
import { max, min, sorted } from "./ordering.ts";
import { fail, print } from "./output.ts";
import { dir, getattr, hasattr, hash, type } from "./reflection.ts";
import { all, any, enumerate, len, range, reversed, zip } from "./sequences.ts";

const functions: readonly Builtin[] = [
  abs,
  all,
  any,
  bool,
  bytes,
  chr,
  dict,
  dir,
  enumerate,
  fail,
  float,
  getattr,
  hasattr,
  hash,
  int,
  len,
  list,
  max,
  min,
  ord,
  print,
  range,
  repr,
  reversed,
  set,
  sorted,
  str,
  tuple,
  type,
  zip,
];

/** The universal names and their values; a dialect may leave some out. */
export const universe: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["None", null],
  ["True", true],
  ["False", false],
  ...functions.map((builtin) => [builtin.name, builtin] as const),
]);
