import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  equals,
  StarlarkBytes,
  StarlarkDict,
  StarlarkFloat,
  StarlarkTuple,
  type Value,
} from "../../src/starlark/index.ts";

/** Few of each kind, and of neighbouring sizes, so that equal ones and near misses are common. */
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    false,
    "",
    "\0",
    "\0t#1;",
    "#1;",
    "a",
    "b",
    "a".repeat(63),
    "a".repeat(64),
  ),
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom<Value>(
    2 ** 25 - 1,
    2 ** 25,
    -(2 ** 25),
    -(2 ** 25) - 1,
    2 ** 53 - 1,
    2n ** 53n,
    2n ** 53n + 2n,
  ),
  fc
    .constantFrom(0, -0, 1, 2, 1.5, 2 ** 25, 2 ** 53, 2 ** 53 + 2, Number.NaN, Number.POSITIVE_INFINITY)
    .map((value) => new StarlarkFloat(value)),
  fc.uint8Array({ maxLength: 2 }).map((data) => new StarlarkBytes(data)),
);

const { hashable } = fc.letrec<{ hashable: Value }>((tie) => ({
  hashable: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("hashable"), { maxLength: 3 }).map((items) => new StarlarkTuple(items)),
  ),
}));

describe("a dict", () => {
  test("finds a value under a key exactly when the keys are equal", () => {
    fc.assert(
      fc.property(hashable, hashable, (x, y) => {
        const dict = new StarlarkDict();
        dict.set(x, "found");
        expect(dict.has(y)).toBe(equals(x, y));
        expect(dict.has(x)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("tells pairs of ints apart from each other and from every number", () => {
    const edge = fc.constantFrom(-(2 ** 25), -1, 0, 1, 2 ** 25 - 1);
    fc.assert(
      fc.property(edge, edge, edge, edge, (a, b, c, d) => {
        const dict = new StarlarkDict();
        dict.set(new StarlarkTuple([a, b]), "found");
        expect(dict.has(new StarlarkTuple([c, d]))).toBe(a === c && b === d);
        expect(dict.has(new StarlarkTuple([new StarlarkFloat(a), b]))).toBe(true);
        const [number] = dict.entries.keys();
        expect(dict.has(new StarlarkFloat(Number(number)))).toBe(false);
        expect(dict.has(BigInt(Number(number)))).toBe(false);
      }),
    );
  });
});
