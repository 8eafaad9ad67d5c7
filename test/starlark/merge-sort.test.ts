import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeSort } from "../../src/starlark/library/merge-sort.ts";

interface Item {
  readonly key: number;
  readonly place: number;
}

const itemsOf = (keys: readonly number[]): Item[] => keys.map((key, place) => ({ key, place }));
const keys = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 100 });

test("sorts as the built-in sort does, equal items in their order", () => {
  fc.assert(
    fc.property(keys, (list) => {
      const items = itemsOf(list);
      mergeSort(items, (x, y) => x.key - y.key);
      expect(items).toEqual(itemsOf(list).sort((x, y) => x.key - y.key));
    }),
  );
});

test("makes no more comparisons than are charged for", () => {
  fc.assert(
    fc.property(keys, (list) => {
      let comparisons = 0;
      mergeSort(itemsOf(list), (x, y) => {
        comparisons++;
        return x.key - y.key;
      });
      expect(comparisons).toBeLessThanOrEqual(list.length * (Math.log2(list.length + 1) + 3));
    }),
  );
});

test("compares items that are in order already about once each", () => {
  let comparisons = 0;
  mergeSort(itemsOf(Array.from({ length: 1000 }, (_, i) => i)), (x, y) => {
    comparisons++;
    return x.key - y.key;
  });
  expect(comparisons).toBeLessThan(1100);
});
