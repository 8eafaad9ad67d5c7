// What the bus forgets of waits and lineages once events are old, and what that costs.
import { afterEach, describe, expect, it, vi } from "vitest";
import { anEvent, type Bench, withBus } from "./event-bus-fixture.ts";

const DAY_MS = 24 * 3600_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Sends so many events, and is there when they are too old to be kept. */
async function oldEvents({ bus }: Bench, count: number): Promise<void> {
  vi.setSystemTime(Date.now());
  await bus.ingest(
    Array.from({ length: count }, () => anEvent()),
    "alice",
  );
  vi.setSystemTime(Date.now() + 31 * DAY_MS);
}

/** As many waits of as many runs, of the arrival numbers from 1. */
function addWaits({ sql }: Bench, count: number, name: string, state: string, registeredAt: number): void {
  sql.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO waits (run, command, type, is_prefix, after_seq, registered_at, state, seq)
     SELECT ? || i, '0#1', 'x', 0, 0, ?, ?, CASE ? WHEN 'open' THEN NULL ELSE i END FROM n`,
    count,
    name,
    registeredAt,
    state,
    state,
  );
}

function addLineage({ sql }: Bench, seqs: readonly number[]): void {
  sql.exec(
    "INSERT INTO lineage_events (first, seq, generation) SELECT 'first', value, 1 FROM json_each(?)",
    JSON.stringify(seqs),
  );
}

const namesOf = ({ sql }: Bench) =>
  sql
    .exec<{ name: string }>("SELECT DISTINCT rtrim(run, '0123456789') AS name FROM waits ORDER BY name")
    .toArray()
    .map(({ name }) => name);

async function pass({ bus }: Bench): Promise<void> {
  await bus.alarm();
  vi.setSystemTime(Date.now() + 1000);
}

describe("what the bus knows of waits", () => {
  it("is removed with what they were for, a little at a time until all of it is gone", () =>
    withBus(async (bench) => {
      const start = Date.now();
      await oldEvents(bench, 600);
      addWaits(bench, 600, "over", "over", start);
      addWaits(bench, 600, "taken", "taken", start);
      addLineage(
        bench,
        Array.from({ length: 600 }, (_, index) => index + 1),
      );
      const left = () => ["events", "waits", "lineage_events"].map((table) => bench.count(table));
      const seen = [left()];
      for (let n = 0; n < 4; n += 1) {
        await pass(bench);
        seen.push(left());
      }
      expect(seen).toEqual([
        [600, 1200, 600],
        // While events are left, nothing else is looked for.
        [100, 1200, 600],
        [0, 200, 100],
        [0, 0, 0],
        [0, 0, 0],
      ]);
    }));

  it("stays where it is of use: of waits that are open or new, and of events that are kept", () =>
    withBus(async (bench) => {
      const start = Date.now();
      await oldEvents(bench, 3);
      await bench.bus.ingest([anEvent()], "alice");
      addWaits(bench, 3, "gone", "taken", start);
      addWaits(bench, 3, "over", "over", start);
      addWaits(bench, 3, "open", "open", start);
      addWaits(bench, 3, "sent", "sent", start);
      addWaits(bench, 3, "lately-over", "over", Date.now());
      addWaits(bench, 3, "lately-taken", "taken", Date.now());
      addWaits(bench, 4, "kept", "taken", start);
      addLineage(bench, [1, 2, 3, 4]);
      await pass(bench);
      expect(namesOf(bench)).toEqual(["kept", "lately-over", "lately-taken", "open", "sent"]);
      expect(bench.sql.exec("SELECT run, seq FROM waits WHERE run LIKE 'kept%'").toArray()).toEqual([
        { run: "kept4", seq: 4 },
      ]);
      expect(bench.sql.exec("SELECT seq FROM lineage_events").toArray()).toEqual([{ seq: 4 }]);
    }));

  it("is not gone through while old events are removed, nor afterwards for what stays", () =>
    withBus(async (bench) => {
      const start = Date.now();
      await oldEvents(bench, 600);
      const idle = await bench.rowsRead(() => pass(bench));
      addWaits(bench, 5000, "open", "open", start);
      addWaits(bench, 5000, "taken", "taken", start);
      bench.sql.exec("UPDATE waits SET seq = seq + 1000000");
      await bench.bus.ingest([anEvent()], "alice");
      addLineage(
        bench,
        Array.from({ length: 5000 }, (_, index) => 1_000_000 + index),
      );
      expect(await bench.rowsRead(() => pass(bench))).toBeLessThan(idle);
      expect(await bench.rowsRead(() => pass(bench))).toBeLessThan(100);
    }));
});
