// What a run does not get again that goes on from others: what they have consumed, as far as the bus still has it.
import { expect, it, vi } from "vitest";
import { effectMessages } from "../../durable-objects/workflow-run/messages.ts";
import type { StoredStart } from "../../durable-objects/workflow-run/parts.ts";
import { anEvent, type Bench, command, run, withBus } from "./event-bus-fixture.ts";

const DAY_MS = 24 * 3600_000;
const TYPE = "com.example.happened";
const first = run(1);

/** Which event a run of this generation gets. */
async function nextFor({ bus, runs, settle }: Bench, n: number, generation: number, of = first) {
  const lineage = { first: of, generation };
  await bus.registerWait({ run: run(n), command: command(1), type: TYPE, afterSeq: 0, lineage });
  await settle();
  return runs.delivered.find((delivery) => delivery.run === run(n))?.seq;
}

const arrive = ({ bus }: Bench, n: number) =>
  bus.ingest(
    Array.from({ length: n }, () => anEvent()),
    "x",
  );

it("A run gets none of ten thousand events that those before it have taken, and each is kept once", () =>
  withBus(async (bench) => {
    await arrive(bench, 10_001);
    for (let generation = 0; generation < 10; generation += 1) {
      const seqs = Array.from({ length: 1000 }, (_, n) => generation * 1000 + n + 1);
      const kept = { lineage: { first, generation }, seqs };
      // Each is one row, with its places in two indexes.
      expect(await bench.rowsWritten(() => bench.bus.keepConsumed(kept))).toBeLessThan(3500);
      // It may come twice.
      expect(await bench.rowsWritten(() => bench.bus.keepConsumed(kept))).toBe(0);
    }
    expect(await nextFor(bench, 2, 10)).toBe(10_001);
  }));

it("A fork of an earlier run gets what only later ones have taken", () =>
  withBus(async (bench) => {
    await arrive(bench, 3);
    for (const generation of [0, 1, 2]) {
      await bench.bus.keepConsumed({ lineage: { first, generation }, seqs: [generation + 1] });
    }
    expect(await nextFor(bench, 2, 1)).toBe(2);
    // What goes on from the fork does not get again what came before the fork.
    const lineage = { first: run(2), generation: 0 };
    await bench.bus.keepConsumed({ lineage, seqs: [], after: { first, generation: 1 } });
    await bench.bus.keepConsumed({ lineage, seqs: [2] });
    expect(await nextFor(bench, 3, 1, run(2))).toBe(3);
  }));

it("A fork does not get again what its journal begins with, told in one message", () =>
  withBus(async (bench) => {
    await arrive(bench, 5000);
    const seqs = Array.from({ length: 4999 }, (_, n) => n + 1);
    await bench.bus.markConsumed({ run: run(2), seqs: [...seqs, 7000] });
    await bench.bus.markConsumed({ run: run(2), seqs });
    expect(await nextFor(bench, 2, 0)).toBe(5000);
  }));

it("What was taken is forgotten with the events", () =>
  withBus(async (bench) => {
    vi.setSystemTime(Date.now());
    await arrive(bench, 3);
    await bench.bus.keepConsumed({ lineage: { first, generation: 0 }, seqs: [1, 2, 99] });
    expect(bench.count("lineage_events")).toBe(2);
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
    await bench.bus.alarm();
    expect(bench.count("lineage_events")).toBe(0);
  }));

it("The run that goes on begins when the bus knows what was taken", () => {
  const start = { id: first, event: anEvent() } as StoredStart;
  const lineage = { first, generation: 0 };
  const messages = effectMessages(start, [
    { kind: "keep_consumed", lineage, seqs: [1] },
    { kind: "continue_as", run: run(2), event: anEvent(), lineage, signals: [] },
  ]);
  expect(messages.map(({ receiver, method }) => [receiver, method])).toEqual([
    ["bus/", "keepConsumed"],
    ["bus/", "startSuccessor"],
  ]);
});
