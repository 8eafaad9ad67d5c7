import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inBranches } from "../../dashboard/src/views/run/branches.ts";

const calls = (...fibers: string[]) => fibers.map((fiber, index) => ({ fiber, index }));
const shown = (fibers: string[]) =>
  inBranches(calls(...fibers)).map(
    ({ activity, depth, opens }) => `${activity.fiber}:${activity.index} ${depth}${opens ? " opens" : ""}`,
  );

describe("branches", () => {
  test("stand together, in the order in which they began, where they began", () => {
    expect(shown(["0", "0.1", "0.2", "0.1", "0.2.1", "0.1", "0"])).toEqual([
      "0:0 0",
      "0.1:1 1 opens",
      "0.1:3 1",
      "0.1:5 1",
      "0.2:2 1 opens",
      "0.2.1:4 2 opens",
      "0:6 0",
    ]);
  });

  test("lose no activity, repeat none, and keep the order within each branch", () => {
    const fiber = fc
      .array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
      .map((path) => ["0", ...path].join("."));
    fc.assert(
      fc.property(fc.array(fiber, { maxLength: 40 }), (fibers) => {
        const rows = inBranches(calls(...fibers));
        expect(rows.map(({ activity }) => activity.index).sort((a, b) => a - b)).toEqual(
          fibers.map((_, at) => at),
        );
        for (const one of new Set(fibers)) {
          const order = rows
            .filter(({ activity }) => activity.fiber === one)
            .map(({ activity }) => activity.index);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });
});
