import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Position } from "../../durable-objects/rpc/position.ts";
import type { Concurrency } from "../../src/protocol/flow-control.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { Standing } from "../../src/protocol/start.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import {
  anEvent,
  aProgram,
  aTrigger,
  type Bench,
  command,
  register,
  run as runId,
  withBus,
} from "./event-bus-fixture.ts";

const SECOND_MS = 1000;
const begin = Date.parse("2026-05-01T00:00:00Z");
const alice: Identity = { subject: "alice", role: "operator", tokenId: "t1" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: begin });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Sends an event with this data; gives the run that was asked for and what became of it. */
async function send({ bus }: Bench, data: string | { [key: string]: string }, initiator = "alice") {
  const [receipt] = await bus.ingest(
    [anEvent({ id: JSON.stringify(data) + Date.now() + initiator, data })],
    initiator,
  );
  const [one] = [...(receipt?.started ?? []), ...(receipt?.queued ?? [])];
  return { receipt, run: one?.run as RunId, state: receipt?.queued?.[0]?.state ?? "started" };
}

const started = ({ runs }: Bench) => runs.started.map(({ event }) => event.data);

const oneAtATime = (overrides: Partial<Concurrency> = {}): Partial<Trigger> => ({
  concurrency: { key: "event.data.env", mode: "queue", limit: 1, ...overrides },
});

/** One place and two starts: the first has begun, the second waits. */
async function twoForOnePlace(bench: Bench) {
  await register(bench, oneAtATime());
  const first = await send(bench, { env: "production", n: "1" });
  const second = await send(bench, { env: "production", n: "2" });
  await bench.settle();
  return { first, second };
}

