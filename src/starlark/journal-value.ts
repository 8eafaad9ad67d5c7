/**
 * Values as JSON data that reads back as the very same values, for journals.
 *
 * Plain JSON data stands for what `fromJson` makes of it. What that would lose is an object with the
 * member `$starlark`, which names its type:
 *
 *     1.0           {"$starlark": "float", "value": "1"}        also -0.0, inf, nan, beyond 2^53
 *     2**80         {"$starlark": "int", "value": "1208925819614629174706176"}
 *     (1, 2)        {"$starlark": "tuple", "items": [1, 2]}
 *     set([1])      {"$starlark": "set", "items": [1]}
 *     b"\xff"       {"$starlark": "bytes", "base64": "/w=="}
 *     {1: 2}        {"$starlark": "dict", "entries": [[1, 2]]}  also with a key named $starlark, or where
                   an object would have its keys in another order: {"b": 1, "2": 1}
 *     struct(a=1)   {"$starlark": "struct", "name": "struct", "fields": {"a": 1}}
 *     range(3)      {"$starlark": "range", "start": 0, "stop": 3, "step": 1}
 */
import { EvaluationError } from "./errors.ts";
import { type JsonValue, numberFromJson } from "./json-value.ts";
import { StarlarkBytes } from "./value/bytes.ts";
import { StarlarkDict } from "./value/dict.ts";
import { StarlarkFloat } from "./value/float.ts";
import { normalise } from "./value/int.ts";
import { StarlarkList, StarlarkTuple } from "./value/list.ts";
import { StarlarkRange } from "./value/range.ts";
import { StarlarkSet } from "./value/set.ts";
import { StarlarkStruct } from "./value/struct.ts";
import { typeName, type Value } from "./value/value.ts";

const TYPE = "$starlark";
const MAX_DEPTH = 200;

/**
 * Encodes a value; throws EvaluationError, which says where, for functions, host objects, and data
 * nested too deep or cyclic.
 */
export function encodeValue(value: Value): JsonValue {
  return encodeAt(value, "value", 0);
}

function encodeAt(value: Value, path: string, depth: number): JsonValue {
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "number" ||
    typeof value === "string"
  ) {
    return value;
  }
  if (typeof value === "bigint") return { [TYPE]: "int", value: String(value) };
  if (value instanceof StarlarkFloat) return encodeFloat(value.value);
  if (value instanceof StarlarkBytes) return { [TYPE]: "bytes", base64: toBase64(value.data) };
  if (value instanceof StarlarkRange) {
    return { [TYPE]: "range", start: value.start, stop: value.stop, step: value.step };
  }
  if (depth >= MAX_DEPTH) throw new EvaluationError(`${path}: nested more than ${MAX_DEPTH} deep, or cyclic`);
  const items = (values: readonly Value[]) =>
    values.map((item, i) => encodeAt(item, `${path}[${i}]`, depth + 1));
  if (value instanceof StarlarkList) return items(value.items);
  if (value instanceof StarlarkTuple) return { [TYPE]: "tuple", items: items(value.items) };
  if (value instanceof StarlarkSet) return { [TYPE]: "set", items: items(value.values()) };
  if (value instanceof StarlarkDict) return encodeDict(value, path, depth);
  if (value instanceof StarlarkStruct && typeof value.constructorValue === "string") {
    const fields = [...value.fields].map(
      ([name, field]) => [name, encodeAt(field, `${path}.${name}`, depth + 1)] as const,
    );
    return { [TYPE]: "struct", name: value.constructorValue, fields: Object.fromEntries(fields) };
  }
  throw new EvaluationError(`${path}: cannot write ${typeName(value)} to a journal`);
}

function encodeFloat(value: number): JsonValue {
  const isPlain = Number.isFinite(value) && !Number.isSafeInteger(value);
  return isPlain ? value : { [TYPE]: "float", value: Object.is(value, -0) ? "-0" : String(value) };
}

function encodeDict(dict: StarlarkDict, path: string, depth: number): JsonValue {
  const entries = [...dict.entries.values()];
  const encode = (key: Value, value: Value) => encodeAt(value, `${path}[${String(key)}]`, depth + 1);
  if (isPlain(entries))
    return Object.fromEntries(entries.map(({ key, value }) => [String(key), encode(key, value)]));
  return {
    [TYPE]: "dict",
    entries: entries.map(({ key, value }) => [encodeAt(key, `${path} key`, depth + 1), encode(key, value)]),
  };
}

/** Whether an object says the same: it has names for keys, and puts those that look like numbers first. */
function isPlain(entries: readonly { key: Value }[]): boolean {
  if (!entries.every(({ key }) => typeof key === "string" && key !== TYPE)) return false;
  if (!entries.some(({ key }) => /^\d+$/.test(String(key)))) return true;
  const inOrder = Object.keys(Object.fromEntries(entries.map(({ key }) => [key, null])));
  return inOrder.every((name, i) => name === entries[i]?.key);
}

/** Decodes what `encodeValue` made, or any JSON data; throws EvaluationError for an unknown type. */
export function decodeValue(json: JsonValue): Value {
  if (typeof json === "number") return numberFromJson(json);
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return new StarlarkList(json.map(decodeValue));
  return Object.hasOwn(json, TYPE) ? decodeTyped(json) : decodeDict(Object.entries(json));
}

type JsonObject = { [key: string]: JsonValue };

function decodeTyped(json: JsonObject): Value {
  const text = String(json.value ?? "");
  const list = (name: string) => {
    const value = json[name] ?? [];
    return Array.isArray(value) ? value : [];
  };
  switch (json[TYPE]) {
    case "float":
      return new StarlarkFloat(Number(text));
    case "int":
      return normalise(BigInt(text));
    case "tuple":
      return new StarlarkTuple(list("items").map(decodeValue));
    case "set":
      return StarlarkSet.of(list("items").map(decodeValue));
    case "bytes":
      return new StarlarkBytes(fromBase64(String(json.base64 ?? "")));
    case "range":
      return new StarlarkRange(Number(json.start), Number(json.stop), Number(json.step) || 1);
    case "dict":
      return decodeEntries(list("entries"));
    case "struct": {
      const fields = Object.entries((json.fields ?? {}) as JsonObject);
      return new StarlarkStruct(
        fields.map(([name, field]) => [name, decodeValue(field)] as const),
        String(json.name ?? "struct"),
      );
    }
    default:
      throw new EvaluationError(`cannot read a value of type ${JSON.stringify(json[TYPE])} from a journal`);
  }
}

function decodeDict(members: readonly (readonly [string, JsonValue])[]): StarlarkDict {
  const dict = new StarlarkDict();
  for (const [key, value] of members) dict.set(key, decodeValue(value));
  return dict;
}

function decodeEntries(entries: readonly JsonValue[]): StarlarkDict {
  const dict = new StarlarkDict();
  for (const entry of entries) {
    const [key = null, value = null] = Array.isArray(entry) ? entry : [];
    dict.set(decodeValue(key), decodeValue(value));
  }
  return dict;
}

function toBase64(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
