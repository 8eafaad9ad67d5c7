// A run that is over in its first turn: whoever starts it sees to what it tells others, and nothing of it needs an alarm.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Directory } from "../../durable-objects/directory.ts";
import { EventBus } from "../../durable-objects/event-bus.ts";
import { busStub, DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import { WorkflowRun } from "../../durable-objects/workflow-run.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { newRunId, script, startOf, startRun, TestRun } from "./run-fixture.ts";

afterEach(() => void vi.restoreAllMocks());

const short = script("return w.uuid()");
const never = () => new Promise<never>(() => {});

const deaf = { ingestFromRun: never, apply: never, start: never };

/** Whom an object has in place of the others, in this instance. */
function binding(instance: object, others: object): void {
  const place = { idFromName: () => "", get: () => others };
  Object.assign(instance, { env: { ...env, EVENT_BUS: place, DIRECTORY: place, WORKFLOW_RUN: place } });
}

const known = async ({ id }: TestRun) => (await directoryStub(env, DEFAULT_WORKSPACE).run(id))?.state;
const alarmOf = ({ stub }: TestRun) => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

/** The types of the events of a run that the bus has, in the order of their arrival. */
async function toldBus({ id }: TestRun): Promise<string[]> {
  const { events } = await busStub(env, DEFAULT_WORKSPACE).events({ limit: 100, text: id });
  return events.map(({ event }) => event.type).reverse();
}

describe("a run that is over at once", () => {
  test("has told everybody when its start is answered, and sets no alarm", async () => {
    const start = startOf(short);
    const run = new TestRun(start.id);
    const told: unknown[] = [];
    await runInDurableObject(run.stub, async (instance, state) => {
      const others = {
        ingestFromRun: async ([first]: CloudEvent[]) => void told.push(first?.source),
        apply: async ({ runs }: { runs: RunSummary[] }) => void told.push(runs[0]?.state),
      };
      binding(instance, others);
      await (instance as WorkflowRun).start(start);
      expect(told.toSorted()).toEqual([`/workspaces/${DEFAULT_WORKSPACE}/runs/${start.id}`, "succeeded"]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });

  test("tells nothing again when somebody looks at it later", async () => {
    const start = startOf(short);
    const run = new TestRun(start.id);
    await runInDurableObject(run.stub, async (instance) => {
      binding(instance, { ingestFromRun: async () => {}, apply: async () => {} });
      await (instance as WorkflowRun).start(start);
    });
    await evictDurableObject(run.stub);
    const ingest = vi.spyOn(EventBus.prototype, "ingestFromRun");
    const apply = vi.spyOn(Directory.prototype, "apply");
    expect(await run.state()).toBe("succeeded");
    await runInDurableObject(run.stub, async (_, { storage }) => await storage.sync());
    expect(ingest).not.toHaveBeenCalled();
    expect(apply).not.toHaveBeenCalled();
    expect(await alarmOf(run)).toBeNull();
  });

  test("and was cut off before it told anybody is caught up by the start that is repeated", async () => {
    const start = startOf(short);
    const run = new TestRun(start.id);
    await runInDurableObject(run.stub, async (instance, state) => {
      binding(instance, deaf);
      void (instance as WorkflowRun).start(start);
      expect(await state.storage.getAlarm()).toBeNull();
      // What is left after a power cut: the storage.
      const next = new WorkflowRun(state, env);
      await state.blockConcurrencyWhile(async () => {});
      expect(await next.standing(start)).toMatchObject({ state: "over" });
      await state.storage.sync();
      expect(await known(run)).toBeUndefined();
      await next.start(start);
      expect(await state.storage.getAlarm()).not.toBeNull();
    });
    await vi.waitFor(
      async () => {
        expect(await known(run)).toBe("succeeded");
        expect(await toldBus(run)).toContain("dev.sluice.run.succeeded");
        expect(await alarmOf(run)).toBeNull();
      },
      { timeout: 8000 },
    );
  });

  test("has an alarm instead where nobody takes what it tells", async () => {
    vi.spyOn(EventBus.prototype, "ingestFromRun").mockImplementation(never);
    const run = await startRun(short);
    expect(await alarmOf(run)).not.toBeNull();
    await vi.waitFor(async () => expect(await known(run)).toBe("succeeded"), { timeout: 8000 });
  });

  test("and goes on as another has an alarm from the beginning: its start does not wait for that one's", () =>
    runInDurableObject(new TestRun(newRunId()).stub, async (instance, state) => {
      binding(instance, deaf);
      const source = script('if ev["data"] == {}:\n    w.continue_as_new({"again": True})\nreturn 1');
      void (instance as WorkflowRun).start(startOf(source));
      expect(await state.storage.getAlarm()).not.toBeNull();
    }));
});
