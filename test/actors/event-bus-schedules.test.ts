import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Schedule } from "../../src/protocol/flow-control.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import { aProgram, aTrigger, type Bench, withBus } from "./event-bus-fixture.ts";

const HOUR_MS = 3600_000;
const alice: Identity = { subject: "alice", role: "operator", tokenId: "t1" };
const midnight = Date.parse("2026-05-01T00:00:00Z");

const at = (time: number) => vi.setSystemTime(time);

function aSchedule(overrides: Partial<Schedule> = {}, trigger: Partial<Trigger> = {}): Trigger {
  const id = trigger.id ?? "ops/nightly";
  return aTrigger({
    id,
    type: "dev.sluice.schedule.fired",
    match: { subject: id },
    handler: "nightly",
    schedule: { cron: "0 3 * * *", timezone: "UTC", jitterMs: 0, backfill: "latest", ...overrides },
    ...trigger,
  });
}

async function register(
  { bus }: Bench,
  triggers: Trigger[],
  version = 1,
  program: ReturnType<typeof aProgram> | null = aProgram(`d${version}`),
): Promise<void> {
  await bus.setTriggers({ workflow: "ops", version, program, triggers });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: midnight });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a schedule", () => {
  it("starts a run with an event of its own when its time has come", () =>
    withBus(async (bench) => {
      const { runs, settle } = bench;
      await register(bench, [aSchedule(), aSchedule({}, { id: "ops/other" })]);
      at(midnight + 3 * HOUR_MS - 1000);
      await settle();
      expect(runs.started).toEqual([]);
      at(midnight + 3 * HOUR_MS + 7);
      await settle();
      expect(runs.started.map(({ trigger }) => trigger.id).toSorted()).toEqual(["ops/nightly", "ops/other"]);
      expect(runs.started.find(({ trigger }) => trigger.id === "ops/nightly")).toMatchObject({
        workflow: "ops",
        initiator: "schedule:ops/nightly",
        event: {
          id: "ops/nightly/2026-05-01T03:00:00.000Z",
          source: "/workspaces/default/schedules",
          subject: "ops/nightly",
          time: "2026-05-01T03:00:00.000Z",
          data: {
            schedule: "ops/nightly",
            scheduled_at: "2026-05-01T03:00:00.000Z",
            fired_at: expect.stringMatching(/^2026-05-01T03:00:00\.0/),
            cron: "0 3 * * *",
            timezone: "UTC",
            backfill: false,
            manual: false,
          },
        },
      });
      await settle();
      expect(runs.started).toHaveLength(2);
    }));

  it("fires once for a time, when the power goes between the event and whatever comes after", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule()]);
      at(midnight + 3 * HOUR_MS);
      await bench.bus.alarm();
      for (let n = 0; n < 3; n += 1) {
        const restarted = await bench.restart();
        await restarted.alarm();
      }
      await bench.settle();
      expect(bench.runs.started).toHaveLength(1);
      const { events } = await bench.bus.events({ limit: 10, type: "dev.sluice.schedule.fired" });
      expect(events).toHaveLength(1);
    }));

  it.each([
    ["none", []],
    ["latest", ["2026-05-03T03:00:00.000Z"]],
    ["all", ["2026-05-01T03:00:00.000Z", "2026-05-02T03:00:00.000Z", "2026-05-03T03:00:00.000Z"]],
  ] as const)("makes up for %s of what an outage let it miss", (backfill, expected) =>
    withBus(async (bench) => {
      await register(bench, [aSchedule({ backfill })]);
      at(midnight + 60 * HOUR_MS);
      await bench.restart();
      await bench.settle();
      expect(bench.runs.started.map(({ event }) => event.time)).toEqual(expected);
      expect(bench.runs.started.every(({ event }) => (event.data as { backfill: boolean }).backfill)).toBe(
        true,
      );
      const [shown] = await bench.bus.schedules();
      expect(shown?.next[0]).toBe(midnight + 75 * HOUR_MS);
    }),
  );

  it("shows its next times, in its own zone", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule({ cron: "30 2 * * *", timezone: "Europe/Berlin" })]);
      const [shown] = await bench.bus.schedules();
      expect(shown).toMatchObject({ id: "ops/nightly", workflow: "ops", timezone: "Europe/Berlin" });
      expect(shown?.next.map((time) => new Date(time).toISOString())).toEqual([
        "2026-05-01T00:30:00.000Z",
        "2026-05-02T00:30:00.000Z",
        "2026-05-03T00:30:00.000Z",
        "2026-05-04T00:30:00.000Z",
        "2026-05-05T00:30:00.000Z",
      ]);
    }));

  it("that is paused lets its times go, across restarts and versions, and goes on with the next when resumed", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule({ backfill: "all" })]);
      expect(
        await bench.bus.pauseSchedule({ id: "ops/nightly", by: alice, reason: "holidays" }),
      ).toMatchObject({
        ok: true,
        value: { next: [], paused: { by: "alice", reason: "holidays", at: midnight } },
      });
      at(midnight + 30 * HOUR_MS);
      await bench.restart();
      await register(bench, [aSchedule({ backfill: "all" })], 2);
      await bench.settle();
      expect(bench.runs.started).toEqual([]);
      expect(await bench.bus.schedule("ops/nightly")).toMatchObject({ value: { paused: { by: "alice" } } });
      expect(await bench.bus.resumeSchedule({ id: "ops/nightly", by: alice, reason: "back" })).toMatchObject({
        ok: true,
      });
      await bench.settle();
      expect(bench.runs.started).toEqual([]);
      at(midnight + 51 * HOUR_MS);
      await bench.settle();
      expect(bench.runs.started.map(({ event }) => event.time)).toEqual(["2026-05-03T03:00:00.000Z"]);
    }));

  it("keeps what it has fired for when its workflow changes, and starts anew when its times do", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule()]);
      at(midnight + 3 * HOUR_MS);
      // The new version comes first, then the alarm: the time that has come is not lost.
      await register(bench, [aSchedule({ backfill: "none" })], 2);
      await bench.settle();
      expect(bench.runs.started).toMatchObject([{ program: { digest: "d2" } }]);
      await register(bench, [aSchedule({ cron: "0 4 * * *" })], 3);
      expect((await bench.bus.schedules())[0]).toMatchObject({
        last: { time: midnight + 3 * HOUR_MS },
        next: expect.arrayContaining([midnight + 4 * HOUR_MS]),
      });
    }));

  it("is gone with its trigger, and with its workflow", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule(), aSchedule({}, { id: "ops/other" })]);
      await register(bench, [aSchedule()], 2);
      expect((await bench.bus.schedules()).map(({ id }) => id)).toEqual(["ops/nightly"]);
      await register(bench, [], 3, null);
      expect(await bench.bus.schedules()).toEqual([]);
      at(midnight + 3 * HOUR_MS);
      await bench.settle();
      expect(bench.runs.started).toEqual([]);
      expect(await bench.bus.pauseSchedule({ id: "ops/nightly", by: alice, reason: "" })).toMatchObject({
        ok: false,
        error: { code: "unknown_schedule" },
      });
    }));

  it("fires by hand, once for each key, also while it is paused", () =>
    withBus(async (bench) => {
      await register(bench, [aSchedule()]);
      await bench.bus.pauseSchedule({ id: "ops/nightly", by: alice, reason: "" });
      const first = await bench.bus.triggerSchedule({ id: "ops/nightly", key: "k1", by: alice });
      expect(first).toMatchObject({
        ok: true,
        value: { duplicate: false, started: [{ trigger: "ops/nightly" }] },
      });
      expect(await bench.bus.triggerSchedule({ id: "ops/nightly", key: "k1", by: alice })).toMatchObject({
        value: { duplicate: true },
      });
      await bench.settle();
      expect(bench.runs.started).toMatchObject([
        { initiator: "alice", event: { id: "ops/nightly/manual/k1", data: { manual: true } } },
      ]);
    }));

  it("fires for times of a range that somebody names, each once, also while it is paused", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      await register(bench, [aSchedule({ backfill: "none" })]);
      at(midnight + 3 * HOUR_MS);
      await settle();
      await bus.pauseSchedule({ id: "ops/nightly", by: alice, reason: "" });
      await settle();
      at(midnight + 72 * HOUR_MS);
      const backfill = {
        id: "ops/nightly",
        from: midnight + 3 * HOUR_MS,
        to: midnight + 51 * HOUR_MS,
        by: alice,
      };
      const done = await bus.backfillSchedule(backfill);
      // What begins the range is in it, what ends it is not.
      expect(done).toMatchObject({
        ok: true,
        value: {
          fired: [
            { time: midnight + 27 * HOUR_MS, receipt: { duplicate: false, started: [{ workflow: "ops" }] } },
          ],
          before: [{ time: midnight + 3 * HOUR_MS, receipt: { duplicate: true } }],
        },
      });
      await settle();
      expect(runs.started).toHaveLength(2);
      expect(runs.started[1]).toMatchObject({
        initiator: "alice",
        event: {
          id: "ops/nightly/2026-05-02T03:00:00.000Z",
          data: { fired_at: "2026-05-04T00:00:00.000Z", backfill: true, manual: false },
        },
      });
      expect(await bus.schedule("ops/nightly")).toMatchObject({
        value: { paused: { by: "alice" }, last: { time: midnight + 27 * HOUR_MS } },
      });
      // Again, with a longer range: until now, where it has no end.
      expect(await bus.backfillSchedule({ ...backfill, to: undefined })).toMatchObject({
        value: {
          fired: [{ time: midnight + 51 * HOUR_MS }],
          before: [{ time: midnight + 3 * HOUR_MS }, { time: midnight + 27 * HOUR_MS }],
        },
      });
      expect(await bus.backfillSchedule({ ...backfill, to: undefined })).toMatchObject({
        value: { fired: [] },
      });
      await settle();
      expect(runs.started).toHaveLength(3);
    }));

  it("that makes up for older times still has fired last for the latest, and fires for what is due next", () =>
    withBus(async ({ bus, runs, settle, ...bench }) => {
      await register({ bus, runs, settle, ...bench }, [aSchedule()]);
      at(midnight + 3 * HOUR_MS);
      await settle();
      const asked = await bus.backfillSchedule({
        id: "ops/nightly",
        from: midnight - 24 * HOUR_MS,
        to: midnight,
        by: alice,
      });
      expect(asked).toMatchObject({ value: { fired: [{ time: midnight - 21 * HOUR_MS }], before: [] } });
      expect(await bus.schedule("ops/nightly")).toMatchObject({
        value: { last: { time: midnight + 3 * HOUR_MS } },
      });
      await settle();
      at(midnight + 27 * HOUR_MS);
      await settle();
      expect(runs.started.map(({ event }) => event.time)).toEqual([
        "2026-05-01T03:00:00.000Z",
        "2026-04-30T03:00:00.000Z",
        "2026-05-02T03:00:00.000Z",
      ]);
    }));

  it.each(["skip", "cancel_running", "newest"] as const)(
    "lets the runs for a range take turns, where they may not overlap (%s)",
    (mode) =>
      withBus(async (bench) => {
        const { bus, runs, settle } = bench;
        // Who listens to the same events goes by a rule of its own.
        const listener = aTrigger({
          id: "ops/listener",
          type: "dev.sluice.schedule.fired",
          concurrency: { mode: "skip", limit: 1 },
        });
        await register(bench, [aSchedule({}, { concurrency: { mode, limit: 1 } }), listener]);
        at(midnight + 3 * HOUR_MS);
        await settle();
        at(midnight + 10 * HOUR_MS);
        const range = { from: midnight - 45 * HOUR_MS, to: midnight };
        const asked = await bus.backfillSchedule({ id: "ops/nightly", by: alice, ...range });
        const fired = asked.ok ? asked.value.fired : [];
        const waits = { trigger: "ops/nightly", state: "queued" };
        const skips = { trigger: "ops/listener", state: "dropped" };
        const states = fired.map(({ receipt }) =>
          receipt.queued?.map(({ trigger, state }) => ({ trigger, state })),
        );
        expect(states).toEqual([
          expect.arrayContaining([waits, skips]),
          expect.arrayContaining([waits, skips]),
        ]);
        for (let n = 0; n < 3; n += 1) {
          await settle();
          const [last] = runs.started.filter(({ trigger }) => trigger.id === "ops/nightly").slice(-1);
          if (last) await bus.forgetRun(last.id);
        }
        await settle();
        const own = runs.started.filter(({ trigger }) => trigger.id === "ops/nightly");
        expect(own.map(({ event }) => event.time)).toEqual([
          "2026-05-01T03:00:00.000Z",
          "2026-04-29T03:00:00.000Z",
          "2026-04-30T03:00:00.000Z",
        ]);
        expect(runs.cancelled).toEqual([]);
      }),
  );

  it.each([
    ["ends before it begins", { from: midnight, to: midnight - 1 }, "not after its beginning"],
    ["is yet to come", { from: midnight, to: midnight + 1 }, "is yet to come"],
    [
      "is older than events are kept",
      { from: midnight - 31 * 24 * HOUR_MS, to: midnight },
      "no longer known",
    ],
    ["has more than 100 times", { from: midnight - 101 * HOUR_MS, to: midnight }, "more than 100 times"],
  ])("fires for nothing in a range that %s", (_, range, why) =>
    withBus(async (bench) => {
      await register(bench, [aSchedule({ cron: "0 * * * *" })]);
      const asked = await bench.bus.backfillSchedule({ id: "ops/nightly", by: alice, ...range });
      expect(asked).toMatchObject({
        ok: false,
        error: { code: "invalid_backfill", message: expect.stringContaining(why) },
      });
      await bench.settle();
      expect(bench.runs.started).toEqual([]);
      const whole = { from: midnight - 100 * HOUR_MS, to: midnight };
      const most = await bench.bus.backfillSchedule({ id: "ops/nightly", by: alice, ...whole });
      expect(most.ok && most.value.fired.length).toBe(100);
    }),
  );

  it("does not start a run while the one before goes on, when that is what it asks for", () =>
    withBus(async (bench) => {
      const concurrency = { mode: "skip", limit: 1 } as const;
      await register(bench, [aSchedule({ cron: "0 * * * *" }, { concurrency })]);
      at(midnight + HOUR_MS);
      await bench.settle();
      at(midnight + 2 * HOUR_MS);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(1);
      const { events } = await bench.bus.events({ limit: 1 });
      expect(events[0]?.receipt.queued).toMatchObject([{ state: "dropped", trigger: "ops/nightly" }]);
      const [first] = bench.runs.started;
      if (first) await bench.bus.forgetRun(first.id);
      at(midnight + 3 * HOUR_MS);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(2);
      expect(bench.runs.started[1]?.event.sluicedropped).toBe(1);
    }));
});
