import fc from "fast-check";
import { expect, it } from "vitest";
import { copyOf } from "../../simulation/copy.ts";

it("gives another actor what a structured clone would be, and nothing of the original", () => {
  const values = fc.anything({ withDate: true, withMap: true, withTypedArray: true, withBigInt: true });
  fc.assert(
    fc.property(values, (value) => {
      const copy = copyOf(value);
      expect(copy).toEqual(structuredClone(value));
      if (typeof value === "object" && value !== null) expect(copy).not.toBe(value);
    }),
  );
});

it("gives a member called __proto__ as a member", () => {
  const value = JSON.parse('{"__proto__": {"a": 1}}') as object;
  expect(Object.entries(copyOf(value) as object)).toEqual([["__proto__", { a: 1 }]]);
});

it("refuses what cannot be sent", () => {
  expect(() => copyOf({ call: [() => 1] })).toThrow(/could not be cloned/);
});