describe("concurrency", () => {
  it("lets one run at a time into an environment, in the order of their events", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const first = await send(bench, { env: "production", n: "1" });
      pass(1);
      const second = await send(bench, { env: "production", n: "2" });
      pass(1);
      const third = await send(bench, { env: "production", n: "3" });
      const staging = await send(bench, { env: "staging" });
      expect([first, second, third, staging].map(({ state }) => state)).toEqual([
        "started",
        "queued",
        "queued",
        "started",
      ]);
      expect(second.receipt?.queued).toEqual([
        {
          run: second.run,
          workflow: "canary",
          trigger: "canary/deploy",
          state: "queued",
          reason: "waits for a place in canary/deploy[production]",
        },
      ]);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(2);
      await bench.bus.forgetRun(first.run);
      // A message that comes twice frees one place.
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(bench.runs.started.slice(2).map(({ id }) => id)).toEqual([second.run]);
      await bench.bus.forgetRun(second.run);
      await bench.settle();
      expect(bench.runs.started.slice(3).map(({ id }) => id)).toEqual([third.run]);
    }));

  it.each<[string, Partial<Trigger>]>([
    ["place", oneAtATime()],
    ["permit", { rateLimit: { count: 1, perMs: 60_000, key: "event.data.env", over: "wait" } }],
  ])(
    "asks a newcomer to wait for a %s without reading what is over, or what waits more than once",
    (_, rule) =>
      withBus(async (bench) => {
        await register(bench, rule);
        const join = (n: number, env = "production") => send(bench, { env, n: String(n) });
        const first = await bench.rowsRead(() => join(0, "staging").then(() => join(1, "staging")));
        for (let n = 0; n < 100; n += 1) await join(n, `over-${n}`);
        for (let n = 0; n < 100; n += 1) await join(n);
        const last = await bench.rowsRead(() =>
          join(100).then(({ state }) => expect(state).not.toBe("started")),
        );
        expect(last).toBeLessThan(first + 100);
      }),
  );

  it("keeps its queue across restarts and new versions, and starts the version of the event's time", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const first = await send(bench, { env: "production", n: "1" });
      await send(bench, { env: "production", n: "2" });
      await bench.settle();
      await register(bench, { type: "another.type" }, 2);
      await bench.restart();
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(bench.runs.started.map(({ program }) => program.digest)).toEqual(["d1", "d1"]);
    }));

  it("shows all that waits, however long the queue, page by page", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      await send(bench, { env: "production", n: "0" });
      const waiting: RunId[] = [];
      // Two of each moment: a page can end between them.
      for (let n = 1; n <= 7; n += 1) {
        if (n % 2 === 1) pass(1);
        waiting.push((await send(bench, { env: "production", n: String(n) })).run);
      }
      const pages: string[][] = [];
      for (let before: Position | undefined, more = true; more; more = before !== undefined) {
        const page = await bench.bus.queuedStarts({ all: false, before, limit: 3 });
        pages.push(page.map(({ run }) => run));
        const last = page[2];
        before = last && { createdAt: last.createdAt, id: last.run };
      }
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
      expect(pages.flat().toSorted()).toEqual(waiting.toSorted());
    }));

  it("shows what waits, behind what, and takes it back when asked", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const first = await send(bench, { env: "production", n: "1" });
      const second = await send(bench, { env: "production", n: "2" });
      expect(await bench.bus.queuedStarts({ all: false, limit: 10 })).toMatchObject([
        {
          run: second.run,
          state: "queued",
          group: "canary/deploy[production]",
          behind: [first.run],
          events: 1,
        },
      ]);
      expect(await bench.bus.cancelStart({ run: second.run, by: alice, reason: "wrong" })).toMatchObject({
        ok: true,
        value: { state: "cancelled", reason: "cancelled by alice: wrong" },
      });
      for (const [run, code] of [
        [first.run, "start_not_waiting"],
        [second.run, "start_not_waiting"],
        ["run_0", "unknown_start"],
      ] as const) {
        expect(await bench.bus.cancelStart({ run: run as RunId, by: alice, reason: "" })).toMatchObject({
          ok: false,
          error: { code },
        });
      }
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(1);
      expect(await bench.bus.queuedStarts({ all: false, limit: 10 })).toEqual([]);
      expect(
        (await bench.bus.queuedStarts({ all: true, limit: 10 })).map(({ state }) => state).toSorted(),
      ).toEqual(["cancelled", "finished"]);
    }));

  it.each<[string, (bench: Bench, run: RunId) => Promise<unknown>]>([
    ["is taken back", ({ bus }, run) => bus.cancelStart({ run, by: alice, reason: "" })],
    [
      "is begun again in another group",
      (bench, run) =>
        bench.bus.claimPlace({
          run: runId(0xa),
          continues: run,
          workflow: "canary",
          digest: "d1",
          initiator: "alice",
          trigger: aTrigger({ concurrency: { mode: "queue", limit: 1, group: "elsewhere" } }),
          seq: 3,
          key: ok(""),
        }),
    ],
  ])("goes to the others that wait when the one whose rule kept them waiting %s", (_, leave) =>
    withBus(async (bench) => {
      await register(bench, oneAtATime({ limit: 2 }));
      const strict = { key: "event.data.env", group: "canary/deploy", mode: "queue", limit: 1 } as const;
      await bench.bus.setTriggers({
        workflow: "strict",
        version: 1,
        program: aProgram("d1"),
        triggers: [aTrigger({ id: "strict/deploy", type: "com.example.strict", concurrency: strict })],
      });
      const first = await send(bench, { env: "production", n: "1" });
      for (const n of ["2", "3"]) await send(bench, { env: "production", n });
      const event = anEvent({ type: "com.example.strict", data: { env: "production" } });
      const [receipt] = await bench.bus.ingest([event], "alice");
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(2);
      await leave(bench, receipt?.queued?.[0]?.run as RunId);
      await bench.settle();
      expect(started(bench)[2]).toEqual({ env: "production", n: "3" });
    }),
  );

  it("in mode cancel_queued keeps the newest waiting, which is told whose place it took", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime({ mode: "cancel_queued" }));
      const first = await send(bench, { env: "production", n: "1" });
      const second = await send(bench, { env: "production", n: "2" });
      await send(bench, { env: "production", n: "3" });
      const fourth = await send(bench, { env: "production", n: "4" });
      expect(await bench.bus.queuedStart(second.run)).toMatchObject({ value: { state: "superseded" } });
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(started(bench)).toEqual([
        { env: "production", n: "1" },
        { env: "production", n: "4" },
      ]);
      expect(bench.runs.started[1]).toMatchObject({ id: fourth.run, event: { sluicemerged: 2 } });
    }));

  it("in mode cancel_running ends the run before it, once, and starts when that has cleaned up", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime({ mode: "cancel_running" }));
      const first = await send(bench, { env: "production", n: "1" });
      await bench.settle();
      await send(bench, { env: "production", n: "2" });
      const third = await send(bench, { env: "production", n: "3" });
      await bench.settle();
      expect(bench.runs.cancelled).toEqual([first.run]);
      expect(bench.runs.started).toHaveLength(1);
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run, third.run]);
    }));

  /** A newer start has asked the run to end that goes on in the first one's place, before that has begun. */
  async function cancelledBeforeItsBeginning(bench: Bench) {
    await register(bench, oneAtATime({ mode: "cancel_running" }));
    const first = await send(bench, { env: "production", n: "1" });
    const successor = runId(7);
    bench.runs.hasBegun = (run) => run !== successor;
    bench.runs.standing = () => ({ state: "unknown" });
    await bench.bus.forgetRun(first.run, successor);
    await send(bench, { env: "production", n: "2" });
    await bench.settle();
    expect(bench.runs.cancelled).toEqual([]);
    return successor;
  }

  it("in mode cancel_running ends also the run that had not begun yet when it was asked to", () =>
    withBus(async (bench) => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      const successor = await cancelledBeforeItsBeginning(bench);
      bench.runs.hasBegun = () => true;
      pass(SECOND_MS);
      await bench.settle();
      expect(bench.runs.cancelled).toEqual([successor]);
    }));

  it.each<Standing["state"]>(["on", "waiting"])(
    "in mode cancel_running asks a run to end once more that is %s, where the message was given up",
    (state) =>
      withBus(async (bench) => {
        vi.spyOn(console, "error").mockImplementation(() => {});
        const successor = await cancelledBeforeItsBeginning(bench);
        while ((await bench.bus.parkedMessages()).length === 0) {
          pass(6 * 60 * SECOND_MS);
          await bench.bus.alarm();
        }
        expect(bench.runs.cancelled).toEqual([]);
        bench.runs.hasBegun = () => true;
        bench.runs.standing = () => ({ state });
        pass(6 * 60 * SECOND_MS);
        await bench.settle();
        expect(bench.runs.cancelled).toEqual([successor]);
      }),
  );

  it("is kept by a run that goes on as another one", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const first = await send(bench, { env: "production", n: "1" });
      await send(bench, { env: "production", n: "2" });
      const successor = runId(7);
      await bench.bus.forgetRun(first.run, successor);
      await bench.bus.forgetRun(first.run, successor);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(1);
      expect(await bench.bus.queuedStarts({ all: false, limit: 10 })).toMatchObject([
        { behind: [successor] },
      ]);
      await bench.bus.forgetRun(successor);
      await bench.settle();
      expect(bench.runs.started).toHaveLength(2);
    }));

  it("is given back at once by a run that was over before the bus heard whose place it has", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const [next, last] = [runId(7), runId(8)];
      const first = await send(bench, { env: "production", n: "1" });
      const wait = { run: next, command: command(1), type: "com.example.judged", afterSeq: 0 };
      await bench.bus.registerWait(wait);
      // Something else is on its way to it all the while.
      const { promise, resolve } = Promise.withResolvers<boolean>();
      bench.runs.answer = () => promise;
      await bench.bus.ingest([anEvent({ type: wait.type })], "alice");
      await bench.bus.forgetRun(next, last);
      await bench.bus.forgetRun(last);
      bench.runs.standing = (run) => ({ state: "over", ...(run === next && { successor: last }) });
      await bench.bus.forgetRun(first.run, next);
      resolve(false);
      await bench.settle();
      expect((await send(bench, { env: "production", n: "2" })).state).toBe("started");
    }));

  it("can be shared by triggers that name the same group", () =>
    withBus(async (bench) => {
      const concurrency = { key: "event.data.env", group: "environments", mode: "queue", limit: 1 } as const;
      await bench.bus.setTriggers({
        workflow: "canary",
        version: 1,
        program: aProgram("d1"),
        triggers: [
          aTrigger({ concurrency }),
          aTrigger({ id: "canary/rollback", type: "com.example.broke", concurrency, priority: 10 }),
        ],
      });
      const first = await send(bench, { env: "production", n: "1" });
      await send(bench, { env: "production", n: "2" });
      await bench.bus.ingest([anEvent({ type: "com.example.broke", data: { env: "production" } })], "alice");
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      // The rollback came last and goes first: its priority is higher.
      expect(bench.runs.started.map(({ trigger }) => trigger.id)).toEqual([
        "canary/deploy",
        "canary/rollback",
      ]);
    }));

  it("does not wait for ever for a run whose last message was lost", () =>
    withBus(async (bench) => {
      const { first, second } = await twoForOnePlace(bench);
      for (let n = 0; n < 3; n += 1) {
        pass(6 * 60 * SECOND_MS);
        await bench.restart();
        await bench.settle();
      }
      expect(bench.runs.started).toHaveLength(1);
      bench.runs.standing = (run) => ({ state: run === first.run ? "over" : "on" });
      pass(6 * 60 * SECOND_MS);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run, second.run]);
    }));

  it.each<[string, Standing["state"], string[]]>([
    ["whose end was never told: the next start finds it free", "over", ["1", "3"]],
    ["whose start was given up: it is sent again each time", "unknown", ["1", "1", "1"]],
    ["that goes on: it keeps it", "on", ["1"]],
  ])("in mode skip is asked for, when a start finds none free, of a run %s", (_, state, begun) =>
    withBus(async (bench) => {
      await register(bench, oneAtATime({ mode: "skip" }));
      await send(bench, { env: "production", n: "1" });
      await bench.settle();
      bench.runs.standing = () => ({ state });
      for (const n of ["2", "3"]) {
        pass(6 * 60 * SECOND_MS);
        await send(bench, { env: "production", n });
        await bench.settle();
      }
      expect(started(bench)).toEqual(begun.map((n) => ({ env: "production", n })));
    }),
  );

  it("starts again a run whose start was given up, and lets one go that has been superseded meanwhile", () =>
    withBus(async (bench) => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      await register(bench, oneAtATime({ mode: "cancel_running" }));
      bench.runs.canStart = false;
      const first = await send(bench, { env: "production", n: "1" });
      const staging = await send(bench, { env: "staging", n: "1" });
      // Until its messages are parked.
      for (let n = 0; n < 25; n += 1) {
        pass(6 * 60 * SECOND_MS);
        await bench.bus.alarm();
        await bench.settle();
      }
      bench.runs.canStart = true;
      bench.runs.standing = () => ({ state: "unknown" });
      const second = await send(bench, { env: "production", n: "2" });
      await bench.settle();
      expect(bench.runs.cancelled).toEqual([first.run]);
      pass(6 * 60 * SECOND_MS);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([second.run]);
      expect(await bench.bus.queuedStart(first.run)).toMatchObject({ value: { state: "cancelled" } });
      // Nobody waits for the one in staging: nothing is asked, and an operator finds its message parked.
      expect(await bench.bus.queuedStart(staging.run)).toMatchObject({ value: { state: "started" } });
      const parked = (await bench.bus.parkedMessages()).map(({ receiver, method }) => [method, receiver]);
      expect(parked).toEqual([first, staging].map(({ run }) => ["start", `run/${run}`]));
      await bench.bus.retryParked({ actor: "bus", by: alice });
      await bench.settle();
      // The operator has that one begin, and not the one that was superseded.
      expect(bench.runs.started.map(({ id }) => id)).toEqual([second.run, staging.run]);
      expect(await bench.bus.parkedMessages()).toEqual([]);
      expect(await bench.bus.queuedStart(first.run)).toMatchObject({ value: { state: "cancelled" } });
    }));

  it("keeps the place of a run that is to go on in another's place, and leaves its beginning to that one", () =>
    withBus(async (bench) => {
      const { first, second } = await twoForOnePlace(bench);
      const successor = `run_${"5".repeat(32)}` as RunId;
      await bench.bus.forgetRun(first.run, successor);
      // What it begins with has not reached it yet.
      bench.runs.standing = () => ({ state: "unknown" });
      for (let n = 0; n < 3; n += 1) {
        pass(6 * 60 * SECOND_MS);
        await bench.settle();
      }
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run]);
      expect(await bench.bus.queuedStart(second.run)).toMatchObject({ value: { behind: [successor] } });
      await bench.bus.forgetRun(successor);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run, second.run]);
    }));

  it("hands a place on also when a run is only asked, and says that another goes on in its place", () =>
    withBus(async (bench) => {
      const { first, second } = await twoForOnePlace(bench);
      const successor = `run_${"5".repeat(32)}` as RunId;
      bench.runs.standing = (run) => (run === first.run ? { state: "over", successor } : { state: "on" });
      pass(6 * 60 * SECOND_MS);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run]);
      expect(await bench.bus.queuedStart(second.run)).toMatchObject({ value: { behind: [successor] } });
      await bench.bus.forgetRun(first.run, successor);
      await bench.bus.forgetRun(successor);
      await bench.settle();
      expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run, second.run]);
    }));

  describe("is claimed by a run that is restarted after its end", () => {
    const again = runId(0xa);
    const granted = { isGranted: true };

    /** The first start is over, and claims a place under another name; `others` have come meanwhile. */
    async function claimed(bench: Bench, mode: Concurrency["mode"], others: number) {
      await register(bench, oneAtATime({ mode }));
      const first = await send(bench, { env: "production", n: "0" });
      await bench.settle();
      await bench.bus.forgetRun(first.run);
      const runs: RunId[] = [];
      for (let n = 1; n <= others; n += 1) {
        runs.push((await send(bench, { env: "production", n: String(n) })).run);
      }
      await bench.settle();
      const claim = () => bench.bus.claimPlace(claimOf(bench, first.run));
      await claim();
      await bench.settle();
      return { first: first.run, runs, claim };
    }

    const claimOf = (bench: Bench, continues: RunId, key: Result<string> = ok("production")) => ({
      run: again,
      continues,
      workflow: "canary",
      digest: "d1",
      initiator: "alice",
      trigger: bench.runs.started[0]?.trigger ?? aTrigger(),
      seq: 1,
      key,
    });

    it("and given at once where one is free", () =>
      withBus(async (bench) => {
        const { claim } = await claimed(bench, "queue", 0);
        expect(bench.runs.places).toEqual([[again, granted]]);
        await send(bench, { env: "production", n: "1" });
        await bench.settle();
        expect(bench.runs.started).toHaveLength(1);
        // It had not heard: it asks once more, and answers that it waits still.
        await claim();
        await bench.settle();
        bench.runs.standing = () => ({ state: "waiting" });
        pass(6 * 60 * SECOND_MS);
        await bench.settle();
        expect(bench.runs.places).toEqual([1, 2, 3].map(() => [again, granted]));
        await bench.bus.forgetRun(again);
        await bench.settle();
        expect(bench.runs.started).toHaveLength(2);
      }));

    it("and given in its turn, by the age of its event", () =>
      withBus(async (bench) => {
        const { runs, claim } = await claimed(bench, "queue", 2);
        expect(await bench.bus.queuedStart(again)).toMatchObject({
          value: { state: "queued", group: "canary/deploy[production]", behind: [runs[0]] },
        });
        await claim();
        expect(bench.runs.places).toEqual([]);
        await bench.bus.forgetRun(runs[0] as RunId);
        await bench.settle();
        expect(bench.runs.places).toEqual([[again, granted]]);
        expect(bench.runs.started).toHaveLength(2);
        await bench.bus.forgetRun(again);
        await bench.settle();
        expect(bench.runs.started.map(({ id }) => id)).toContain(runs[1]);
      }));

    it.each([
      ["skip", 1, "no place in canary/deploy[production] was free"],
      ["cancel_queued", 2, "goes in its place"],
      ["cancel_running", 2, "goes in its place"],
    ] as const)("and refused by the mode %s", (mode, others, reason) =>
      withBus(async (bench) => {
        const { runs } = await claimed(bench, mode, others);
        expect(bench.runs.places).toEqual([
          [again, { isGranted: false, reason: expect.stringContaining(reason) }],
        ]);
        expect(bench.runs.cancelled).toEqual(mode === "cancel_running" ? [runs[0]] : []);
      }),
    );

    it("and given by the mode newest once the newer ones are through", () =>
      withBus(async (bench) => {
        const { runs } = await claimed(bench, "newest", 1);
        expect(bench.runs.places).toEqual([]);
        await bench.bus.forgetRun(runs[0] as RunId);
        await bench.settle();
        expect(bench.runs.places).toEqual([[again, granted]]);
      }));

    it("and given also where the end of the one before is not heard of yet", () =>
      withBus(async (bench) => {
        await register(bench, oneAtATime({ mode: "skip" }));
        const first = await send(bench, { env: "production", n: "0" });
        await bench.settle();
        await bench.bus.claimPlace(claimOf(bench, first.run));
        await bench.bus.forgetRun(first.run);
        await bench.settle();
        expect(bench.runs.places).toEqual([[again, granted]]);
      }));

    it("and by its age, before those that wait for the one before", () =>
      withBus(async (bench) => {
        const { first, second } = await twoForOnePlace(bench);
        await bench.bus.claimPlace(claimOf(bench, first.run));
        await bench.settle();
        expect(bench.runs.places).toEqual([[again, granted]]);
        await bench.bus.forgetRun(first.run);
        await bench.settle();
        expect(await bench.bus.queuedStart(second.run)).toMatchObject({ value: { behind: [again] } });
      }));

    it("and leaves the place of the one before to others where it needs another", () =>
      withBus(async (bench) => {
        const { first, second } = await twoForOnePlace(bench);
        const claim = claimOf(bench, first.run, ok("staging"));
        // A new version of the trigger: the rule of the one before is not its own.
        const trigger = { ...claim.trigger, ...oneAtATime({ limit: 2 }) };
        await bench.bus.claimPlace({ ...claim, trigger });
        await bench.settle();
        expect(bench.runs.places).toEqual([[again, granted]]);
        expect(bench.runs.started.map(({ id }) => id)).toEqual([first.run, second.run]);
      }));

    it.each(["cancel_queued", "cancel_running"] as const)(
      "and not refused in favour of the one before, in the mode %s",
      (mode) =>
        withBus(async (bench) => {
          await claimed(bench, mode, 1);
          const lesser = runId(0x1);
          await bench.bus.claimPlace({ ...claimOf(bench, again), run: lesser });
          await bench.bus.forgetRun(again, lesser);
          await bench.settle();
          expect(bench.runs.places).toEqual([]);
          expect(await bench.bus.queuedStart(lesser)).toMatchObject({ value: { state: "queued" } });
        }),
    );

    it("and given up by whoever takes it back, and by its own end", () =>
      withBus(async (bench) => {
        const { runs } = await claimed(bench, "queue", 2);
        await bench.bus.cancelStart({ run: again, by: alice, reason: "not today" });
        await bench.settle();
        expect(bench.runs.places).toEqual([
          [again, { isGranted: false, reason: "cancelled by alice: not today" }],
        ]);
        const other = runId(0xb);
        await bench.bus.claimPlace({ ...claimOf(bench, again), run: other });
        await bench.bus.forgetRun(other);
        await bench.bus.forgetRun(runs[0] as RunId);
        await bench.settle();
        expect(await bench.bus.queuedStart(other)).toMatchObject({ value: { state: "cancelled" } });
        expect(bench.runs.started.map(({ id }) => id)).toContain(runs[1]);
      }));

    it("and found by its event where the one before is no longer known, or refused", () =>
      withBus(async (bench) => {
        await claimed(bench, "queue", 1);
        await bench.bus.claimPlace({ ...claimOf(bench, runId(0xe)), run: runId(0xc) });
        expect(await bench.bus.queuedStart(runId(0xc))).toMatchObject({
          value: { group: "canary/deploy[production]" },
        });
        const key = refuse("key_failed", "no such key: env");
        await bench.bus.claimPlace({ ...claimOf(bench, runId(0xe), key), run: runId(0xd) });
        await bench.settle();
        expect(bench.runs.places).toEqual([
          [
            runId(0xd),
            { isGranted: false, reason: "it cannot be told which place it needs: no such key: env" },
          ],
        ]);
      }));
  });

  it("skips an event whose key cannot be told, and says so", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const { receipt } = await send(bench, { region: "eu" });
      expect(receipt?.started).toEqual([]);
      expect(receipt?.skipped).toMatchObject([{ by: "canary/deploy" }]);
      expect(receipt?.skipped?.[0]?.reason).toContain("its key failed: No such key: env");
      expect(await bench.bus.triggers()).toMatchObject([{ failures: 1 }]);
    }));
});

