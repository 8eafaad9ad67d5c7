import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/protocol/json.ts";
import { MASK } from "../../src/protocol/mask.ts";
import { jsonParts, parsePlace, placesOf, replacedAt, valuesAt } from "../../src/protocol/place.ts";
import { isSameButMasked } from "../../src/workflow/secrets/same-but-masked.ts";

describe("places", () => {
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

  it("are found where a text is, so that what is replaced there is all of it", () => {
    const needle = "needle in it";
    const holding = fc.letrec<{ node: JsonValue }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constant(needle as JsonValue),
        fc.constantFrom<JsonValue>(1, "else", null, true),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "c.d", "", "*", "7"), tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(holding, (value) => {
        const places = placesOf(value, (part) => part === needle, jsonParts).map(parsePlace);
        expect(JSON.stringify(replacedAt(value, places, MASK))).not.toContain(needle);
        expect(JSON.stringify(valuesAt(value, places)).includes(needle)).toBe(
          JSON.stringify(value).includes(needle),
        );
      }),
    );
  });

  it("keep the shape of what is replaced, and what is nothing", () => {
    const value = { db: { user: "u", ports: [1, null, true] }, list: [{ key: "k", id: 1 }, { id: 2 }] };
    expect(replacedAt(value, [["db"], ["list", "*", "key"]], MASK)).toEqual({
      db: { user: MASK, ports: [MASK, null, MASK] },
      list: [{ key: MASK, id: 1 }, { id: 2 }],
    });
  });

  it("replaced make a value that is the same but masked", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(isSameButMasked(value, value)).toBe(true);
        expect(isSameButMasked(replacedAt(value, [["a"], ["*", "*"]], MASK), value)).toBe(true);
        expect(isSameButMasked({ a: [MASK, 1] }, { a: [value, 1] })).toBe(true);
        expect(isSameButMasked({ a: [MASK, 1] }, { a: [value, 2] })).toBe(false);
      }),
    );
  });
});
