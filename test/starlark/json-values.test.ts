import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeValue,
  encodeValue,
  equals,
  fromJson,
  type JsonValue,
  makeStruct,
  repr,
  StarlarkBytes,
  StarlarkDict,
  StarlarkFloat,
  StarlarkList,
  StarlarkRange,
  StarlarkSet,
  StarlarkTuple,
  toJson,
  type Value,
} from "../../src/starlark/index.ts";

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false),
  fc.maxSafeInteger(),
  fc.bigInt().map((n): Value => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
  fc.double().map((x) => new StarlarkFloat(x)),
  fc.string(),
  fc.constantFrom("$starlark", "__proto__", "0", "2", "10", "01", "constructor"),
);

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new StarlarkList(items)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new StarlarkTuple(items)),
    fc.array(scalar, { maxLength: 4 }).map((items) => StarlarkSet.of(items)),
    fc.uint8Array({ maxLength: 8 }).map((data) => new StarlarkBytes(data)),
    fc.array(fc.tuple(scalar, tie("value")), { maxLength: 4 }).map((entries) => {
      const dict = new StarlarkDict();
      for (const [key, item] of entries) dict.set(key, item);
      return dict;
    }),
    fc
      .dictionary(fc.stringMatching(/^[a-z]+$/), tie("value"), { maxKeys: 3 })
      .map((fields) => makeStruct(fields, "thing")),
    fc
      .tuple(fc.integer(), fc.integer(), fc.integer({ min: 1 }))
      .map(([a, b, c]) => new StarlarkRange(a, b, c)),
  ),
})).value;

describe("values in a journal", () => {
  test("are JSON data as it came, whatever its members are called, but for the encoding's own name", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        const text = JSON.stringify(json);
        fc.pre(!text.includes("$starlark") && !text.includes("-0"));
        expect(JSON.stringify(encodeValue(fromJson(JSON.parse(text) as JsonValue)))).toBe(text);
      }),
    );
    const rows = { rows: [{ "1": 0, "2": 0, a: 0 }] };
    expect(encodeValue(fromJson(rows))).toEqual(rows);
  });

  test("read back as the very same values, through JSON text", () => {
    fc.assert(
      fc.property(value, (original) => {
        const copy = decodeValue(JSON.parse(JSON.stringify(encodeValue(original))) as JsonValue);
        expect(repr(copy)).toBe(repr(original));
        expect(equals(copy, original)).toBe(true);
      }),
    );
  });

  test("plain JSON data stands for itself", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const data = json as JsonValue;
        expect(repr(decodeValue(data))).toBe(repr(fromJson(data)));
      }),
    );
  });
});

describe("values as JSON", () => {
  test("JSON data survives the way in and out", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        const plain = JSON.parse(JSON.stringify(json)) as JsonValue;
        expect(toJson(fromJson(plain))).toEqual(plain);
      }),
    );
  });

  test("what JSON cannot hold is refused with its place", () => {
    const cyclic = new StarlarkList([]);
    cyclic.items.push(cyclic);
    const bad = (inner: Value) => fromJsonWith(inner);
    expect(() => toJson(bad(2n ** 80n))).toThrow('value["a"][0]: int 1208925819614629174706176 does not fit');
    expect(() => toJson(bad(new StarlarkFloat(Number.NaN)))).toThrow('value["a"][0]: JSON has no float NaN');
    expect(() => toJson(bad(new StarlarkBytes(new Uint8Array())))).toThrow("cannot turn bytes into JSON");
    expect(() => toJson(cyclic)).toThrow("or cyclic");
    expect(() => encodeValue(cyclic)).toThrow("or cyclic");
    const numbered = new StarlarkDict();
    numbered.set(1, 2);
    expect(() => toJson(numbered)).toThrow("a JSON object has string keys, not int");
  });

  test("whole numbers are ints, others floats; floats leave as numbers", () => {
    expect(repr(fromJson([1, 1.5, 1e300]))).toBe("[1, 1.5, 1e+300]");
    expect(toJson(new StarlarkFloat(1))).toBe(1);
  });
});

function fromJsonWith(inner: Value): Value {
  const dict = new StarlarkDict();
  dict.set("a", new StarlarkList([inner]));
  return dict;
}
