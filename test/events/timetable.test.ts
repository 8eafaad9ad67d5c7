import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueAt, firingsAt, GRACE_MS, MAX_AT_ONCE } from "../../src/events/firing.ts";
import { lastTimes, nextTime, nextTimes, timetableProblem } from "../../src/events/timetable.ts";
import type { Schedule } from "../../src/protocol/flow-control.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const at = (text: string) => Date.parse(text);
const iso = (times: readonly number[]) => times.map((time) => new Date(time).toISOString().slice(0, 16));
const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

const cron = (pattern: string, timezone = "UTC") => ({ cron: pattern, timezone });

// ------------------------------------------------------------------ the model

/** One field of a pattern: the values it lists, and the text for it. */
interface Field {
  text: string;
  values: ReadonlySet<number>;
  isStar: boolean;
}

function field(min: number, max: number): fc.Arbitrary<Field> {
  const all = Array.from({ length: max - min + 1 }, (_, index) => min + index);
  const of = (text: string, values: number[]): Field => ({
    text,
    values: new Set(values),
    isStar: text === "*",
  });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(of("*", all)) },
    { weight: 3, arbitrary: fc.integer({ min, max }).map((value) => of(`${value}`, [value])) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 2, max: Math.min(20, max) }).map((step) =>
        of(
          `*/${step}`,
          all.filter((value) => (value - min) % step === 0),
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
        .map(([low, high]) =>
          of(
            low === high ? `${low}` : `${low}-${high}`,
            all.filter((value) => value >= low && value <= high),
          ),
        ),
    },
  );
}

interface Wall {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

function wallClock(timezone: string): (time: number) => Wall {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    hourCycle: "h23",
    weekday: "short",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const known = new Map<number, Wall>();
  return (time) => {
    const seen = known.get(time);
    if (seen) return seen;
    const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const wall = {
      minute: Number(part.minute),
      hour: Number(part.hour),
      day: Number(part.day),
      month: Number(part.month),
      weekday: weekdays.indexOf(part.weekday ?? ""),
    };
    known.set(time, wall);
    return wall;
  };
}

const walls = new Map<string, (time: number) => Wall>();

type Pattern = Record<keyof Wall, Field>;

function isDay(pattern: Pattern, wall: Wall): boolean {
  const day = pattern.day.values.has(wall.day);
  const weekday = pattern.weekday.values.has(wall.weekday);
  // Cron's oldest oddity: when both are restricted, either is enough.
  const fits = pattern.day.isStar || pattern.weekday.isStar ? day && weekday : day || weekday;
  return fits && pattern.month.values.has(wall.month);
}

/**
 * Every minute looked at by itself. What stands on the wall decides, but for a pattern of a single hour and minute:
 * in a gap it fires when the gap ends, in an hour that comes twice only the first time.
 */
function model(pattern: Pattern, timezone: string, from: number, to: number): number[] {
  const wallAt = walls.get(timezone) ?? wallClock(timezone);
  walls.set(timezone, wallAt);
  const isFixed = pattern.hour.values.size === 1 && pattern.minute.values.size === 1;
  const minuteOfDay = (wall: Wall) => wall.hour * 60 + wall.minute;
  const [fixed] = [...pattern.hour.values].map((hour) => hour * 60 + ([...pattern.minute.values][0] ?? 0));
  const times: number[] = [];
  const fired = new Set<string>();
  // A little earlier, so that a repeated hour is recognised as such.
  for (let time = from - 3 * HOUR_MS; time <= to; time += MINUTE_MS) {
    const wall = wallAt(time);
    const before = wallAt(time - MINUTE_MS);
    const jumped = minuteOfDay(wall) - minuteOfDay(before) > 1 && wall.day === before.day;
    const swallowed =
      isFixed &&
      jumped &&
      fixed !== undefined &&
      fixed > minuteOfDay(before) &&
      fixed < minuteOfDay(wall) &&
      isDay(pattern, wall);
    const fits =
      pattern.minute.values.has(wall.minute) && pattern.hour.values.has(wall.hour) && isDay(pattern, wall);
    if (!fits && !swallowed) continue;
    const once = `${wall.month}-${wall.day}`;
    if (isFixed && fired.has(once)) continue;
    fired.add(once);
    if (time >= from) times.push(time);
  }
  return times;
}

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] as const;
/** Days around which the clocks of these zones are changed, and one on which nothing happens. */
const days = [
  "2026-03-08",
  "2026-03-29",
  "2026-04-04",
  "2026-06-30",
  "2026-10-03",
  "2026-10-25",
  "2026-11-01",
];

