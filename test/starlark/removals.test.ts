/** Dicts and sets keep their order whatever is removed from them, and in which order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StarlarkDict } from "../../src/starlark/value/dict.ts";
import { StarlarkSet } from "../../src/starlark/value/set.ts";

type Step = readonly [kind: "add" | "delete" | "shift" | "clear" | "keep", key: number];

const key = fc.nat({ max: 150 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(fc.constant("add" as const), key) },
  { weight: 12, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
  { weight: 20, arbitrary: fc.tuple(fc.constant("shift" as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("keep" as const), key) },
);
/** Long enough for the Map to be rebuilt. */
const steps = fc.array(step, { minLength: 100, maxLength: 600, size: "max" });

test("a dict is a list of entries in the order in which they came", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const dict = new StarlarkDict();
      let model: number[] = [];
      for (const [kind, number] of list) {
        if (kind === "add") {
          dict.set(number, number);
          if (!model.includes(number)) model.push(number);
        } else if (kind === "delete") {
          expect(dict.delete(number)).toBe(model.includes(number) ? number : undefined);
          model = model.filter((other) => other !== number);
        } else if (kind === "shift") {
          expect(dict.shift()?.key).toBe(model.shift());
        } else if (kind === "clear") {
          dict.clear();
          model = [];
        }
        expect(dict.gaps).toBeLessThanOrEqual(dict.size + 32);
      }
      expect(dict.keys()).toEqual(model);
    }),
    { numRuns: 60 },
  );
});

test("a set is a list of elements in the order in which they came", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const set = new StarlarkSet();
      let model: number[] = [];
      for (const [kind, number] of list) {
        if (kind === "add") {
          set.add(number);
          if (!model.includes(number)) model.push(number);
        } else if (kind === "delete") {
          expect(set.delete(number)).toBe(model.includes(number));
          model = model.filter((other) => other !== number);
        } else if (kind === "shift") {
          expect(set.shift()).toBe(model.shift());
        } else if (kind === "clear") {
          set.clear();
          model = [];
        } else {
          model = model.filter((other) => other % 3 !== number % 3);
          set.become(StarlarkSet.of(model));
        }
      }
      expect(set.values()).toEqual(model);
    }),
    { numRuns: 60 },
  );
});
