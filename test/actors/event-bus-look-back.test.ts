// The bus against a model of what replay.md says of waits: an event that arrives goes to each run once; each wait
// gets the first event its run has not consumed; an event that is turned down is free again.
import fc from "fast-check";
import { expect, it } from "vitest";
import { matchesType } from "../../src/events/type-pattern.ts";
import { anEvent, command, run, withBus } from "./event-bus-fixture.ts";

type Step =
  | { do: "arrive"; type: string }
  /** `isOver`: the run will turn down what this wait gets. `lookBack`: how many of the events so far it looks at. */
  | { do: "wait"; run: 1 | 2; type: string; lookBack: number; isOver: boolean }
  | { do: "restart" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("arrive"), type: fc.constantFrom("t.a", "t.b") }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("wait"),
      run: fc.constantFrom(1, 2),
      type: fc.constantFrom("t.a", "t.b", "t.*"),
      lookBack: fc.constantFrom(0, 0, 1, 5),
      isOver: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "restart" }) },
);

interface Wait {
  run: 1 | 2;
  command: number;
  type: string;
  afterSeq: number;
  isOver: boolean;
}

class Model {
  readonly arrived: string[] = [];
  /** Open waits, oldest first. */
  #open: Wait[] = [];
  readonly consumed: { run: 1 | 2; command: number; seq: number }[] = [];

  arrive(type: string): void {
    this.arrived.push(type);
    this.#settle();
  }

  wait(wait: Wait): void {
    this.#open.push(wait);
    this.#settle();
  }

  #settle(): void {
    for (let next = this.#nextServed(); next; next = this.#nextServed()) {
      const { wait, seq } = next;
      this.#open = this.#open.filter((other) => other !== wait);
      if (!wait.isOver) this.consumed.push({ run: wait.run, command: wait.command, seq });
    }
  }

  /** The oldest wait for which there is an event, and the first such event. */
  #nextServed(): { wait: Wait; seq: number } | undefined {
    for (const wait of this.#open) {
      const taken = new Set(this.consumed.filter((one) => one.run === wait.run).map(({ seq }) => seq));
      const index = this.arrived.findIndex(
        (type, n) => n + 1 > wait.afterSeq && matchesType(wait.type, type) && !taken.has(n + 1),
      );
      if (index >= 0) return { wait, seq: index + 1 };
    }
    return undefined;
  }
}

it("A wait gets the first event its run has not consumed, in any order of events, waits and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40, size: "max" }), (script) =>
      withBus(async (bench) => {
        const model = new Model();
        const over = new Set<string>();
        bench.runs.answer = (delivery) => !over.has(`${delivery.run} ${delivery.command}`);
        for (const [index, step] of script.entries()) {
          if (step.do === "restart") await bench.restart();
          if (step.do === "arrive") {
            model.arrive(step.type);
            await bench.bus.ingest([anEvent({ type: step.type })], "x");
          }
          if (step.do === "wait") {
            const { type, isOver } = step;
            const key = { run: run(step.run), command: command(index + 1) };
            const afterSeq = Math.max(model.arrived.length - step.lookBack, 0);
            if (isOver) over.add(`${key.run} ${key.command}`);
            model.wait({ run: step.run, command: index + 1, type, afterSeq, isOver });
            await bench.bus.registerWait({ ...key, type, afterSeq });
          }
          await bench.settle();
        }
        const accepted = bench.runs.delivered.filter((one) => !over.has(`${one.run} ${one.command}`));
        const byArrival = (list: { run: string; command: string; seq: number }[]) =>
          list.map((one) => `${one.run} ${one.command} ${one.seq}`).toSorted();
        expect(byArrival(accepted)).toEqual(
          byArrival(
            model.consumed.map((one) => ({ run: run(one.run), command: command(one.command), seq: one.seq })),
          ),
        );
      }),
    ),
    { numRuns: 40 },
  );
});
