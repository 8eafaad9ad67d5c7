import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventBus } from "../../durable-objects/event-bus.ts";
import { MAX_HOPS } from "../../src/events/hops.ts";
import { isRunId } from "../../src/protocol/ids.ts";
import { anEvent, aProgram, aTrigger, command, register, run, withBus } from "./event-bus-fixture.ts";

const DAY_MS = 24 * 3600_000;

const wait = (overrides: Partial<Parameters<EventBus["registerWait"]>[0]> = {}) => ({
  run: run(1),
  command: command(1),
  type: "com.example.happened",
  afterSeq: 0,
  ...overrides,
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("an event that arrives", () => {
  it("is stored and numbered in the order of its arrival", () =>
    withBus(async ({ bus }) => {
      const events = [anEvent(), anEvent(), anEvent()];
      const receipts = await bus.ingest(events, "alice");
      expect(receipts).toEqual(
        events.map(({ id }, index) => ({
          id,
          source: "/tests",
          type: "com.example.happened",
          seq: index + 1,
          duplicate: false,
          started: [],
          woke: [],
        })),
      );
      expect((await bus.events({ limit: 10 })).events.map(({ event }) => event)).toEqual(events.toReversed());
      expect(await bus.event({ source: "/tests", id: events[1]?.id ?? "" })).toMatchObject({
        ok: true,
        value: { seq: 2, initiator: "alice", event: events[1] },
      });
    }));

  it("starts a run for each trigger it matches, with its program and initiator", () =>
    withBus(async ({ bus, runs, settle }) => {
      const program = aProgram("d1");
      await bus.setTriggers({ workflow: "canary", version: 1, program, triggers: [aTrigger()] });
      await bus.setTriggers({
        workflow: "audit",
        version: 1,
        program: aProgram("d2"),
        triggers: [
          aTrigger({ id: "audit/all", type: "com.example.*" }),
          aTrigger({ id: "audit/no", type: "x" }),
        ],
      });
      const event = anEvent();
      const [receipt] = await bus.ingest([event], "github:octocat");
      expect(receipt?.started.map(({ trigger }) => trigger)).toEqual(["audit/all", "canary/deploy"]);
      await settle();
      expect(runs.started).toHaveLength(2);
      const canary = runs.started.find(({ workflow }) => workflow === "canary");
      expect(canary).toEqual({
        id: receipt?.started[1]?.run,
        workspace: "default",
        workflow: "canary",
        program,
        trigger: aTrigger(),
        event,
        eventSeq: 1,
        initiator: "github:octocat",
        askedAt: expect.any(Number),
      });
      expect(isRunId(canary?.id ?? "")).toBe(true);
    }));

  it("again gets its first receipt, and starts nothing", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      await register({ bus });
      const event = anEvent();
      const [first] = await bus.ingest([event], "alice");
      await settle();
      const restarted = await bench.restart();
      const again = await restarted.ingest([{ ...event, data: "changed" }, event], "mallory");
      expect(again).toEqual([
        { ...first, duplicate: true },
        { ...first, duplicate: true },
      ]);
      const other = await restarted.ingest([{ ...event, source: "/other" }], "alice");
      expect(other[0]?.duplicate).toBe(false);
      await settle();
      expect(runs.started).toHaveLength(2);
    }));

  it("twice in one batch counts once", () =>
    withBus(async ({ bus }) => {
      const event = anEvent();
      expect((await bus.ingest([event, event], "alice")).map(({ duplicate }) => duplicate)).toEqual([
        false,
        true,
      ]);
    }));

  it("in a batch that cannot be stored whole is not stored at all", () =>
    withBus(async ({ bus, runs, settle }) => {
      await register({ bus });
      const huge = anEvent({ data: "x".repeat(2_100_000) });
      await expect(bus.ingest([anEvent(), huge], "alice")).rejects.toThrow("2000000");
      expect((await bus.events({ limit: 10 })).events).toEqual([]);
      await bus.ingest([anEvent()], "alice");
      await settle();
      expect(runs.started).toHaveLength(1);
    }));

  it("from a run that cannot be stored keeps no other run's from being stored with it", () =>
    withBus(async ({ bus, runs, settle }) => {
      await register({ bus });
      const huge = anEvent({ data: "x".repeat(2_100_000) });
      const [first, second] = [anEvent(), anEvent()];
      const told = [first, huge, second, first].map((event) => bus.ingestFromRun([event], "alice"));
      const ends = (await Promise.allSettled(told)).map(({ status }) => status);
      expect(ends).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      const { events } = await bus.events({ limit: 10 });
      expect(events.map(({ event }) => event.id)).toEqual([second.id, first.id]);
      await settle();
      expect(runs.started).toHaveLength(2);
    }));

  it("starts the run that was not to be reached once it is", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      vi.spyOn(console, "error").mockImplementation(() => {});
      await register({ bus });
      runs.canStart = false;
      const [receipt] = await bus.ingest([anEvent()], "alice");
      await settle();
      expect(runs.started).toEqual([]);
      // Meanwhile the workflow is replaced: the run was promised the version of its time.
      await bus.setTriggers({ workflow: "canary", version: 2, program: aProgram("d2"), triggers: [] });
      runs.canStart = true;
      vi.setSystemTime(Date.now() + 60_000);
      await (await bench.restart()).alarm();
      await settle();
      expect(runs.started).toMatchObject([{ id: receipt?.started[0]?.run, program: { digest: "d1" } }]);
    }));

  it("on which a filter fails starts what it can, and the failure is counted", () =>
    withBus(async ({ bus }) => {
      await bus.setTriggers({
        workflow: "canary",
        version: 1,
        program: aProgram("d1"),
        triggers: [
          aTrigger({ id: "canary/broken", filter: 'event.data.missing == "x"' }),
          aTrigger({ id: "canary/fine", filter: 'event.data.service == "shop"' }),
          aTrigger({ id: "canary/other", match: { "data.service": "blog" } }),
        ],
      });
      const [receipt] = await bus.ingest([anEvent({ id: "bad" })], "alice");
      expect(receipt?.started.map(({ trigger }) => trigger)).toEqual(["canary/fine"]);
      expect(receipt?.skipped).toEqual([
        { by: "canary/broken", reason: "its filter failed: No such key: missing (at character 12)" },
      ]);
      await bus.ingest([anEvent({ id: "bad" }), anEvent({ data: { missing: "x" } })], "alice");
      expect(await bus.triggers()).toMatchObject([
        {
          id: "canary/broken",
          workflow: "canary",
          failures: 1,
          lastFailure: { source: "/tests", id: "bad" },
        },
        { id: "canary/fine", failures: 1 },
        { id: "canary/other", failures: 0 },
      ]);
    }));

  it("that has come through too many runs starts nothing more, and says so", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.setTriggers({
        workflow: "loop",
        version: 1,
        program: aProgram("d1"),
        triggers: [aTrigger()],
      });
      const receipts = await bus.ingest(
        [anEvent({ sluicehops: MAX_HOPS }), anEvent({ sluicehops: MAX_HOPS + 1 })],
        "alice",
      );
      expect(receipts.map(({ started }) => started.length)).toEqual([1, 0]);
      expect(receipts[1]?.skipped).toEqual([
        { by: "canary/deploy", reason: expect.stringContaining("does a workflow start itself?") },
      ]);
      await settle();
      expect(runs.started).toHaveLength(1);
    }));
});

