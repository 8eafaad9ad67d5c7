import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/protocol/json.ts";
import { canonicalJson, isSameJson } from "../../src/workflow/canonical-json.ts";
import { durationText } from "../../src/workflow/duration-text.ts";
import { bytesBeyond } from "../../src/workflow/payload.ts";

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

/** The same value, keys in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe("canonical JSON", () => {
  it("is JSON of the same value, whatever the order of its keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it("orders keys by code units and writes no spaces (RFC 8785)", () => {
    expect(canonicalJson({ "€": 1, "\r": 2, "1": 3, "😀": 4, ö: 5, b: [1, { z: null, a: 1e21 }] })).toBe(
      '{"\\r":2,"1":3,"b":[1,{"a":1e+21,"z":null}],"ö":5,"€":1,"😀":4}',
    );
  });

  it("is the same for two values exactly when isSameJson says so", () => {
    const near = fc.oneof(
      json.map((value) => [value, reversed(value)] as const),
      fc.tuple(json, json),
      fc.tuple(
        fc.dictionary(fc.constantFrom("a", "b", "__proto__"), json),
        fc.dictionary(fc.constantFrom("a", "b"), json),
      ),
    );
    fc.assert(
      fc.property(near, ([a, b]) => {
        expect(isSameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
    );
  });
});

describe("the size of a payload", () => {
  it("is its JSON in UTF-8 bytes, told only beyond the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.nat({ max: 100 }), (text, limit) => {
        const bytes = Buffer.byteLength(JSON.stringify(text), "utf8");
        expect(bytesBeyond(limit, text)).toBe(bytes > limit ? bytes : undefined);
      }),
    );
  });
});

describe("a length of time in words", () => {
  it.each([
    [0, "0ms"],
    [250, "250ms"],
    [1000, "1s"],
    [90_000, "1m 30s"],
    [1_800_000, "30m"],
    [93_784_000, "1d 2h"],
  ])("%d ms is %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
