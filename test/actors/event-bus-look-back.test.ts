// The bus against a model of what replay.md says of waits: an event that arrives goes to each run once; each wait
// gets the first event its run has not consumed; an event that is turned down, or given back, is free again.
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EventRows } from "../../durable-objects/event-bus/event-rows.ts";
import { matchesType } from "../../src/events/type-pattern.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { anEvent, type Bench, command, run, withBus } from "./event-bus-fixture.ts";

type Step =
  | { do: "arrive"; type: string; app: string }
  /**
   * `app`: of which alone. `isOver`: the run will turn down what this wait gets. `lookBack`: how many of the events so far
   * it looks at.
   */
  | { do: "wait"; run: 1 | 2; type: string; app?: string | undefined; lookBack: number; isOver: boolean }
  /** The wait of an earlier step ends: what it has got is given back. */
  | { do: "cancel"; back: number }
  | { do: "restart" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("arrive"),
      type: fc.constantFrom("t.a", "t.b"),
      app: fc.constantFrom("shop", "till"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("wait"),
      run: fc.constantFrom(1, 2),
      type: fc.constantFrom("t.a", "t.b", "t.*"),
      app: fc.constantFrom(undefined, undefined, "shop"),
      lookBack: fc.constantFrom(0, 0, 1, 5),
      isOver: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel"), back: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" }) },
);

interface Wait {
  run: 1 | 2;
  command: number;
  type: string;
  app: string | undefined;
  afterSeq: number;
  isOver: boolean;
}

class Model {
  readonly arrived: { type: string; app: string }[] = [];
  /** Open waits, oldest first. */
  #open: Wait[] = [];
  #consumed: { run: 1 | 2; command: number; seq: number }[] = [];
  /** What runs have accepted, whether or not they have given it back since. */
  readonly accepted: { run: 1 | 2; command: number; seq: number }[] = [];

  arrive(event: { type: string; app: string }): void {
    this.arrived.push(event);
    this.#settle();
  }

  wait(wait: Wait): void {
    this.#open.push(wait);
    this.#settle();
  }

  cancel(command: number): void {
    this.#open = this.#open.filter((wait) => wait.command !== command);
    this.#consumed = this.#consumed.filter((one) => one.command !== command);
    this.#settle();
  }

  #settle(): void {
    for (let next = this.#nextServed(); next; next = this.#nextServed()) {
      const { wait, seq } = next;
      this.#open = this.#open.filter((other) => other !== wait);
      if (wait.isOver) continue;
      const one = { run: wait.run, command: wait.command, seq };
      this.#consumed.push(one);
      this.accepted.push(one);
    }
  }

  /** The oldest wait for which there is an event, and the first such event. */
  #nextServed(): { wait: Wait; seq: number } | undefined {
    for (const wait of this.#open) {
      const taken = new Set(this.#consumed.filter((one) => one.run === wait.run).map(({ seq }) => seq));
      const index = this.arrived.findIndex(
        ({ type, app }, n) =>
          n + 1 > wait.afterSeq &&
          matchesType(wait.type, type) &&
          (wait.app ?? app) === app &&
          !taken.has(n + 1),
      );
      if (index >= 0) return { wait, seq: index + 1 };
    }
    return undefined;
  }
}

/** Does the steps with the bus and with the model, and compares what runs have got. */
async function behavesAsTheModel(script: readonly Step[], bench: Bench): Promise<void> {
  const model = new Model();
  const over = new Set<string>();
  const waits: { run: 1 | 2; command: number }[] = [];
  bench.runs.answer = (delivery) => !over.has(`${delivery.run} ${delivery.command}`);
  for (const [index, step] of script.entries()) {
    if (step.do === "restart") await bench.restart();
    if (step.do === "arrive") {
      const { type, app } = step;
      model.arrive({ type, app });
      await bench.bus.ingest([anEvent({ type, data: { app } })], "x");
    }
    if (step.do === "cancel") {
      const wait = waits.at(-step.back);
      if (wait) {
        model.cancel(wait.command);
        await bench.bus.cancelWait({ run: run(wait.run), command: command(wait.command) });
      }
    }
    if (step.do === "wait") {
      const { type, app, isOver } = step;
      const key = { run: run(step.run), command: command(index + 1) };
      const afterSeq = Math.max(model.arrived.length - step.lookBack, 0);
      if (isOver) over.add(`${key.run} ${key.command}`);
      waits.push({ run: step.run, command: index + 1 });
      model.wait({ run: step.run, command: index + 1, type, app, afterSeq, isOver });
      await bench.bus.registerWait({ ...key, type, afterSeq, ...(app && { match: { data: { app } } }) });
    }
    await bench.settle();
  }
  const accepted = bench.runs.delivered.filter((one) => !over.has(`${one.run} ${one.command}`));
  const byArrival = (list: { run: string; command: string; seq: number }[]) =>
    list.map((one) => `${one.run} ${one.command} ${one.seq}`).toSorted();
  expect(byArrival(accepted)).toEqual(
    byArrival(
      model.accepted.map((one) => ({ run: run(one.run), command: command(one.command), seq: one.seq })),
    ),
  );
}

/** A look-back goes through so many events in a turn. */
function withPortionsOf(events: number): void {
  const { lookThrough } = EventRows.prototype;
  vi.spyOn(EventRows.prototype, "lookThrough").mockImplementation(function (this: EventRows, query, accepts) {
    return lookThrough.call(this, { ...query, limit: Math.min(query.limit, events) }, accepts);
  });
}

afterEach(() => vi.restoreAllMocks());

it("A wait gets the first event its run has not consumed, in any order of events, waits and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40, size: "max" }), (script) =>
      withBus((bench) => behavesAsTheModel(script, bench)),
    ),
    { numRuns: 40 },
  );
});