describe("the triggers of a workflow", () => {
  it("are replaced by a newer version, and not by an older or repeated one", () =>
    withBus(async (bench) => {
      const { bus } = bench;
      const set = (version: number, id: string | null) =>
        bus.setTriggers({
          workflow: "canary",
          version,
          program: id === null ? null : aProgram(id),
          triggers: id === null ? [] : [aTrigger({ id: `canary/${id}` })],
        });
      const names = async () => (await bus.triggers()).map(({ id }) => id);
      await set(2, "two");
      await set(1, "one");
      await set(2, "other");
      expect(await names()).toEqual(["canary/two"]);
      await set(3, null);
      expect(await names()).toEqual([]);
      await set(2, "two");
      expect(await names()).toEqual([]);
      await set(4, "four");
      expect(await names()).toEqual(["canary/four"]);
      const [receipt] = await (await bench.restart()).ingest([anEvent()], "alice");
      expect(receipt?.started.map(({ trigger }) => trigger)).toEqual(["canary/four"]);
    }));
});

describe("a run that waits", () => {
  it("is woken by an event that arrives", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.registerWait(wait({ match: { "data.service": "shop" }, filter: "event.data.n > 1" }));
      const receipts = await bus.ingest(
        [
          anEvent({ data: { service: "shop", n: 1 } }),
          anEvent({ id: "it", data: { service: "shop", n: 2 } }),
        ],
        "alice",
      );
      expect(receipts.map(({ woke }) => woke)).toEqual([[], [{ run: run(1), command: command(1) }]]);
      await settle();
      expect(runs.delivered).toEqual([{ run: run(1), command: command(1), event: "it", seq: 2 }]);
    }));

  it("gets the first event that it has not consumed, in the order of arrival", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.ingest(
        [anEvent({ id: "a" }), anEvent({ id: "b" }), anEvent({ id: "c" }), anEvent({ id: "d" })],
        "x",
      );
      for (const n of [1, 2, 3]) {
        await bus.registerWait(wait({ command: command(n), afterSeq: 1 }));
        await settle();
      }
      expect(runs.delivered.map(({ event }) => event)).toEqual(["b", "c", "d"]);
      await bus.registerWait(wait({ run: run(2), afterSeq: 2 }));
      await settle();
      expect(runs.delivered.at(-1)).toMatchObject({ run: run(2), event: "c" });
    }));

  it("for a prefix looks back over all its types", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.ingest(
        [anEvent({ type: "b.x" }), anEvent({ type: "a.y", id: "one" }), anEvent({ type: "a.x" })],
        "x",
      );
      await bus.registerWait(wait({ type: "a.*" }));
      await settle();
      expect(runs.delivered.map(({ event }) => event)).toEqual(["one"]);
    }));

  it("looks back past any number of events that do not match", () =>
    withBus(async ({ bus, runs, settle }) => {
      const misses = Array.from({ length: 1250 }, (_, n) => anEvent({ data: { n } }));
      await bus.ingest([...misses, anEvent({ id: "hit", data: { n: -1 } })], "x");
      await bus.registerWait(wait({ match: { "data.n": -1 } }));
      await settle();
      expect(runs.delivered.map(({ event }) => event)).toEqual(["hit"]);
    }));

  it("with its look-back turned off gets only what arrives later", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.ingest([anEvent()], "x");
      await bus.registerWait(wait({ afterSeq: "now" }));
      await bus.ingest([anEvent({ id: "later" })], "x");
      await settle();
      expect(runs.delivered.map(({ event }) => event)).toEqual(["later"]);
    }));

  it("in two places gets one event in one of them, and the next in the other", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.registerWait(wait({ command: command(1) }));
      await bus.registerWait(wait({ command: command(2) }));
      await bus.registerWait(wait({ run: run(2), command: command(1) }));
      await bus.ingest([anEvent({ id: "a" })], "x");
      await bus.ingest([anEvent({ id: "b" })], "x");
      await settle();
      const got = runs.delivered.map(
        ({ run: id, command: at, event }) => `${id === run(1) ? 1 : 2} ${at} ${event}`,
      );
      expect(got.toSorted()).toEqual(["1 0#1 a", "1 0#2 b", "2 0#1 a"]);
    }));

  it("holds an event that is on its way, so that its other wait does not get it as well", () =>
    withBus(async ({ bus, runs, settle }) => {
      const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>();
      runs.answer = () => answered;
      await bus.registerWait(wait({ command: command(1) }));
      await bus.ingest([anEvent({ id: "a" })], "x");
      await bus.registerWait(wait({ command: command(2) }));
      answer(true);
      await settle();
      expect(runs.delivered.map(({ command: at }) => at)).toEqual([command(1)]);
    }));

  it("no longer turns the event down, and its other wait gets it", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      runs.answer = ({ command: at }) => at !== command(1);
      await bus.registerWait(wait({ command: command(1) }));
      await bus.registerWait(wait({ command: command(2) }));
      await bus.ingest([anEvent({ id: "a" })], "x");
      await settle();
      expect(runs.delivered.map(({ command: at, event }) => [at, event])).toEqual([
        [command(1), "a"],
        [command(2), "a"],
      ]);
      // A wait that is over stays so: the event that comes next is not for it.
      await (await bench.restart()).ingest([anEvent({ id: "b" })], "x");
      await settle();
      expect(runs.delivered).toHaveLength(2);
    }));

  it("and says so twice waits once", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      await bus.registerWait(wait());
      await bus.registerWait(wait());
      await bus.ingest([anEvent(), anEvent()], "x");
      await settle();
      await (await bench.restart()).registerWait(wait());
      await settle();
      expect(runs.delivered).toHaveLength(1);
    }));

  it("and says that it no longer does gets nothing", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.registerWait(wait({ command: command(1) }));
      await bus.registerWait(wait({ run: run(2) }));
      await bus.cancelWait({ run: run(1), command: command(1) });
      await bus.forgetRun(run(2));
      // The registrations, delivered late a second time.
      await bus.registerWait(wait({ command: command(1) }));
      await bus.registerWait(wait({ run: run(2) }));
      const [receipt] = await bus.ingest([anEvent()], "x");
      await settle();
      expect(receipt?.woke).toEqual([]);
      expect(runs.delivered).toEqual([]);
    }));

  it("and took an event for later, but then ended its wait without it, has it for another wait", () =>
    withBus(async (bench) => {
      const { bus, runs, settle } = bench;
      await bus.registerWait(wait({ command: command(1) }));
      await bus.ingest([anEvent({ id: "a" })], "x");
      await settle();
      await bus.cancelWait({ run: run(1), command: command(1) });
      await bus.registerWait(wait({ command: command(2) }));
      await bus.registerWait(wait({ command: command(3) }));
      await settle();
      // The cancellation, delivered late a second time.
      await (await bench.restart()).cancelWait({ run: run(1), command: command(1) });
      await settle();
      expect(runs.delivered.map(({ command, event }) => [command, event])).toEqual([
        [command(1), "a"],
        [command(2), "a"],
      ]);
    }));

  it("twice has it at once for its other wait, once the first has ended without it", () =>
    withBus(async ({ bus, runs, settle }) => {
      await bus.registerWait(wait({ command: command(1) }));
      await bus.ingest([anEvent({ id: "a" })], "x");
      await settle();
      await bus.registerWait(wait({ command: command(2) }));
      await settle();
      expect(runs.delivered).toHaveLength(1);
      await bus.cancelWait({ run: run(1), command: command(1) });
      await settle();
      expect(runs.delivered.map(({ command }) => command)).toEqual([command(1), command(2)]);
    }));

  it("with a filter that fails is not woken, and the receipt says why", () =>
    withBus(async ({ bus }) => {
      await bus.registerWait(wait({ filter: "event.data.missing" }));
      const [receipt] = await bus.ingest([anEvent()], "x");
      expect(receipt).toMatchObject({ woke: [], skipped: [{ by: `${run(1)} ${command(1)}` }] });
    }));
});

