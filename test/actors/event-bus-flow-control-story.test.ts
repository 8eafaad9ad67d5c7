// Any flow control, any order of events, endings, waiting and power cuts: what must hold, holds.
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import type { FlowControl } from "../../src/protocol/flow-control.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { anEvent, type Bench, register, withBus } from "./event-bus-fixture.ts";

const SECOND_MS = 1000;
const PERIOD_MS = 60 * SECOND_MS;

type Step =
  | { type: "send"; env: string }
  | { type: "finish"; pick: number; twice: boolean }
  | { type: "pass"; seconds: number }
  | { type: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("send" as const), env: fc.constantFrom("a", "b") }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("finish" as const), pick: fc.nat(50), twice: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("pass" as const), seconds: fc.constantFrom(1, 10, 30, 61) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
);

const key = "event.data.env";
const gathering = fc.constantFrom<FlowControl>(
  {},
  { debounce: { quietMs: 5 * SECOND_MS, key } },
  { debounce: { quietMs: 20 * SECOND_MS, maxWaitMs: 30 * SECOND_MS } },
  { batch: { max: 3, withinMs: 15 * SECOND_MS, key } },
);
const rate = fc.constantFrom<FlowControl>(
  {},
  { rateLimit: { count: 2, perMs: PERIOD_MS, over: "wait" } },
  { rateLimit: { count: 1, perMs: PERIOD_MS, over: "wait", key } },
);
const places = fc.constantFrom<FlowControl>(
  {},
  { concurrency: { mode: "queue", limit: 1, key } },
  { concurrency: { mode: "queue", limit: 2 } },
  { concurrency: { mode: "newest_first", limit: 1, key } },
  { concurrency: { mode: "cancel_queued", limit: 1, key } },
  { concurrency: { mode: "newest", limit: 1 } },
);
const flow = fc
  .tuple(gathering, rate, places)
  .map((parts): FlowControl => Object.assign({}, ...parts))
  .filter((rules) => Object.keys(rules).length > 0);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

class Story {
  readonly #bench: Bench;
  readonly #flow: FlowControl;
  readonly #over = new Set<RunId>();
  readonly #startedAt = new Map<RunId, { at: number; env: string }>();
  sent = 0;

  constructor(bench: Bench, rules: FlowControl) {
    this.#bench = bench;
    this.#flow = rules;
  }

  get #running(): RunId[] {
    return [...this.#startedAt.keys()].filter((run) => !this.#over.has(run));
  }

  async take(one: Step): Promise<void> {
    const { bus } = this.#bench;
    if (one.type === "send") {
      this.sent += 1;
      await bus.ingest([anEvent({ data: { env: one.env } })], "alice");
    } else if (one.type === "pass") vi.setSystemTime(Date.now() + one.seconds * SECOND_MS);
    else if (one.type === "restart") await this.#bench.restart();
    else {
      const running = this.#running;
      const run = running[one.pick % running.length];
      if (run === undefined) return;
      this.#over.add(run);
      await bus.forgetRun(run);
      if (one.twice) await bus.forgetRun(run);
    }
    await this.#bench.settle();
    this.#check();
  }

  #check(): void {
    const { started } = this.#bench.runs;
    expect(new Set(started.map(({ id }) => id)).size, "nothing starts twice").toBe(started.length);
    for (const { id, event, trigger } of started) {
      if (this.#startedAt.has(id)) continue;
      const data = event.data as { env?: string; events?: { data: { env: string } }[] };
      const env = (trigger.batch ? data.events?.at(-1)?.data.env : data.env) ?? "";
      this.#startedAt.set(id, { at: Date.now(), env });
    }
    const all = [...this.#startedAt].map(([run, start]) => ({ run, ...start }));
    const { concurrency, rateLimit } = this.#flow;
    for (const env of ["a", "b"]) {
      const ofKey = (rule: { key?: string | undefined }) =>
        all.filter((one) => rule.key === undefined || one.env === env);
      if (concurrency) {
        const running = ofKey(concurrency).filter(({ run }) => !this.#over.has(run));
        expect(running.length, "places").toBeLessThanOrEqual(concurrency.limit);
      }
      if (rateLimit && !concurrency) {
        const times = ofKey(rateLimit).map(({ at }) => at);
        for (const from of times) {
          // Tests' clocks move a little while messages are delivered.
          const within = times.filter((at) => at >= from && at < from + PERIOD_MS - SECOND_MS);
          expect(within.length, "permits").toBeLessThanOrEqual(rateLimit.count);
        }
      }
    }
  }

  /** Lets everything end that can. */
  async end(): Promise<void> {
    for (let n = 0; n < 200; n += 1) {
      if ((await this.#bench.bus.queuedStarts({ all: false, limit: 1 })).length === 0) break;
      await this.take({ type: "pass", seconds: 31 });
      while (this.#running.length > 0) await this.take({ type: "finish", pick: 0, twice: false });
    }
    expect(await this.#bench.bus.queuedStarts({ all: false, limit: 1 }), "nothing waits for ever").toEqual(
      [],
    );
    const starts = await this.#bench.bus.queuedStarts({ all: true, limit: 500 });
    expect(
      starts.reduce((sum, { events }) => sum + events, 0),
      "every event stands behind one start",
    ).toBe(this.sent);
    const begun = starts.filter(({ state }) => state === "started" || state === "finished");
    expect(begun.map(({ run }) => run).toSorted()).toEqual([...this.#startedAt.keys()].toSorted());
    const lost = starts.filter((one) => !begun.includes(one));
    const drops = ["newest", "cancel_queued"].includes(this.#flow.concurrency?.mode ?? "");
    expect(lost.every(({ state }) => drops && state === "superseded")).toBe(true);
  }
}

it("Starts keep to their limits, and none is lost, in any order of events, endings and power cuts", async () => {
  await fc.assert(
    fc.asyncProperty(flow, fc.array(step, { minLength: 5, maxLength: 30 }), async (rules, steps) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-05-01T00:00:00Z") });
      await withBus(async (bench) => {
        await register(bench, rules);
        const story = new Story(bench, rules);
        for (const one of steps) await story.take(one);
        await story.end();
      });
      vi.restoreAllMocks();
    }),
    { numRuns: 40 },
  );
});