const pattern: fc.Arbitrary<Pattern> = fc.record({
  minute: field(0, 59),
  hour: field(0, 23),
  day: field(1, 31),
  month: fc.constant({ text: "*", values: new Set(Array.from({ length: 13 }, (_, n) => n)), isStar: true }),
  weekday: field(0, 6),
});

const text = ({ minute, hour, day, month, weekday }: Pattern) =>
  [minute, hour, day, month, weekday].map((one) => one.text).join(" ");

describe("the times of a cron expression", () => {
  it("are those that a look at every single minute finds, whatever the zone does to its clocks", () => {
    fc.assert(
      fc.property(
        pattern,
        fc.constantFrom(...zones),
        fc.constantFrom(...days),
        fc.integer({ min: 0, max: 24 * 60 }),
        (fields, timezone, day, minutes) => {
          const from = at(`${day}T00:00Z`) + minutes * MINUTE_MS;
          const to = from + 5 * HOUR_MS;
          const when = cron(text(fields), timezone);
          const expected = iso(model(fields, timezone, from, to));
          const forwards = [];
          for (let time = nextTime(when, from - 1); time !== undefined && time <= to; ) {
            forwards.push(time);
            time = nextTime(when, time);
          }
          expect(iso(forwards)).toEqual(expected);
          expect(iso(lastTimes(when, { from, to }, 10_000))).toEqual(expected);
          expect(iso(lastTimes(when, { from, to }, 5))).toEqual(expected.slice(-5));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keep the second and come strictly after what they are asked for", () => {
    const when = cron("*/10 * * * * *");
    expect(nextTimes(when, at("2026-01-01T00:00:05.999Z"), 2)).toEqual([
      at("2026-01-01T00:00:10Z"),
      at("2026-01-01T00:00:20Z"),
    ]);
    expect(nextTime(when, at("2026-01-01T00:00:10Z"))).toBe(at("2026-01-01T00:00:20Z"));
    expect(nextTime(when, at("2026-01-01T00:00:09.999Z"))).toBe(at("2026-01-01T00:00:10Z"));
  });

  it("that a change of clocks swallows come when it is over, and those that it repeats come once", () => {
    const nightly = cron("30 2 * * *", "Europe/Berlin");
    expect(iso(nextTimes(nightly, at("2026-03-28T12:00Z"), 2))).toEqual([
      "2026-03-29T01:00",
      "2026-03-30T00:30",
    ]);
    expect(iso(nextTimes(nightly, at("2026-10-24T12:00Z"), 2))).toEqual([
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ]);
  });
});

describe("an interval", () => {
  it("fires at its multiples, so that every instance agrees on them", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 0, max: 2e12 }),
        (seconds, after) => {
          const everyMs = seconds * 1000;
          const when = { everyMs, timezone: "UTC" };
          const [first, second] = nextTimes(when, after, 2);
          expect(first).toBeGreaterThan(after);
          expect((first ?? 0) % everyMs).toBe(0);
          expect((first ?? 0) - after).toBeLessThanOrEqual(everyMs);
          expect((second ?? 0) - (first ?? 0)).toBe(everyMs);
          expect(lastTimes(when, { from: first ?? 0, to: second ?? 0 }, 10)).toEqual([first, second]);
        },
      ),
    );
  });
});

describe("what is wrong with a schedule", () => {
  it.each([
    [{}, "either cron= or every="],
    [{ cron: "* * * * *", everyMs: 1000 }, "not both"],
    [{ everyMs: 1500 }, "whole number of seconds"],
    [{ everyMs: 0 }, "from one second"],
    [{ cron: "61 * * * *" }, "Invalid value for minute: 61"],
    [{ cron: "* * *" }, "five fields"],
    [{ cron: "2026-01-01T00:00:00" }, "five fields"],
    [{ cron: "* * * * * * 2026" }, "five fields"],
    [{ cron: "0 0 30 2 *" }, "never comes"],
    [{ cron: "@noon" }, "no cron expression"],
    [{ cron: "* * * * *", timezone: "Mars/Olympus" }, "no time zone"],
    [{ cron: "* * * * *", timezone: "+02:00" }, "no time zone"],
  ])("%j is told in a sentence", (when, message) => {
    expect(timetableProblem({ timezone: "UTC", ...when })).toContain(message);
  });

  it("is nothing when it can be kept", () => {
    for (const pattern of ["0 3 * * MON-FRI", "@daily", "*/5 * * * * *", "0 9 L * *", "0 9 * * FRI#2"]) {
      expect(timetableProblem(cron(pattern, "America/New_York"))).toBeUndefined();
    }
  });
});

