/** Values as JSON data: what leaves for, and comes from, programs that know nothing of Starlark. */
import { EvaluationError } from "./errors.ts";
import { StarlarkDict } from "./value/dict.ts";
import { StarlarkFloat } from "./value/float.ts";
import { StarlarkList, StarlarkTuple } from "./value/list.ts";
import { StarlarkSet } from "./value/set.ts";
import { StarlarkStruct } from "./value/struct.ts";
import { typeName, type Value } from "./value/value.ts";

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Deeper data is refused: it may be cyclic, and none may exhaust the JavaScript stack. */
const MAX_DEPTH = 200;

/**
 * The JSON data of a value: tuples and sets become arrays, structs objects. Throws EvaluationError,
 * which says where, for what JSON cannot hold: functions, other keys than strings, floats that are not
 * finite, ints beyond 2^53 (whose digits a reader would lose), data nested too deep or cyclic.
 */
export function toJson(value: Value): JsonValue {
  return toJsonAt(value, "value", 0);
}

function toJsonAt(value: Value, path: string, depth: number): JsonValue {
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (typeof value === "bigint")
    throw new EvaluationError(`${path}: int ${value} does not fit a JSON number`);
  if (value instanceof StarlarkFloat) {
    if (Number.isFinite(value.value)) return value.value;
    throw new EvaluationError(`${path}: JSON has no float ${value.value}`);
  }
  if (depth >= MAX_DEPTH) throw new EvaluationError(`${path}: nested more than ${MAX_DEPTH} deep, or cyclic`);
  if (value instanceof StarlarkList || value instanceof StarlarkTuple) {
    return value.items.map((item, i) => toJsonAt(item, `${path}[${i}]`, depth + 1));
  }
  if (value instanceof StarlarkSet) {
    return value.values().map((item, i) => toJsonAt(item, `${path}[${i}]`, depth + 1));
  }
  if (value instanceof StarlarkDict) return dictToJson(value, path, depth);
  if (value instanceof StarlarkStruct) {
    return Object.fromEntries(
      [...value.fields].map(([name, field]) => [name, toJsonAt(field, `${path}.${name}`, depth + 1)]),
    );
  }
  throw new EvaluationError(`${path}: cannot turn ${typeName(value)} into JSON`);
}

function dictToJson(dict: StarlarkDict, path: string, depth: number): JsonValue {
  const members: [string, JsonValue][] = [];
  for (const { key, value } of dict.entries.values()) {
    if (typeof key !== "string") {
      throw new EvaluationError(`${path}: a JSON object has string keys, not ${typeName(key)}`);
    }
    members.push([key, toJsonAt(value, `${path}[${JSON.stringify(key)}]`, depth + 1)]);
  }
  // Not by assignment: a member may be named __proto__.
  return Object.fromEntries(members);
}

/** The value of JSON data: numbers that are whole become ints, others floats. */
export function fromJson(json: JsonValue): Value {
  if (typeof json === "number") return numberFromJson(json);
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return new StarlarkList(json.map(fromJson));
  const dict = new StarlarkDict();
  for (const [key, value] of Object.entries(json)) dict.set(key, fromJson(value));
  return dict;
}

/** A JSON number as int when it is a whole number that is exact, else as float. */
export function numberFromJson(value: number): Value {
  return Number.isSafeInteger(value) ? value + 0 : new StarlarkFloat(value);
}
