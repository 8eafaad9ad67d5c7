// Values of the expression language: JSON, with each part knowing whether it is a secret.
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import { type Place, placesOf } from "../../src/protocol/place.ts";

export type Scalar = null | boolean | number | string;

export type Value =
  | { kind: "scalar"; value: Scalar; sensitive: boolean }
  | { kind: "array"; items: Value[]; sensitive: boolean }
  | { kind: "object"; fields: Map<string, Value>; sensitive: boolean };

export function scalar(value: Scalar, sensitive = false): Value {
  return { kind: "scalar", value, sensitive };
}

export function object(fields: Iterable<readonly [string, Value]>): Value & { kind: "object" } {
  return { kind: "object", fields: new Map(fields), sensitive: false };
}

export function fromJson(json: JsonValue, sensitive = false): Value {
  if (Array.isArray(json)) {
    return { kind: "array", items: json.map((item) => fromJson(item, sensitive)), sensitive };
  }
  if (json !== null && typeof json === "object") {
    const fields = Object.entries(json).map(([key, value]) => [key, fromJson(value, sensitive)] as const);
    return { kind: "object", fields: new Map(fields), sensitive };
  }
  return scalar(json, sensitive);
}

export function toJson(value: Value): JsonValue {
  switch (value.kind) {
    case "scalar":
      return value.value;
    case "array":
      return value.items.map(toJson);
    case "object": {
      const fields: JsonObject = {};
      for (const [key, field] of value.fields) {
        Object.defineProperty(fields, key, {
          value: toJson(field),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
      return fields;
    }
  }
}

/** Whether a value, or anything inside it, is a secret. */
export function isSensitive(value: Value): boolean {
  if (value.sensitive || value.kind === "scalar") return value.sensitive;
  const parts = value.kind === "array" ? value.items : [...value.fields.values()];
  return parts.some(isSensitive);
}

/** The same value, secret throughout when `sensitive`. */
export function tainted(value: Value, sensitive: boolean): Value {
  return sensitive ? fromJson(toJson(value), true) : value;
}

/** The same value, secret at these places. */
export function taintedAt(value: Value, places: readonly Place[]): Value {
  if (places.length === 0) return value;
  if (places.some((place) => place.length === 0)) return tainted(value, true);
  const inside = (key: string) =>
    places.flatMap(([name, ...rest]) => (name === "*" || name === key ? [rest] : []));
  switch (value.kind) {
    case "scalar":
      return value;
    case "array":
      return { ...value, items: value.items.map((item, index) => taintedAt(item, inside(String(index)))) };
    case "object":
      return {
        ...value,
        fields: new Map([...value.fields].map(([name, field]) => [name, taintedAt(field, inside(name))])),
      };
  }
}

/** Where in a value the secrets are. */
export function secretPlaces(value: Value): string[] {
  return placesOf(
    value,
    ({ sensitive }) => sensitive,
    (part) => {
      if (part.kind === "array") return part.items.map((item) => ["*", item]);
      return part.kind === "object" ? [...part.fields] : [];
    },
  );
}

/** The secrets inside a value, as the texts by which they could show up somewhere. */
export function secretsIn(value: Value, inherited = false): string[] {
  const sensitive = inherited || value.sensitive;
  switch (value.kind) {
    case "scalar":
      return sensitive && (typeof value.value === "string" || typeof value.value === "number")
        ? [String(value.value)]
        : [];
    case "array":
      return value.items.flatMap((item) => secretsIn(item, sensitive));
    case "object":
      return [...value.fields.values()].flatMap((field) => secretsIn(field, sensitive));
  }
}

/** What a value is called in messages. */
export function kindOf(value: Value): "null" | "boolean" | "number" | "string" | "array" | "object" {
  if (value.kind !== "scalar") return value.kind;
  if (value.value === null) return "null";
  return typeof value.value as "boolean" | "number" | "string";
}

/** `str(value)`, and what a value becomes between other text. */
export function textOf(value: Value): string {
  if (value.kind === "scalar") return value.value === null ? "<null>" : String(value.value);
  return JSON.stringify(toJson(value));
}

export function isTruthy(value: Value): boolean {
  switch (value.kind) {
    case "scalar":
      return Boolean(value.value);
    case "array":
      return value.items.length > 0;
    case "object":
      return value.fields.size > 0;
  }
}

const order = ["null", "boolean", "number", "string", "array", "object"];

// By code points, which is the order of the UTF-8 bytes; `<` on strings would compare UTF-16 units.
function compareTexts(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareLists(left: Value[], right: Value[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const [a, b] = [left[i], right[i]];
    const difference = a && b ? compare(a, b) : 0;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** A total order: by type first, then by value. Objects by size, then keys, then values, whatever their order. */
export function compare(left: Value, right: Value): number {
  const byType = order.indexOf(kindOf(left)) - order.indexOf(kindOf(right));
  if (byType !== 0) return byType;
  if (left.kind === "array" && right.kind === "array") return compareLists(left.items, right.items);
  if (left.kind === "object" && right.kind === "object") {
    if (left.fields.size !== right.fields.size) return left.fields.size - right.fields.size;
    const [a, b] = [left, right].map((it) =>
      [...it.fields].sort(([one], [other]) => compareTexts(one, other)),
    );
    const keys = (it: typeof a) => (it ?? []).map(([key]) => scalar(key));
    const values = (it: typeof a) => (it ?? []).map(([, value]) => value);
    return compareLists(keys(a), keys(b)) || compareLists(values(a), values(b));
  }
  if (left.kind !== "scalar" || right.kind !== "scalar") return 0;
  if (typeof left.value === "string" && typeof right.value === "string") {
    return compareTexts(left.value, right.value);
  }
  return Number(left.value) - Number(right.value);
}