describe("A look-back that takes more than one turn", () => {
  it("brings what one turn would", async () => {
    withPortionsOf(2);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40, size: "max" }), (script) =>
        withBus((bench) => behavesAsTheModel(script, bench)),
      ),
      { numRuns: 40 },
    );
  });

  it("goes on in a new instance; older waits, and older events, come first", () =>
    withBus(async (bench) => {
      withPortionsOf(2);
      const type = "com.example.happened";
      for (let n = 1; n <= 5; n += 1) await bench.bus.ingest([anEvent({ data: { n } })], "x");
      const wait = { run: run(1), type, filter: "event.data.n > 2", afterSeq: 0 };
      for (let n = 1; n <= 4; n += 1) await bench.bus.registerWait({ ...wait, command: command(n) });
      await bench.restart();
      const [receipt] = await bench.bus.ingest([anEvent({ data: { n: 6 } })], "x");
      expect(receipt?.woke).toEqual([]);
      await bench.settle();
      expect(bench.runs.delivered.map((one) => [one.command, one.seq]).toSorted()).toEqual([
        [command(1), 3],
        [command(2), 4],
        [command(3), 5],
        [command(4), 6],
      ]);
    }));

  it("of a wait for what comes from now on goes no further back when an older event is free again", () =>
    withBus(async (bench) => {
      withPortionsOf(2);
      const type = "com.example.happened";
      bench.runs.answer = (delivery) => delivery.command !== command(1);
      await bench.bus.ingest([anEvent({ data: { n: 1 } })], "x");
      // It will turn the event down, when the two others look back.
      await bench.bus.registerWait({ run: run(1), command: command(1), type, afterSeq: 0 });
      for (let n = 2; n <= 6; n += 1) await bench.bus.ingest([anEvent({ data: { n } })], "x");
      const late = { run: run(1), type, filter: "event.data.n > 99", afterSeq: 0 };
      await bench.bus.registerWait({ ...late, command: command(2) });
      await bench.bus.registerWait({ run: run(1), command: command(3), type, afterSeq: "now" });
      await bench.settle();
      expect(bench.runs.delivered.filter((one) => one.command === command(3))).toEqual([]);
      await bench.bus.ingest([anEvent({ data: { n: 7 } })], "x");
      await bench.settle();
      expect(bench.runs.delivered.at(-1)).toMatchObject({ command: command(3), seq: 7 });
    }));

  it("of a wait that is cancelled leaves its event to the next", () =>
    withBus(async (bench) => {
      withPortionsOf(2);
      for (let n = 0; n < 5; n += 1) await bench.bus.ingest([anEvent({ data: { n } })], "x");
      const wait = { run: run(1), type: "com.example.happened", filter: "event.data.n == 4", afterSeq: 0 };
      await bench.bus.registerWait({ ...wait, command: command(1) });
      await bench.bus.registerWait({ ...wait, command: command(2) });
      await bench.bus.cancelWait({ run: run(1), command: command(1) });
      await bench.settle();
      expect(bench.runs.delivered.map((one) => [one.command, one.seq])).toEqual([[command(2), 5]]);
    }));
});

describe("Many stored events", () => {
  const manyOthers = async (bench: Bench, count: number) => {
    const others = Array.from({ length: count }, () => anEvent({ data: { repository: "other" } }));
    for (let at = 0; at < count; at += 100) await bench.bus.ingest(others.slice(at, at + 100), "x");
    await bench.settle();
  };
  const wait = { run: run(1), type: "com.example.happened", match: { data: { repository: "shop" } } };

  it("hold a wait's turn up by no more than a portion of them", () =>
    withBus(async (bench) => {
      await manyOthers(bench, 5000);
      const read = await bench.rowsRead(() =>
        bench.bus.registerWait({ ...wait, command: command(1), afterSeq: 0 }),
      );
      expect(read).toBeLessThan(5 * 1000);
      await bench.bus.ingest([anEvent({ data: { repository: "shop" } })], "x");
      await bench.settle();
      expect(bench.runs.delivered.map(({ seq }) => seq)).toEqual([5001]);
    }));

  it("that were looked through for something else are looked through again", () =>
    withBus(async (bench) => {
      await bench.bus.ingest([anEvent({ data: { n: 1 } }), anEvent({ data: { n: 2 } })], "x");
      const { match: _, ...any } = wait;
      const register = (n: number, criteria: { filter?: string; match?: JsonObject }) =>
        bench.bus.registerWait({ ...any, ...criteria, command: command(n), afterSeq: 0 });
      await register(1, { filter: "event.data.n == 2" });
      await register(2, { match: { data: { n: 1 } } });
      await register(3, { match: { data: { n: 3 } } });
      await bench.bus.ingest([anEvent({ data: { n: 4 } })], "x");
      await register(4, { match: { data: { n: 4 } } });
      await register(5, { match: { data: { n: 4 } } });
      await bench.settle();
      expect(bench.runs.delivered.map((one) => [one.command, one.seq])).toEqual([
        [command(1), 2],
        [command(2), 1],
        [command(4), 3],
      ]);
    }));

  it("are looked through once by a run that waits for the same again and again", () =>
    withBus(async (bench) => {
      await manyOthers(bench, 2000);
      for (let n = 1; n <= 3; n += 1) {
        await bench.bus.ingest([anEvent({ data: { repository: "shop" } })], "x");
        const register = () => bench.bus.registerWait({ ...wait, command: command(n), afterSeq: 0 });
        const read = await bench.rowsRead(async () => {
          await register();
          await bench.settle();
        });
        if (n > 1) expect(read).toBeLessThan(100);
      }
      expect(bench.runs.delivered.map(({ seq }) => seq)).toEqual([2001, 2002, 2003]);
    }));
});