describe("a rate limit", () => {
  const twoPerMinute = (over: "wait" | "drop"): Partial<Trigger> => ({
    rateLimit: { count: 2, perMs: 60 * SECOND_MS, over },
  });

  it("starts no more than its count in any stretch of its length, and the rest when it is over", () =>
    withBus(async (bench) => {
      await register(bench, twoPerMinute("wait"));
      for (const n of ["1", "2", "3", "4", "5"]) {
        await send(bench, { n });
        pass(10 * SECOND_MS);
      }
      await bench.settle();
      expect(started(bench)).toEqual([{ n: "1" }, { n: "2" }]);
      expect(await bench.bus.queuedStarts({ all: false, limit: 10 })).toHaveLength(3);
      // 50 s have passed: the first permit is given back after 60.
      pass(9 * SECOND_MS);
      await bench.settle();
      expect(started(bench)).toHaveLength(2);
      pass(SECOND_MS);
      await bench.restart();
      await bench.settle();
      expect(started(bench)).toHaveLength(3);
      pass(10 * SECOND_MS);
      await bench.settle();
      expect(started(bench)).toHaveLength(4);
      pass(60 * SECOND_MS);
      await bench.settle();
      expect(started(bench)).toEqual(["1", "2", "3", "4", "5"].map((n) => ({ n })));
      expect(await bench.bus.queuedStarts({ all: false, limit: 10 })).toEqual([]);
    }));

  it("drops what is over it, when told to, and the next run knows how many", () =>
    withBus(async (bench) => {
      await register(bench, twoPerMinute("drop"));
      const outcomes: string[] = [];
      for (const n of ["1", "2", "3", "4"]) outcomes.push((await send(bench, { n })).state);
      expect(outcomes).toEqual(["started", "started", "dropped", "dropped"]);
      pass(60 * SECOND_MS);
      await send(bench, { n: "5" });
      await bench.settle();
      expect(started(bench)).toEqual(["1", "2", "5"].map((n) => ({ n })));
      expect(bench.runs.started.map(({ event }) => event.sluicedropped)).toEqual([undefined, undefined, 2]);
    }));
});