describe("a schedule whose time has come", () => {
  const hourly = (overrides: Partial<Schedule> = {}) => ({
    id: "nightly/run",
    schedule: {
      cron: "0 * * * *",
      timezone: "UTC",
      jitterMs: 0,
      backfill: "latest",
      ...overrides,
    } as Schedule,
  });
  const from = at("2026-05-01T06:00Z");

  it("fires once, and knows its next time", () => {
    expect(firingsAt(hourly(), { from, now: from + 40 }, sha256Hex)).toEqual({
      times: [from],
      letGo: 0,
      next: { time: from + HOUR_MS, dueAt: from + HOUR_MS },
    });
    expect(firingsAt(hourly(), { from, now: from - 1 }, sha256Hex)).toEqual({
      times: [],
      letGo: 0,
      next: { time: from, dueAt: from },
    });
  });

  it("after an outage makes up for none, the latest, or all of what it missed", () => {
    const now = at("2026-05-01T10:30Z");
    const times = (backfill: Schedule["backfill"]) =>
      iso(firingsAt(hourly({ backfill }), { from, now }, sha256Hex).times);
    expect(times("none")).toEqual([]);
    expect(times("latest")).toEqual(["2026-05-01T10:00"]);
    expect(times("all")).toEqual([
      "2026-05-01T06:00",
      "2026-05-01T07:00",
      "2026-05-01T08:00",
      "2026-05-01T09:00",
      "2026-05-01T10:00",
    ]);
  });

  it("does not make up for one when a punctual one fires anyway", () => {
    const now = at("2026-05-01T10:00:20Z");
    expect(iso(firingsAt(hourly(), { from, now }, sha256Hex).times)).toEqual(["2026-05-01T10:00"]);
    expect(iso(firingsAt(hourly({ backfill: "none" }), { from, now }, sha256Hex).times)).toEqual([
      "2026-05-01T10:00",
    ]);
  });

  it("makes up for a bounded number, the latest ones, however long it was away", () => {
    const now = from + 3 * 366 * 24 * HOUR_MS + 5 * MINUTE_MS;
    const { times, next } = firingsAt(hourly({ backfill: "all" }), { from, now }, sha256Hex);
    expect(times).toHaveLength(MAX_AT_ONCE);
    expect(now - (times.at(-1) ?? 0)).toBeLessThan(HOUR_MS);
    expect(next?.time).toBeGreaterThan(now);
  });

  const anySchedule = fc.record({
    everyMs: fc.constantFrom(1000, 30_000, 600_000, HOUR_MS),
    jitterMs: fc.constantFrom(0, 10_000, 2 * HOUR_MS),
    backfill: fc.constantFrom("none", "latest", "all"),
    timezone: fc.constant("UTC"),
  }) as fc.Arbitrary<Schedule>;

  it("fires for each time once and in order, whenever the clock is looked at and the power goes", () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.array(fc.integer({ min: 1, max: 4 * HOUR_MS }), { minLength: 1, maxLength: 30 }),
        (schedule, steps) => {
          let now = at("2026-05-01T00:00:00.500Z");
          let first = nextTime(schedule, now);
          const begin = now;
          const fired: number[] = [];
          for (const step of steps) {
            now += step;
            const firings = firingsAt({ id: "x", schedule }, { from: first ?? 0, now }, sha256Hex);
            // A power cut before the commit: the same state and clock give the same answer.
            expect(firingsAt({ id: "x", schedule }, { from: first ?? 0, now }, sha256Hex)).toEqual(firings);
            fired.push(...firings.times);
            for (const time of firings.times) {
              expect(dueAt(schedule, "x", time, sha256Hex)).toBeLessThanOrEqual(now);
            }
            expect(firings.next?.dueAt).toBeGreaterThan(now);
            first = firings.next?.time;
          }
          expect(fired).toEqual([...new Set(fired)].sort((a, b) => a - b));
          for (const time of fired) expect(time % (schedule.everyMs ?? 1)).toBe(0);
          const all = lastTimes(schedule, { from: begin, to: (first ?? 0) - 1 }, 1_000_000);
          if (schedule.backfill === "all" && all.length <= MAX_AT_ONCE) expect(fired).toEqual(all);
          // What came in time is fired whatever `backfill` says.
          const latest = all.at(-1);
          if (latest !== undefined && now - dueAt(schedule, "x", latest, sha256Hex) <= GRACE_MS) {
            expect(fired).toContain(latest);
          }
        },
      ),
    );
  });

  it("puts firings off by its jitter, the same at every look, and never as far as the next", () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 1e6 }), (schedule, n) => {
        const time = n * (schedule.everyMs ?? 0);
        const due = dueAt(schedule, "x", time, sha256Hex);
        expect(due).toBeGreaterThanOrEqual(time);
        expect(due - time).toBeLessThan(Math.max(1, Math.min(schedule.jitterMs, schedule.everyMs ?? 0)));
      }),
    );
  });
});
