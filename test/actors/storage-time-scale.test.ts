import fc from "fast-check";
import { expect, test } from "vitest";
import { scaledDueAt, timeScale, timeScaleOf } from "../../src/storage/time-scale.ts";

test("without a scale, time passes as it does", () => {
  expect(timeScale(undefined)).toBe(1);
  expect(timeScale("")).toBe(1);
  expect(scaledDueAt(5000, 1000, timeScale(undefined))).toBe(5000);
});

test.each(["0", "-1", "0.5", "fast", "Infinity", "NaN", "1e9", "10x"])("the scale %s is refused", (text) => {
  expect(() => timeScale(text)).toThrow(text);
});

test("a scaled timer is never in the past, never later than meant, and keeps the order", () => {
  const ms = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(ms, ms, ms, fc.integer({ min: 1, max: 1_000_000 }), (now, one, other, scale) => {
      const [a, b] = [scaledDueAt(one, now, scale), scaledDueAt(other, now, scale)];
      expect(a).toBeGreaterThanOrEqual(now);
      expect(a).toBeLessThanOrEqual(Math.max(one, now));
      if (one <= other) expect(a).toBeLessThanOrEqual(b);
    }),
  );
});

test("thirty minutes at scale 600 take three seconds", () => {
  expect(scaledDueAt(30 * 60_000, 0, timeScale("600"))).toBe(3000);
});

test("a deployed Worker has no time scale", () => {
  expect(timeScaleOf({ SLUICE_MODE: "deployed", SLUICE_TIME_SCALE: "600" })).toBe(1);
  expect(timeScaleOf({ SLUICE_MODE: "local", SLUICE_TIME_SCALE: "600" })).toBe(600);
});
