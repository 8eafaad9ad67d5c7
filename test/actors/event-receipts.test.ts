// What an event's receipt holds at most: it is stored in one row with the event, and a page of events is one answer.
import { afterEach, describe, expect, it, vi } from "vitest";
import { startTriggerOf, WORKFLOW_START } from "../../src/events/workflow-start.ts";
import {
  anEvent,
  aProgram,
  aTrigger,
  type Bench,
  command,
  register,
  run,
  withBus,
} from "./event-bus-fixture.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const waitOf = (n: number) => ({
  run: run(n),
  command: command(1),
  type: "com.example.happened",
  afterSeq: 0,
});

/** As many triggers for the same event, all of one workflow. */
async function registerMany({ bus }: Pick<Bench, "bus">, count: number, trigger: object = {}): Promise<void> {
  const triggers = Array.from({ length: count }, (_, n) => aTrigger({ id: `canary/t${n}`, ...trigger }));
  await bus.setTriggers({ workflow: "canary", version: 1, program: aProgram("d1"), triggers });
}

describe("a receipt", () => {
  it("lists the first 200 runs that were woken, and counts the others, which are woken as well", () =>
    withBus(async ({ bus, runs, settle }) => {
      for (let n = 1; n <= 203; n += 1) await bus.registerWait(waitOf(n));
      const event = anEvent();
      const [receipt] = await bus.ingest([event], "alice");
      expect(receipt?.woke).toEqual(
        Array.from({ length: 200 }, (_, index) => ({ run: run(index + 1), command: command(1) })),
      );
      expect(receipt?.more).toEqual({ woke: 3 });
      expect(await bus.ingest([event], "alice")).toMatchObject([{ duplicate: true, more: { woke: 3 } }]);
      await settle();
      expect(new Set(runs.delivered.map((one) => one.run)).size).toBe(203);
    }));

  it("lists the first 200 runs that were started, and counts the others, which are started as well", () =>
    withBus(async ({ bus, runs, settle }) => {
      await registerMany({ bus }, 202);
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt?.started).toHaveLength(200);
      expect(receipt?.more).toEqual({ started: 2 });
      await settle();
      expect(runs.started).toHaveLength(202);
    }));

  it("lists the first 200 starts that wait, and counts the others, which are in the queue as well", () =>
    withBus(async ({ bus }) => {
      await registerMany({ bus }, 202, { debounce: { quietMs: 60_000 } });
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt?.queued).toHaveLength(200);
      expect(receipt?.more).toEqual({ queued: 2 });
      expect(await bus.queuedStarts({ all: false, limit: 500 })).toHaveLength(202);
    }));

  it("of a start lists first the run that was asked for, whatever else its event starts", () =>
    withBus(async ({ bus }) => {
      await registerMany({ bus }, 201, { type: "dev.sluice.*" });
      const id = startTriggerOf("zebra");
      await bus.setTriggers({
        workflow: "zebra",
        version: 1,
        program: aProgram("d2"),
        triggers: [aTrigger({ id, type: WORKFLOW_START, match: { subject: "zebra" } })],
      });
      const [receipt] = await bus.ingest([anEvent({ type: WORKFLOW_START, subject: "zebra" })], "alice");
      expect(receipt?.started[0]).toMatchObject({ workflow: "zebra", trigger: id });
      expect(receipt?.more).toEqual({ started: 2 });
    }));

  it("of an event with sensitive values tells none of them where a filter or a key fails, nor do triggers", () =>
    withBus(async ({ bus }) => {
      const quoting = "bool(event.data.token)";
      await bus.setTriggers({
        workflow: "canary",
        version: 1,
        program: aProgram("d1"),
        triggers: [
          aTrigger({ id: "canary/filter", filter: quoting }),
          aTrigger({ id: "canary/key", concurrency: { key: quoting, mode: "queue", limit: 1 } }),
        ],
      });
      await bus.registerWait({ ...waitOf(1), filter: quoting });
      const event = anEvent({ data: { token: "hunter2" }, sluicesensitive: '["token"]' });
      const [receipt] = await bus.ingest([event], "alice");
      expect(receipt?.skipped?.map(({ by }) => by)).toEqual([
        "canary/filter",
        "canary/key",
        `${run(1)} ${command(1)}`,
      ]);
      const told = [receipt, await bus.eventStory(1), await bus.triggers()];
      expect(JSON.stringify(told)).not.toContain("hunter2");
    }));

  it("is short, however long what a filter fails on, and what a trigger asks for", () =>
    withBus(async ({ bus }) => {
      await bus.setTriggers({
        workflow: "canary",
        version: 1,
        program: aProgram("d1"),
        triggers: [
          aTrigger({ id: "canary/filter", filter: "bool(event.data.text)" }),
          aTrigger({ id: "canary/match", match: { ["x".repeat(100_000)]: 1 } }),
        ],
      });
      const [receipt] = await bus.ingest([anEvent({ data: { text: "y".repeat(1_000_000) } })], "alice");
      expect(receipt).toMatchObject({ skipped: { length: 1 }, unmatched: { length: 1 } });
      expect(JSON.stringify([receipt, (await bus.triggers())[0]]).length).toBeLessThan(3000);
    }));

  it("says nothing of more where everything is listed", () =>
    withBus(async ({ bus }) => {
      await register({ bus });
      await bus.registerWait(waitOf(1));
      const [receipt] = await bus.ingest([anEvent()], "alice");
      expect(receipt).toMatchObject({ started: { length: 1 }, woke: { length: 1 } });
      expect(receipt).not.toHaveProperty("more");
    }));
});

it("an event that fits into a row, but not with its receipt, is refused", () =>
  withBus(async ({ bus }) => {
    const room = 2_000_000 - JSON.stringify(anEvent({ data: "" })).length;
    await expect(bus.ingest([anEvent({ data: "x".repeat(room) })], "alice")).rejects.toThrow("2000000");
    await expect(bus.ingest([anEvent({ data: "x".repeat(room - 100) })], "alice")).resolves.toHaveLength(1);
  }));

it("a page of events is cut where their receipts are too long for an answer", () =>
  withBus(async ({ bus, sql }) => {
    await bus.ingest([anEvent(), anEvent(), anEvent()], "alice");
    const woke = Array.from({ length: 30_000 }, (_, n) => ({ run: run(n), command: command(1) }));
    sql.exec("UPDATE events SET receipt = ?", JSON.stringify({ started: [], woke }));
    const seqs = async (before?: number) => {
      const { events, next } = await bus.events({ limit: 10, ...(before !== undefined && { before }) });
      return [events.map(({ seq }) => seq), next];
    };
    expect(await seqs()).toEqual([[3, 2], 2]);
    expect(await seqs(2)).toEqual([[1], undefined]);
  }));