describe("what an event says of the runs that waited for its type", () => {
  const shops = (n: number, service: string) =>
    wait({ run: run(n), match: { "data.service": service }, filter: "event.data.n > 1" });

  it("is by which condition it was not for them, those first that it came nearest to", () =>
    withBus(async ({ bus }) => {
      await bus.registerWait(shops(1, "search"));
      await bus.registerWait(shops(2, "shop"));
      await bus.registerWait(shops(3, "mail"));
      await bus.registerWait(wait({ run: run(4), type: "com.example.other" }));
      const [receipt] = await bus.ingest([anEvent({ data: { service: "shop", n: 1 } })], "alice");
      const expected = {
        total: 3,
        nearest: [
          { run: run(2), command: command(1), reason: "its filter says no: event.data.n > 1 is false" },
          { run: run(1), command: command(1), reason: 'data.service is "shop", not "search"' },
          { run: run(3), command: command(1), reason: 'data.service is "shop", not "mail"' },
        ],
      };
      expect(receipt?.notWoken).toEqual(expected);
      const story = await bus.eventStory(receipt?.seq ?? 0);
      expect(story).toMatchObject({ ok: true, value: { receipt: { notWoken: expected }, woken: [] } });
    }));

  it("is not what they ask for where that is sensitive", () =>
    withBus(async ({ bus }) => {
      await bus.registerWait(wait({ match: { "data.nonce": "nonce-1234" }, isSensitive: true }));
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt?.notWoken?.nearest).toMatchObject([
        { run: run(1), reason: "condition 1 of its match, which is sensitive, does not hold" },
      ]);
      const story = await bus.eventStory(receipt?.seq ?? 0);
      expect(JSON.stringify([receipt, story])).not.toContain("nonce-1234");
    }));

  it("is short, however many and however wordy they are", () =>
    withBus(async ({ bus }) => {
      const wordy = Object.fromEntries([["x".repeat(5000), 1]]);
      for (let n = 1; n <= 25; n += 1) await bus.registerWait(wait({ run: run(n), match: wordy }));
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt?.notWoken?.total).toBe(25);
      expect(receipt?.notWoken?.nearest.map((one) => one.run)).toEqual(
        Array.from({ length: 20 }, (_, index) => run(index + 1)),
      );
      expect(JSON.stringify(receipt).length).toBeLessThan(10_000);
    }));

  it("leaves out a run that it woke by another of its waits", () =>
    withBus(async ({ bus }) => {
      await bus.registerWait(wait({ match: { "data.service": "search" } }));
      await bus.registerWait(wait({ command: command(2) }));
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt).toMatchObject({ woke: [{ command: command(2) }] });
      expect(receipt).not.toHaveProperty("notWoken");
    }));

  it("tells of those that began to wait after it had come, also when they are over", () =>
    withBus(async ({ bus, settle }) => {
      const [receipt] = await bus.ingest([anEvent()], "alice");
      await bus.registerWait(wait());
      await bus.registerWait(wait({ run: run(2), command: command(7) }));
      await bus.markConsumed({ run: run(3), seqs: [1] });
      await settle();
      await bus.forgetRun(run(1));
      await bus.forgetRun(run(1));
      expect(receipt?.woke).toEqual([]);
      expect(await bus.eventStory(1)).toMatchObject({
        value: {
          woken: [
            { run: run(1), command: command(1) },
            { run: run(2), command: command(7) },
          ],
        },
      });
    }));

  it("leaves out those that had given up waiting when it reached them", () =>
    withBus(async ({ bus, runs, settle }) => {
      runs.answer = () => false;
      await bus.registerWait(wait());
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt?.woke).toHaveLength(1);
      await settle();
      expect(await bus.eventStory(1)).toMatchObject({ value: { woken: [] } });
    }));
});