describe("debounce", () => {
  const quiet: Partial<Trigger> = {
    debounce: { quietMs: 5 * SECOND_MS, maxWaitMs: 12 * SECOND_MS, key: "event.data.app" },
  };

  it("makes one run of a burst, with its last event, once it is quiet", () =>
    withBus(async (bench) => {
      await register(bench, quiet);
      const first = await send(bench, { app: "shop", n: "1" });
      expect(first.receipt?.queued).toMatchObject([
        { state: "gathering", reason: "waits until no event comes" },
      ]);
      pass(4 * SECOND_MS);
      const second = await send(bench, { app: "shop", n: "2" });
      expect(second.run).toBe(first.run);
      await send(bench, { app: "blog", n: "1" });
      pass(4 * SECOND_MS);
      await bench.restart();
      await bench.settle();
      expect(started(bench)).toEqual([]);
      pass(SECOND_MS);
      await bench.settle();
      expect(
        started(bench)
          .map((data) => (data as { app: string; n: string }).app)
          .toSorted(),
      ).toEqual(["blog", "shop"]);
      const shop = bench.runs.started.find(({ id }) => id === first.run);
      expect(shop).toMatchObject({ event: { data: { app: "shop", n: "2" }, sluicemerged: 1 }, eventSeq: 2 });
      const story = await bench.bus.eventStory(1);
      expect(story).toMatchObject({ value: { starts: [{ run: first.run, state: "started", events: 2 }] } });
    }));

  it("does not put off for ever", () =>
    withBus(async (bench) => {
      await register(bench, quiet);
      for (const n of ["1", "2", "3", "4"]) {
        await send(bench, { app: "shop", n });
        pass(4 * SECOND_MS);
        await bench.settle();
      }
      expect(started(bench)).toEqual([{ app: "shop", n: "3" }]);
    }));
});

