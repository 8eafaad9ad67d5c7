// A bus of its own for each test, on real storage, whose messages go to runs that record them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { EventBus } from "../../durable-objects/event-bus.ts";
import type { StartRun } from "../../durable-objects/rpc/workflow-run.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import { refuse } from "../../src/protocol/result.ts";
import type { PlaceAnswer, Standing } from "../../src/protocol/start.ts";
import type { ProgramSource, Trigger } from "../../src/protocol/workflow.ts";
import { Alarm } from "../../src/storage/alarm.ts";
import { rowsRead, rowsWritten } from "./object-fixture.ts";

let count = 0;

export function anEvent(overrides: Partial<CloudEvent> = {}): CloudEvent {
  count += 1;
  return {
    specversion: "1.0",
    id: `event-${count}`,
    source: "/tests",
    type: "com.example.happened",
    data: { service: "shop" },
    ...overrides,
  };
}

export function aTrigger(overrides: Partial<Trigger> = {}): Trigger {
  return { id: "canary/deploy", type: "com.example.happened", handler: "deploy", ...overrides };
}

export function aProgram(digest: string): ProgramSource {
  return { digest, entry: "main.star", files: { "main.star": `# ${digest}` } };
}

export const run = (n: number) => `run_${n.toString(16).padStart(32, "0")}` as RunId;
export const command = (n: number) => `0#${n}` as CommandId;

type Delivery = { command: CommandId; event: CloudEvent; seq: number };

/** The other end of the bus's messages: runs that record what they get and answer as told. */
class Runs {
  readonly started: StartRun[] = [];
  readonly delivered: { run: RunId; command: CommandId; event: string; seq: number }[] = [];
  /** How a run answers a delivery; throwing is a run that cannot be reached. */
  answer: (delivery: Delivery & { run: RunId }) => boolean | Promise<boolean> = () => true;
  canStart = true;
  /** Whether a run that is asked to end is there. */
  hasBegun: (run: RunId) => boolean = () => true;
  readonly cancelled: RunId[] = [];
  /** What they are told of the places that they have claimed. */
  readonly places: [RunId, PlaceAnswer][] = [];
  /** How a run answers when the bus asks whether it is over. */
  standing: (run: RunId) => Standing = () => ({ state: "on" });

  readonly binding = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      start: async (start: StartRun) => {
        if (!this.canStart) throw new Error("the run cannot be reached");
        this.started.push(start);
      },
      cancel: async () => {
        const id = name.split("/").at(-1) as RunId;
        if (!this.hasBegun(id)) return refuse("unknown_run", "no run has this id");
        this.cancelled.push(id);
        return { ok: true };
      },
      placeAnswered: async (answer: PlaceAnswer) => {
        this.places.push([name.split("/").at(-1) as RunId, answer]);
      },
      standing: async ({ id }: { id: RunId }) => this.standing(id),
      deliverEvent: async (delivery: Delivery) => {
        const id = name.split("/").at(-1) as RunId;
        const accepted = await this.answer({ run: id, ...delivery });
        this.delivered.push({
          run: id,
          command: delivery.command,
          event: delivery.event.id,
          seq: delivery.seq,
        });
        return { accepted };
      },
    }),
  };
}

export interface Bench {
  bus: EventBus;
  runs: Runs;
  /** A new instance on the same storage: what is only in memory is gone. */
  restart(): Promise<EventBus>;
  /** Waits until the bus has sent everything it can send now. */
  settle(): Promise<void>;
  /** How many rows of its storage are read by what `act` does. */
  rowsRead(act: () => Promise<unknown>): Promise<number>;
  rowsWritten(act: () => Promise<unknown>): Promise<number>;
  /** Its storage, for what only another version of it would have written. */
  sql: SqlStorage;
  /** How many rows one of its tables has. */
  count(table: string): number;
}

/** A bus of its own, on real storage, whose messages go to recording runs. */
export async function withBus(
  test: (bench: Bench) => Promise<void>,
  overrides: Partial<Env> = {},
): Promise<void> {
  count += 1;
  const object = env.EVENT_BUS.get(env.EVENT_BUS.idFromName(`test/bus/${count}`));
  // Tests fire the alarm themselves: the platform's would wake the object's own instance, with other runs.
  vi.spyOn(Alarm.prototype, "arm").mockImplementation(() => {});
  vi.spyOn(Alarm.prototype, "settle").mockImplementation(() => {});
  await runInDurableObject(object, async (_, state) => {
    const runs = new Runs();
    const open = async () => {
      const bus = new EventBus(state, { ...env, ...overrides, WORKFLOW_RUN: runs.binding as never });
      await state.blockConcurrencyWhile(async () => {});
      return bus;
    };
    const bench: Bench = {
      bus: await open(),
      runs,
      restart: async () => {
        bench.bus = await open();
        return bench.bus;
      },
      settle: async () => {
        const due = "SELECT COUNT(*) AS n FROM outbox WHERE due_at <= ? AND parked = 0";
        const looking = "SELECT COUNT(*) AS n FROM waits WHERE state = 'looking'";
        // The row of an answered message stays until the next write or the alarm.
        const settled = async () => {
          await bench.bus.alarm();
          expect(state.storage.sql.exec(looking).one().n).toBe(0);
          expect(state.storage.sql.exec(due, Date.now()).one().n).toBe(0);
        };
        await vi.waitFor(settled, { interval: 1 });
      },
      rowsRead: (act) => rowsRead(state.storage.sql, act),
      rowsWritten: (act) => rowsWritten(state.storage.sql, act),
      sql: state.storage.sql,
      count: (table) => Number(state.storage.sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one().n),
    };
    await test(bench);
  });
}

/** Registers a workflow that has one trigger. */
export async function register(
  { bus }: Pick<Bench, "bus">,
  trigger: Partial<Trigger> = {},
  version = 1,
): Promise<void> {
  await bus.setTriggers({
    workflow: "canary",
    version,
    program: aProgram(`d${version}`),
    triggers: [aTrigger(trigger)],
  });
}