describe("events that are kept", () => {
  it("come in pages, newest first, by type or prefix", () =>
    withBus(async ({ bus }) => {
      const types = ["a.x", "b", "a.y", "a.x", "ab"];
      await bus.ingest(
        types.map((type) => anEvent({ type })),
        "x",
      );
      const seqs = async (page: Parameters<EventBus["events"]>[0]) => {
        const { events, next } = await bus.events(page);
        return [events.map(({ seq }) => seq), next];
      };
      expect(await seqs({ limit: 2 })).toEqual([[5, 4], 4]);
      expect(await seqs({ limit: 2, before: 4 })).toEqual([[3, 2], 2]);
      expect(await seqs({ limit: 2, before: 2 })).toEqual([[1], undefined]);
      expect(await seqs({ limit: 9, type: "a.x" })).toEqual([[4, 1], undefined]);
      expect(await seqs({ limit: 9, type: "a.*" })).toEqual([[4, 3, 1], undefined]);
      expect(await bus.event({ source: "/tests", id: "nope" })).toMatchObject({
        error: { code: "unknown_event" },
      });
    }));

  it.each([
    [undefined, 29, 2],
    [undefined, 31, 1],
    ["1", 29, 2],
    ["60", 31, 2],
    ["60", 61, 1],
  ])("for the configured %s days, never less than 30: after %i days there are %i", (days, after, left) =>
    withBus(
      async (bench) => {
        vi.setSystemTime(Date.now());
        await bench.bus.ingest([anEvent({ id: "old" })], "x");
        vi.setSystemTime(Date.now() + after * DAY_MS);
        await bench.bus.ingest([anEvent({ id: "new" })], "x");
        await (await bench.restart()).alarm();
        expect((await bench.bus.events({ limit: 10 })).events).toHaveLength(left);
      },
      days === undefined ? {} : { SLUICE_EVENT_RETENTION_DAYS: days },
    ),
  );

  it.each(["plenty", "90d", "45.5", "0", "36501"])(
    "are all kept while the variable is %j, which is no number of days, and the log says so",
    (days) =>
      withBus(
        async (bench) => {
          const log = vi.spyOn(console, "error").mockImplementation(() => {});
          vi.setSystemTime(Date.now());
          await bench.bus.ingest([anEvent()], "x");
          vi.setSystemTime(Date.now() + 40_000 * DAY_MS);
          await bench.bus.alarm();
          expect((await bench.bus.events({ limit: 10 })).events).toHaveLength(1);
          const error = expect.stringMatching(/SLUICE_EVENT_RETENTION_DAYS is .*: give whole days/);
          expect(log).toHaveBeenCalledWith({ message: "no event is removed", error });
        },
        { SLUICE_EVENT_RETENTION_DAYS: days },
      ),
  );

  it("are removed a little at a time until all are gone", () =>
    withBus(async ({ bus }) => {
      vi.setSystemTime(Date.now());
      await bus.ingest(
        Array.from({ length: 600 }, () => anEvent()),
        "x",
      );
      vi.setSystemTime(Date.now() + 31 * DAY_MS);
      await bus.alarm();
      expect((await bus.events({ limit: 1000 })).events).toHaveLength(100);
      vi.setSystemTime(Date.now() + 1000);
      await bus.alarm();
      expect((await bus.events({ limit: 1000 })).events).toHaveLength(0);
      // Numbers are never used again: look-backs compare them.
      expect((await bus.ingest([anEvent()], "x"))[0]?.seq).toBe(601);
    }));
});