describe("what a rate limit remembers of keys that do not come again", () => {
  it("is kept for as long as a rule can ask for it, and then forgotten a little at a time", () =>
    withBus(async (bench) => {
      const period = 31 * 24 * 3600 * SECOND_MS;
      await register(bench, { rateLimit: { count: 1, perMs: period, key: "event.data.n", over: "drop" } });
      await bench.bus.ingest(
        Array.from({ length: 600 }, (_, n) => anEvent({ data: { n: String(n) } })),
        "alice",
      );
      await bench.settle();
      pass(period - SECOND_MS);
      await bench.settle();
      expect((await send(bench, { n: "1" })).state).toBe("dropped");
      pass(period + 2 * SECOND_MS);
      await bench.bus.alarm();
      expect(bench.count("permits")).toBe(100);
      pass(SECOND_MS);
      await bench.bus.alarm();
      expect(bench.count("permits")).toBe(0);
    }));
});

describe("a batch", () => {
  const three: Partial<Trigger> = { batch: { max: 3, withinMs: 60 * SECOND_MS } };
  const batches = ({ runs }: Bench) =>
    runs.started.map(({ event }) =>
      (event.data as { events: { data: { n: string } }[] }).events.map(({ data }) => data.n),
    );

  it("starts one run when it is full, and what is left when its time is over", () =>
    withBus(async (bench) => {
      await register(bench, three);
      for (const n of ["1", "2", "3", "4", "5"]) {
        await send(bench, { n });
        pass(SECOND_MS);
      }
      await bench.settle();
      await bench.restart();
      expect(batches(bench)).toEqual([["1", "2", "3"]]);
      expect(bench.runs.started[0]).toMatchObject({
        eventSeq: 3,
        event: { type: "dev.sluice.events.batched", subject: "canary/deploy", id: bench.runs.started[0]?.id },
      });
      pass(60 * SECOND_MS);
      await bench.settle();
      expect(batches(bench)).toEqual([
        ["1", "2", "3"],
        ["4", "5"],
      ]);
    }));

  it("holds events of one initiator, so that it is clear who may approve what it does", () =>
    withBus(async (bench) => {
      await register(bench, three);
      await send(bench, { n: "1" }, "alice");
      await send(bench, { n: "2" }, "bob");
      await send(bench, { n: "3" }, "alice");
      pass(60 * SECOND_MS);
      await bench.settle();
      expect(bench.runs.started.map(({ initiator }) => initiator).toSorted()).toEqual(["alice", "bob"]);
    }));

  it("that the next event would make too large goes without it", () =>
    withBus(async (bench) => {
      await register(bench, three);
      const large = "x".repeat(300_000);
      await send(bench, { n: "1", large });
      await send(bench, { n: "2", large });
      await bench.settle();
      expect(batches(bench)).toEqual([["1"]]);
    }));
});

