import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantable } from "../../src/environments/lock-queue.ts";

describe("a lock's queue", () => {
  it.each([
    [0, [], 0],
    [0, [1, 1], 1],
    [1, [1], 0],
    [1, [3, 3, 3], 2],
    [0, [2, 1, 9], 1],
    [5, [1, 9], 0],
  ])("with %i holders and %j waiting grants %i", (held, limits, granted) => {
    expect(grantable(held, limits)).toBe(granted);
  });

  it("never lets more hold the lock than anyone let in allows, and never stops short of it", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.integer({ min: 1, max: 6 })), (held, limits) => {
        const granted = grantable(held, limits);
        limits.slice(0, granted).forEach((limit, i) => {
          expect(held + i).toBeLessThan(limit);
        });
        const next = limits[granted];
        if (next !== undefined) expect(held + granted).toBeGreaterThanOrEqual(next);
      }),
    );
  });
});
