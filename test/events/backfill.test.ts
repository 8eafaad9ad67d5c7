// Which times of a schedule somebody may have made up for.
import { describe, expect, it } from "vitest";
import { timesToBackfill } from "../../src/events/backfill.ts";
import type { Schedule } from "../../src/protocol/flow-control.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const daily: Schedule = { cron: "0 3 * * *", timezone: "UTC", jitterMs: 0, backfill: "none" };
const everySecond: Schedule = { everyMs: 1000, timezone: "UTC", jitterMs: 0, backfill: "none" };

describe("a range that begins as far back as events are kept", () => {
  const keptSince = Date.UTC(2026, 4, 1);
  const now = keptSince + 30 * DAY_MS;
  const asked = (schedule: Schedule, from: number, to = now) =>
    timesToBackfill(schedule, { from, to }, { now, keptSince });

  it("is taken although it was written a moment before it came", () => {
    const times = asked(daily, keptSince - MINUTE_MS);
    expect(times.ok && times.value).toHaveLength(30);
  });

  it("has no time before that, of which nobody knows whether it has fired", () => {
    expect(asked(everySecond, keptSince - MINUTE_MS, keptSince + 2000)).toEqual({
      ok: true,
      value: [keptSince, keptSince + 1000],
    });
    for (const schedule of [daily, everySecond]) {
      expect(asked(schedule, keptSince - MINUTE_MS, keptSince - 1)).toEqual({ ok: true, value: [] });
    }
  });

  it("is refused where it begins earlier than clocks explain", () => {
    expect(asked(daily, keptSince - MINUTE_MS - 1)).toMatchObject({
      ok: false,
      error: { code: "invalid_backfill", message: expect.stringContaining("is no longer known") },
    });
  });
});