describe("flow control", () => {
  it("does everything one after the other: gathers, waits for a permit, waits for a place", () =>
    withBus(async (bench) => {
      await register(bench, {
        debounce: { quietMs: SECOND_MS },
        rateLimit: { count: 1, perMs: 60 * SECOND_MS, over: "wait" },
        concurrency: { mode: "queue", limit: 1 },
      });
      const first = await send(bench, { n: "1" });
      pass(SECOND_MS);
      await bench.settle();
      const second = await send(bench, { n: "2" });
      const state = async () => {
        const view = await bench.bus.queuedStart(second.run);
        return view.ok ? view.value.state : view.error.code;
      };
      expect(await state()).toBe("gathering");
      pass(SECOND_MS);
      await bench.settle();
      expect(await state()).toBe("limited");
      pass(60 * SECOND_MS);
      await bench.settle();
      expect(await state()).toBe("queued");
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(await state()).toBe("started");
      expect(started(bench)).toEqual([{ n: "1" }, { n: "2" }]);
    }));

  it("does nothing twice for an event that comes again", () =>
    withBus(async (bench) => {
      await register(bench, { batch: { max: 2, withinMs: 60 * SECOND_MS } });
      const event = anEvent();
      const [first] = await bench.bus.ingest([event], "alice");
      const [again] = await bench.bus.ingest([event], "alice");
      expect(again).toEqual({ ...first, duplicate: true });
      await bench.settle();
      expect(bench.runs.started).toEqual([]);
      expect(await bench.bus.queuedStarts({ all: true, limit: 10 })).toMatchObject([{ events: 1 }]);
    }));

  it("keeps the events and the program of what waits longer than everything else is kept", () =>
    withBus(async (bench) => {
      await register(bench, oneAtATime());
      const first = await send(bench, { env: "production", n: "1" });
      await send(bench, { env: "production", n: "2" });
      await bench.settle();
      await bench.bus.setTriggers({ workflow: "canary", version: 2, program: null, triggers: [] });
      for (let n = 0; n < 3; n += 1) {
        pass(40 * 24 * 3600 * SECOND_MS);
        await bench.settle();
      }
      expect((await bench.bus.events({ limit: 10 })).events).toHaveLength(1);
      await bench.restart();
      await bench.bus.forgetRun(first.run);
      await bench.settle();
      expect(started(bench)).toEqual([
        { env: "production", n: "1" },
        { env: "production", n: "2" },
      ]);
      pass(40 * 24 * 3600 * SECOND_MS);
      await bench.settle();
      expect((await bench.bus.events({ limit: 10 })).events).toEqual([]);
    }));
});
