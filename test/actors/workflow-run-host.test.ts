// What the host of a run guarantees whatever its engine does: shown with engines that do the worst.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { StartRun } from "../../durable-objects/rpc/workflow-run.ts";
import { sha256 } from "../../durable-objects/sha256.ts";
import { loadMachine } from "../../durable-objects/workflow-run/engine.ts";
import { JournalStore } from "../../durable-objects/workflow-run/journal.ts";
import { LogReader } from "../../durable-objects/workflow-run/log-reader.ts";
import { LogStore } from "../../durable-objects/workflow-run/log-store.ts";
import { Parts } from "../../durable-objects/workflow-run/parts.ts";
import { RunHost, type RunPorts } from "../../durable-objects/workflow-run/run-host.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { Mask } from "../../src/protocol/mask.ts";
import type { ErrorData } from "../../src/protocol/result.ts";
import { refuse } from "../../src/protocol/result.ts";
import { Alarm } from "../../src/storage/alarm.ts";
import { handleAlarm } from "../../src/storage/alarm-handler.ts";
import { Outbox } from "../../src/storage/outbox.ts";
import { Timers } from "../../src/storage/timers.ts";
import type { Changes, InProcessEffect, RunInput, RunMachine } from "../../src/workflow/machine-types.ts";
import { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";

// Failures on purpose: what the host reports of them is for operators.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));

/** Far from now, so that the platform never fires these alarms by itself: tests fire them. */
const START = Date.UTC(2090, 0, 1);
const HOUR = 3600_000;
const command = "0#1" as CommandId;

const run: StartRun = {
  id: "run_0123456789abcdef0123456789abcdef" as RunId,
  workspace: "default",
  workflow: "canary",
  program: { digest: "d", entry: "canary.star", files: { "canary.star": "" } },
  trigger: { id: "canary/go", type: "go", handler: "go" },
  event: { specversion: "1.0", id: "1", source: "/test", type: "go", sluicehops: 4 },
  eventSeq: 1,
  initiator: "alice",
};

const nothing: Changes = { records: [], timers: new Map(), effects: [], log: [] };

/** An engine whose every decision the test scripts. Its state is its journal, like a real one's. */
interface Script {
  decide(input: RunInput, records: readonly JournalRecord[]): Partial<Changes>;
  pending?(records: readonly JournalRecord[]): InProcessEffect[];
  stuck?(): ErrorData | undefined;
}

function note(seq: number, text: string): JournalRecord {
  return { seq, at: START, type: "noted", note: "operator", data: { text } };
}

function machineOf(script: Script, committed: readonly JournalRecord[]): RunMachine {
  const records = [...committed];
  return {
    handle(input) {
      const changes = structuredClone({ ...nothing, ...script.decide(input, records) });
      records.push(...changes.records);
      return changes;
    },
    pendingEffects: () => script.pending?.(records) ?? [],
    activities: () => [],
    form: () => undefined,
    outputs: () => ({}),
    approval: () => undefined,
    ending: () => ({}),
    get stuck() {
      return script.stuck?.();
    },
    summary: () => ({
      id: run.id,
      workflow: run.workflow,
      digest: "d",
      trigger: run.trigger.id,
      initiator: run.initiator,
      event: { id: "1", source: "/test", type: "go" },
      state: script.stuck?.() ? "stuck" : "running",
      waitingFor: "",
      environments: [],
      createdAt: START,
      updatedAt: START,
      commands: 0,
      version: records.length,
    }),
    spentSteps: 0,
    secrets: new RunSecrets(run, () => ({})),
    get lastSeq() {
      return records.length;
    },
  };
}

interface World {
  script: Script;
  clock: { now: number };
  sent: { receiver: string; method: string; args: readonly unknown[] }[];
  ports: Pick<RunPorts, "decide" | "rest"> & {
    load?: (() => never) | undefined;
    fetch: (request: Request) => Promise<Response>;
  };
}

interface Hosted extends World {
  host: RunHost;
  storage: DurableObjectStorage;
  outbox: Outbox;
  notes(): string[];
  count(table: string): number;
  /** Inputs in the inbox. */
  kept(): number;
  alarm(): Promise<void>;
  /** The object after an eviction or a crash. */
  restarted(): Hosted;
}

function hosted(storage: DurableObjectStorage, world: World): Hosted {
  const now = () => world.clock.now;
  const alarm = new Alarm(storage);
  const timers = new Timers(storage.sql, alarm);
  const outbox = new Outbox({
    sql: storage.sql,
    alarm,
    now,
    deliver: async (message) => {
      const summary = message.method === "summary" ? [host.summaryToSend()] : message.args;
      world.sent.push({ ...message, args: summary });
    },
  });
  const journal = new JournalStore(storage.sql);
  const host = new RunHost({
    sql: storage.sql,
    alarm,
    timers,
    outbox,
    journal,
    parts: new Parts(storage.sql),
    log: new LogStore(storage.sql),
    ports: {
      rest: () => world.ports.rest(),
      changed: () => {},
      now,
      entropy: () => new Uint8Array(16),
      loadMachine: (_, __, records) => world.ports.load?.() ?? machineOf(world.script, [...records]),
      decide: (...args) => world.ports.decide(...args),
      decideAtOnce: () => undefined,
      learn: async () => {},
      askRun: async () => refuse("unknown_run", "this host has no others"),
      outbound: {
        fetch: (request) => world.ports.fetch(request),
        resolve: async () => ["93.184.215.14"],
        allowedHosts: [],
      },
    },
  });
  const count = (rows: string) =>
    storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${rows}`).one().n;
  return {
    ...world,
    host,
    storage,
    outbox,
    notes: () =>
      journal.all().map((record) => (record.type === "noted" ? String(record.data.text) : record.type)),
    count,
    kept: () => count("parts WHERE name LIKE 'inbox/%'"),
    alarm: () => handleAlarm({ alarm, timers, outbox, now, onTimer: (timer) => host.fire(timer) }),
    restarted: () => hosted(storage, world),
  };
}

async function inRun(script: Script, body: (hosted: Hosted) => Promise<void>): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, { storage }) => {
    await migrate(drizzle(storage), tables);
    const world: World = {
      script,
      clock: { now: START },
      sent: [],
      ports: {
        decide: async () => refuse("unused", "unused"),
        rest: async () => {},
        fetch: async () => new Response("ok"),
      },
    };
    await body(hosted(storage, world));
    await storage.deleteAlarm();
  });
}

/** Begins the run in an object that has its tables. */
function begin({ host }: Hosted): void {
  host.begin(host.decideFirst(run), () => false);
}

/** Writes down what it is fed. */
const diary: Script = {
  decide: (input, records) => {
    if (input.type === "resume") return {};
    return { records: [note(records.length + 1, "id" in input ? `${input.type} ${input.id}` : input.type)] };
  },
};

const tick = (id: string): RunInput => ({ type: "timer", id });

describe("a commit", () => {
  test("beginning is one write, and going on changes nothing", () =>
    inRun(diary, async (hosted) => {
      begin(hosted);
      hosted.host.resume();
      hosted.restarted().host.resume();
      expect(hosted.notes()).toEqual(["start"]);
    }));

  test("a run that was stored but not started is started by the next call", () =>
    inRun(diary, async (hosted) => {
      const { program, ...start } = run;
      const parts = new Parts(hosted.storage.sql);
      parts.put("start", { ...start, program: { digest: program.digest } });
      parts.put("program", program);
      hosted.host.feed(tick("a"));
      expect(hosted.notes()).toEqual(["start", "timer a"]);
    }));

  test("a write that fails takes nothing with it: neither rows nor what the engine remembers", () =>
    inRun(diary, async (hosted) => {
      begin(hosted);
      // As if another instance had written: the platform forbids it, a defect may not.
      hosted.storage.sql.exec("INSERT INTO journal (seq, record) VALUES (2, '{}')");
      expect(() =>
        hosted.host.feed(tick("a"), () => hosted.outbox.add({ receiver: "run/x", method: "m", args: [] })),
      ).toThrow();
      expect(hosted.storage.sql.exec("SELECT 1 FROM outbox WHERE receiver = 'run/x'").toArray()).toEqual([]);
      hosted.storage.sql.exec("DELETE FROM journal WHERE seq = 2");
      hosted.host.feed(tick("a"));
      expect(hosted.notes()).toEqual(["start", "timer a"]);
      expect(hosted.storage.sql.exec("SELECT MAX(seq) AS last FROM journal").one()).toEqual({ last: 2 });
    }));

  test.each([
    ["tells the bus to forget it when it waited for an event", true],
    ["says nothing to a bus that does not know it", false],
  ])("the run's end drops every timer, and %s", (_, hasWaitedForEvents) =>
    inRun(
      {
        decide: (input) =>
          input.type === "start"
            ? { timers: new Map([["a", { id: "a", kind: "sleep", dueAt: START + 1000 }]]) }
            : { finished: { state: "succeeded", hasWaitedForEvents } },
      },
      async (hosted) => {
        begin(hosted);
        expect(hosted.count("timers")).toBe(1);
        hosted.host.feed({ type: "cancel", by: "bob", reason: "", terminate: true });
        expect(hosted.count("timers")).toBe(0);
        await hosted.outbox.flush();
        const forgotten = { receiver: "bus/", method: "forgetRun", args: [run.id] };
        expect(hosted.sent.some((sent) => JSON.stringify(sent) === JSON.stringify(forgotten))).toBe(
          hasWaitedForEvents,
        );
      },
    ),
  );

  test("however much happens, one summary goes out, and it is the newest", () =>
    inRun(diary, async (hosted) => {
      begin(hosted);
      for (let n = 0; n < 20; n += 1) hosted.host.feed(tick(String(n)));
      hosted.clock.now += 1000;
      await hosted.outbox.flushDue();
      const summaries = hosted.sent.filter(({ method }) => method === "summary");
      expect(summaries).toMatchObject([{ receiver: "directory/", args: [{ version: 21 }] }]);
      hosted.host.feed(tick("later"));
      hosted.clock.now += 1000;
      await hosted.outbox.flushDue();
      expect(hosted.sent.filter(({ method }) => method === "summary")).toHaveLength(2);
    }));
});

describe("an engine that throws", () => {
  const broken = { now: false };
  const fragile: Script = {
    decide: (input, records) => {
      if (broken.now) throw new Error("divided by zero");
      return diary.decide(input, records);
    },
  };

  test("makes the run stuck, says why, and keeps what arrives until a start of the object can go on", () =>
    inRun(fragile, async (hosted) => {
      broken.now = false;
      begin(hosted);
      broken.now = true;
      expect(hosted.host.feed(tick("a"))).toEqual({ kept: true });
      broken.now = false;
      // This instance has seen the engine fail: it does not try again by itself.
      expect(hosted.host.feed(tick("b"))).toEqual({ kept: true });
      expect(hosted.notes()).toEqual(["start"]);
      const stuck = hosted.host.summary();
      expect(stuck).toMatchObject({
        state: "stuck",
        error: { code: "engine_failure", message: "divided by zero" },
      });

      const after = hosted.restarted();
      expect(after.host.summary()).toMatchObject({ state: "running" });
      expect(after.notes()).toEqual(["start", "timer a", "timer b"]);
      expect(after.kept()).toBe(0);
      expect(after.host.summary().version).toBeGreaterThan(stuck.version);
    }));

  test("at what somebody asks for refuses that, and does not meet it again", () =>
    inRun(
      {
        decide: (input, records) => {
          if (input.type === "operate") throw new Error("divided by zero");
          return diary.decide(input, records);
        },
      },
      async (hosted) => {
        begin(hosted);
        const pause: RunInput = { type: "operate", by: "olivia", reason: "", operation: { action: "pause" } };
        const audited = vi.fn();
        expect(hosted.host.ask(pause, audited)?.code).toBe("run_stuck");
        // Not while the engine does not go on either.
        expect(hosted.host.ask({ type: "cancel", by: "olivia", reason: "", terminate: false })?.code).toBe(
          "run_stuck",
        );
        expect(audited).not.toHaveBeenCalled();
        expect(hosted.kept()).toBe(0);
        hosted.host.feed(tick("a"));
        const after = hosted.restarted();
        expect(after.host.summary()).toMatchObject({ state: "running" });
        expect(after.notes()).toEqual(["start", "timer a"]);
        expect(
          after.host.ask({ type: "cancel", by: "olivia", reason: "", terminate: false }),
        ).toBeUndefined();
      },
    ));

  test("that still throws after a restart keeps everything, in order", () =>
    inRun(fragile, async (hosted) => {
      broken.now = false;
      begin(hosted);
      broken.now = true;
      for (const id of ["a", "b", "c"]) hosted.restarted().host.feed(tick(id));
      expect(hosted.kept()).toBe(3);
      broken.now = false;
      hosted.restarted().host.summary();
      expect(hosted.notes()).toEqual(["start", "timer a", "timer b", "timer c"]);
    }));

  test("for another reason is shown with that one, and not said to be stuck again", () => {
    let reason = "divided by zero";
    return inRun(
      {
        decide: (input, records) => {
          if (input.type !== "start") throw new Error(reason);
          return diary.decide(input, records);
        },
      },
      async (hosted) => {
        begin(hosted);
        hosted.host.feed(tick("a"));
        const before = hosted.host.summary();
        reason = "out of range";
        const after = hosted.restarted();
        const again = after.host.summary();
        expect([before, again].map(({ error }) => error?.message)).toEqual([
          "divided by zero",
          "out of range",
        ]);
        expect(again.version).toBeGreaterThan(before.version);
        hosted.clock.now += 1000;
        await after.outbox.flushDue();
        const told = after.sent.flatMap(({ method, args }) => (method === "ingestFromRun" ? [args[0]] : []));
        expect(new Set(told.map((events) => JSON.stringify(events))).size).toBe(1);
      },
    );
  });

  test("knows what a runner has called sensitive meanwhile, also when it is terminated", () => {
    const scheduled: JournalRecord = {
      seq: 1,
      at: START,
      type: "scheduled",
      command,
      kind: "run",
      name: "example.com/deploy@v1",
      digest: "",
      args: { inputs: { password: "hunter2" } },
      position: { file: "canary.star", line: 1, column: 1 },
    };
    broken.now = false;
    return inRun(
      {
        decide: (input, records) =>
          input.type === "start" ? { records: [scheduled] } : fragile.decide(input, records),
      },
      async (hosted) => {
        begin(hosted);
        broken.now = true;
        hosted.host.feed(tick("a"));
        hosted.host.feed({ type: "inputs_sensitive", command, attempt: 1, inputs: ["password"] });
        expect(hosted.host.secrets().mask.text("it is hunter2")).not.toContain("hunter2");
        broken.now = false;
        hosted.host.ask({ type: "cancel", by: "olivia", reason: "", terminate: true });
        expect(hosted.notes()).toEqual(["scheduled", "inputs_sensitive", "cancel"]);
      },
    );
  });

  test("and recovers without anything new to record is seen to have recovered", () =>
    inRun(
      {
        decide: (input, records) => {
          if (broken.now) throw new Error("divided by zero");
          return input.type === "start" ? { records: [note(records.length + 1, "start")] } : {};
        },
      },
      async (hosted) => {
        broken.now = false;
        begin(hosted);
        const before = hosted.host.summary();
        broken.now = true;
        const stuck = hosted.restarted().host.summary();
        broken.now = false;
        const healed = hosted.restarted().host.summary();
        expect([before, stuck, healed].map(({ state }) => state)).toEqual(["running", "stuck", "running"]);
        expect(stuck.version).toBeGreaterThan(before.version);
        expect(healed.version).toBeGreaterThan(stuck.version);
      },
    ));

  test("says so to the workspace, once however often the object starts", () =>
    inRun(fragile, async (hosted) => {
      broken.now = false;
      begin(hosted);
      broken.now = true;
      hosted.host.feed(tick("a"));
      for (const id of ["b", "c"]) hosted.restarted().host.feed(tick(id));
      await hosted.restarted().outbox.flushDue();
      const told = hosted.sent.filter(({ method }) => method === "ingestFromRun").map(({ args }) => args[0]);
      expect(new Set(told.map((events) => (events as { id: string }[])[0]?.id)).size).toBe(1);
      expect(told[0]).toMatchObject([
        { type: "dev.sluice.run.stuck", data: { state: "stuck", error: { code: "engine_failure" } } },
      ]);
    }));

  test("can be terminated without it, and what it has under way is let go of", () =>
    inRun(fragile, async (hosted) => {
      broken.now = false;
      begin(hosted);
      broken.now = true;
      hosted.host.feed(tick("a"));
      broken.now = false;
      const terminate: RunInput = { type: "cancel", by: "olivia", reason: "", terminate: true };
      expect(hosted.host.feed(terminate)).toEqual({ kept: false });
      expect(hosted.notes()).toEqual(["start", "cancel"]);
      expect(hosted.host.summary()).toMatchObject({ state: "running" });
    }));

  test("at its very first step is stuck, not gone", () =>
    inRun(fragile, async (hosted) => {
      broken.now = true;
      begin(hosted);
      expect(hosted.host.summary()).toMatchObject({ state: "stuck" });
      expect(hosted.host.detail()).toMatchObject({ state: "stuck", activities: [] });
      broken.now = false;
      hosted.restarted().host.summary();
      expect(hosted.notes()).toEqual(["start"]);
    }));

  test("at a timer does not make the alarm fire again and again", () =>
    inRun(
      {
        decide: (input, records) => {
          if (input.type === "timer") throw new Error("divided by zero");
          return {
            records: [note(records.length + 1, input.type)],
            ...(input.type === "start"
              ? { timers: new Map([["t", { id: "t", kind: "sleep" as const, dueAt: START + 1 }]]) }
              : {}),
          };
        },
      },
      async (hosted) => {
        begin(hosted);
        hosted.clock.now += 10_000;
        await hosted.alarm();
        await hosted.outbox.flushDue();
        await hosted.alarm();
        expect(hosted.kept()).toBe(1);
        expect(await hosted.storage.getAlarm()).toBe(START + 10_000 + HOUR);
      },
    ));

  test("is tried again every hour, without a word of it until it can go on", () =>
    inRun(fragile, async (hosted) => {
      broken.now = false;
      begin(hosted);
      broken.now = true;
      hosted.host.feed(tick("a"));
      await hosted.outbox.flushDue();
      hosted.clock.now += 1000;
      await hosted.alarm();
      const told = hosted.sent.length;
      const { version } = hosted.host.summary();
      for (let hours = 0; hours < 3; hours += 1) {
        hosted.clock.now += HOUR;
        await hosted.alarm();
      }
      expect(hosted.sent).toHaveLength(told);
      expect(hosted.host.summary().version).toBe(version);
      broken.now = false;
      hosted.clock.now += HOUR;
      await hosted.restarted().alarm();
      expect(hosted.notes()).toEqual(["start", "timer a"]);
      expect(hosted.count("timers")).toBe(0);
    }));

  test("of a run that is over has nothing to wait for", () =>
    inRun(diary, async (hosted) => {
      begin(hosted);
      const end: JournalRecord = { seq: 2, at: START, type: "noted", note: "finished", data: {} };
      new JournalStore(hosted.storage.sql).append([end]);
      const after = hosted.restarted();
      after.ports.load = () => {
        throw new Error("a note of a later version");
      };
      expect(after.host.summary()).toMatchObject({ state: "stuck" });
      expect(hosted.count("timers")).toBe(0);
    }));

  test("in the first turn of a fork leaves what it has taken over to be begun, once", () => {
    const seen: string[] = [];
    return inRun(
      {
        decide: (input, records) => {
          if (broken.now) throw new Error("divided by zero");
          seen.push(input.type);
          return diary.decide(input, records);
        },
      },
      async (hosted) => {
        broken.now = true;
        hosted.host.begin(hosted.host.decideFirst(run, [note(1, "taken over")]), () => false);
        hosted.restarted().host.resume();
        broken.now = false;
        hosted.restarted().host.resume();
        hosted.restarted().host.resume();
        expect(seen).toEqual(["begin_again", "resume"]);
      },
    );
  });

  test("with a record too large for a row is stuck with that as the reason", () =>
    inRun(
      {
        decide: (input, records) => ({
          records: [note(records.length + 1, input.type === "start" ? "start" : "x".repeat(2_100_000))],
        }),
      },
      async (hosted) => {
        begin(hosted);
        hosted.host.feed(tick("a"));
        expect(hosted.host.summary()).toMatchObject({
          state: "stuck",
          error: { message: expect.stringContaining("2000000") },
        });
        expect(hosted.notes()).toEqual(["start"]);
        expect(hosted.kept()).toBe(1);
      },
    ));
});

test("a program is loaded that would be refused today, for the runs it has", () => {
  const declaration = 'on_start(main, inputs = {"note": {"type": "text", "min": 30000}})';
  const files = { "canary.star": `def main(w, ev):\n    pass\n\n${declaration}\n` };
  const program = { digest: "taken", entry: "canary.star", files };
  const start = { ...run, program: { digest: program.digest } };
  expect(loadMachine(program, { start, records: [], sha256Hex: sha256 }).stuck).toBeUndefined();
});

describe("a script that is stuck", () => {
  const unfit: ErrorData = { code: "NonDeterminism", message: "another call" };
  let stuck: ErrorData | undefined;
  const script: Script = { decide: diary.decide, stuck: () => stuck };
  const terminate: RunInput = { type: "cancel", by: "olivia", reason: "", terminate: true };

  async function inStuckRun(body: (hosted: Hosted) => Promise<void>): Promise<void> {
    stuck = undefined;
    await inRun(script, async (hosted) => {
      begin(hosted);
      stuck = unfit;
      await body(hosted.restarted());
    });
  }

  test("takes what it is told when it goes on, in order, and does nothing that it is asked for", () =>
    inStuckRun(async (hosted) => {
      for (const id of ["a", "b"]) expect(hosted.host.feed(tick(id))).toEqual({ kept: true });
      const pause: RunInput = { type: "operate", by: "olivia", reason: "", operation: { action: "pause" } };
      expect(hosted.host.ask(pause)?.code).toBe("run_stuck");
      hosted.restarted().host.resume();
      expect(hosted.notes()).toEqual(["start"]);
      stuck = undefined;
      hosted.restarted().host.resume();
      expect(hosted.notes()).toEqual(["start", "timer a", "timer b"]);
      expect(hosted.kept()).toBe(0);
    }));

  test("hears at once what is secret in it, and that it is terminated", () =>
    inStuckRun(async ({ host, notes }) => {
      host.feed({ type: "inputs_sensitive", command, attempt: 1, inputs: ["token"] });
      expect(host.ask(terminate)).toBeUndefined();
      expect(notes()).toEqual(["start", "inputs_sensitive", "cancel"]);
    }));

  test("is said to be once, and looked at every hour until it goes on", () =>
    inStuckRun(async (hosted) => {
      for (let hours = 0; hours < 3; hours += 1) {
        await hosted.restarted().alarm();
        hosted.clock.now += HOUR;
      }
      const told = hosted.sent.flatMap(({ method, args }) => (method === "ingestFromRun" ? [args[0]] : []));
      expect(told).toMatchObject([[{ type: "dev.sluice.run.stuck", data: { state: "stuck" } }]]);
      expect(hosted.count("timers")).toBe(1);
      hosted.restarted().host.feed(tick("a"));
      stuck = undefined;
      hosted.clock.now += HOUR;
      await hosted.restarted().alarm();
      expect(hosted.notes()).toEqual(["start", "timer a"]);
      expect(hosted.count("timers")).toBe(0);
    }));

  test("is seen to be, and to go on, although no record says so", () => {
    const quiet: Script = {
      decide: (input, records) =>
        input.type === "start" ? { records: [note(records.length + 1, "start")] } : {},
      stuck: () => stuck,
    };
    stuck = undefined;
    return inRun(quiet, async (hosted) => {
      const shown = async (host: Hosted) => {
        host.host.resume();
        hosted.clock.now += 1000;
        await host.outbox.flushDue();
        const { state, version } = (hosted.sent.at(-1)?.args[0] ?? {}) as { state: string; version: number };
        return { state, version };
      };
      begin(hosted);
      const before = await shown(hosted);
      stuck = unfit;
      const during = await shown(hosted.restarted());
      const again = await shown(hosted.restarted());
      stuck = undefined;
      const after = await shown(hosted.restarted());
      expect([before, during, after].map(({ state }) => state)).toEqual(["running", "stuck", "running"]);
      expect(during.version).toBeGreaterThan(before.version);
      expect(after.version).toBeGreaterThan(during.version);
      expect(again).toEqual(during);
    });
  });
});

describe("an in-process effect", () => {
  const question: InProcessEffect = {
    kind: "decide",
    command,
    round: 1,
    reference: "gitlab.com/cd/reconcile@v1",
    inputs: {},
    approvals: [],
  };
  const call: InProcessEffect = {
    kind: "call_builtin",
    command,
    attempt: 1,
    name: "http",
    inputs: { method: "POST", url: "https://example.com/hook" },
  };
  let failing = false;
  /** Asks one thing, and is done once it has an answer. */
  const asking = (effect: InProcessEffect): Script => ({
    decide: (input, records) => {
      if (input.type === "start") return { records: [note(1, "asked")], effects: [effect] };
      const answer = input.type === "policy_decided" || input.type === "builtin_finished";
      return answer && records.length === 1 ? { records: [note(2, "answered")] } : {};
    },
    pending: (records) => (records.length === 1 ? [effect] : []),
  });

  test("is performed once, and its result is an input", () =>
    inRun(asking(question), async (hosted) => {
      const decide = vi.fn(async () => refuse("no", "no"));
      hosted.ports.decide = decide;
      begin(hosted);
      await vi.waitFor(() => expect(hosted.notes()).toEqual(["asked", "answered"]));
      expect(decide).toHaveBeenCalledTimes(1);
      hosted.clock.now += 60_000;
      await hosted.alarm();
      expect(decide).toHaveBeenCalledTimes(1);
      expect(hosted.count("timers")).toBe(0);
    }));

  test("that is one too many for a turn is performed when others have had theirs", () => {
    const calls = Array.from({ length: 2001 }, (_, n): InProcessEffect => {
      const id = `0#${n + 1}` as CommandId;
      return { kind: "call_builtin", command: id, attempt: 1, name: "log", inputs: { message: `${n}` } };
    });
    const script: Script = {
      decide: (input, records) =>
        input.type === "start"
          ? { records: [note(1, "asked")], effects: calls }
          : { records: [note(records.length + 1, "answered")] },
    };
    return inRun(script, async (hosted) => {
      let goOn = () => {};
      hosted.ports.rest = () => new Promise((resolve) => (goOn = resolve));
      begin(hosted);
      expect(hosted.notes()).toHaveLength(2001);
      goOn();
      await vi.waitFor(() => expect(hosted.notes()).toHaveLength(2002));
      expect(hosted.count("log_lines")).toBe(2001);
    });
  });

  test("lets others have their turn now and then, though each question is a turn of its own", () =>
    inRun(
      {
        decide: (input, records) => {
          const effect = { ...question, round: records.length + 1 };
          if (input.type === "start") return { records: [note(1, "asked")], effects: [effect] };
          if (records.length > 200) return {};
          return { records: [note(records.length + 1, "asked")], effects: [effect] };
        },
      },
      async (hosted) => {
        const rest = vi.fn(async () => {});
        Object.assign(hosted.ports, { rest, decide: async () => refuse("no", "no") });
        begin(hosted);
        await vi.waitFor(() => expect(hosted.notes()).toHaveLength(201));
        expect(rest).toHaveBeenCalledTimes(4);
      },
    ));

  test("that was cut off by a crash is performed by the alarm", () =>
    inRun(asking(question), async (hosted) => {
      hosted.ports.decide = () => new Promise(() => {});
      begin(hosted);
      const armed = (await hosted.storage.getAlarm()) ?? Number.NaN;
      expect(armed).toBeLessThanOrEqual(START + 5000);

      const after = hosted.restarted();
      after.ports.decide = async () => refuse("no", "no");
      after.clock.now = armed;
      await after.alarm();
      await vi.waitFor(() => expect(after.notes()).toEqual(["asked", "answered"]));
    }));

  test("that was cut off by a crash is performed by the next call, too", () =>
    inRun(asking(question), async (hosted) => {
      hosted.ports.decide = () => new Promise(() => {});
      begin(hosted);
      const after = hosted.restarted();
      after.ports.decide = async () => refuse("no", "no");
      after.host.summary();
      await vi.waitFor(() => expect(after.notes()).toEqual(["asked", "answered"]));
    }));

  test("that policy has answered while the engine failed is asked anew when it goes on", () =>
    inRun(
      {
        ...asking(question),
        decide: (input, records) => {
          if (input.type === "timer" && failing) throw new Error("divided by zero");
          return asking(question).decide(input, records);
        },
      },
      async (hosted) => {
        let answer = () => {};
        const decide = vi.fn(
          () =>
            new Promise<ReturnType<typeof refuse>>((resolve) => {
              answer = () => resolve(refuse("old", "as it was then"));
            }),
        );
        hosted.ports.decide = decide;
        begin(hosted);
        failing = true;
        hosted.host.feed(tick("a"));
        answer();
        await new Promise((resolve) => setTimeout(resolve, 0));
        expect(hosted.count("parts WHERE value LIKE '%policy_decided%'")).toBe(0);
        failing = false;
        const after = hosted.restarted();
        after.host.resume();
        expect(decide).toHaveBeenCalledTimes(2);
        answer();
        await vi.waitFor(() => expect(after.notes()).toEqual(["asked", "answered"]));
      },
    ));

  test("that what waited for the engine has ended is not performed when it goes on", () =>
    inRun(
      {
        decide: (input) => {
          if (failing) throw new Error("divided by zero");
          if (input.type === "start") return { records: [note(1, "asked")], effects: [call] };
          return input.type === "timer" ? { records: [note(2, "timed out")] } : {};
        },
        pending: (records) => (records.length === 1 ? [call] : []),
      },
      async (hosted) => {
        failing = false;
        const fetch = vi.fn(async () => new Promise<Response>(() => {}));
        hosted.ports.fetch = fetch;
        begin(hosted);
        await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(1));
        failing = true;
        hosted.restarted().host.feed(tick("a"));
        failing = false;
        const after = hosted.restarted();
        after.host.resume();
        expect(after.notes()).toEqual(["asked", "timed out"]);
        await new Promise((resolve) => setTimeout(resolve, 0));
        expect(fetch).toHaveBeenCalledTimes(1);
      },
    ));

  test("that takes long is not performed twice by an alarm in between", () =>
    inRun(asking(question), async (hosted) => {
      let answer = () => {};
      const decide = vi.fn(
        () =>
          new Promise<ReturnType<typeof refuse>>((resolve) => {
            answer = () => resolve(refuse("no", "no"));
          }),
      );
      hosted.ports.decide = decide;
      begin(hosted);
      for (let n = 0; n < 3; n += 1) {
        hosted.clock.now = (await hosted.storage.getAlarm()) ?? Number.NaN;
        await hosted.alarm();
      }
      expect(decide).toHaveBeenCalledTimes(1);
      answer();
      await vi.waitFor(() => expect(hosted.notes()).toEqual(["asked", "answered"]));
    }));

  test("that fails is tried again, less and less often, until it succeeds", () =>
    inRun(asking(question), async (hosted) => {
      let calls = 0;
      hosted.ports.decide = async () => {
        calls += 1;
        if (calls < 5) throw new Error("nobody there");
        return refuse("no", "no");
      };
      begin(hosted);
      const pauses: number[] = [];
      for (let round = 1; round < 5; round += 1) {
        await vi.waitFor(() => expect(calls).toBe(round));
        await new Promise((resolve) => setTimeout(resolve, 0));
        // Early is harmless: only the watch timer makes the next try.
        for (let woken = 0; calls === round && woken < 10; woken += 1) {
          const before = hosted.clock.now;
          hosted.clock.now = (await hosted.storage.getAlarm()) ?? Number.NaN;
          await hosted.alarm();
          pauses[round] = (pauses[round] ?? 0) + hosted.clock.now - before;
        }
      }
      await vi.waitFor(() => expect(hosted.notes()).toEqual(["asked", "answered"]));
      expect(pauses[3]).toBeGreaterThan(pauses[1] ?? Number.NaN);
    }));

  test("builtin://emit: the event and the outcome are one write, with the cause's hops counted on", () =>
    inRun(
      asking({
        kind: "call_builtin",
        command,
        attempt: 1,
        name: "emit",
        inputs: { type: "com.example.done" },
      }),
      async (hosted) => {
        begin(hosted);
        // In the same turn: nothing can come between.
        expect(hosted.notes()).toEqual(["asked", "answered"]);
        await vi.waitFor(() =>
          expect(hosted.sent.filter(({ method }) => method === "ingestFromRun")).toHaveLength(1),
        );
        expect(hosted.sent.find(({ method }) => method === "ingestFromRun")).toMatchObject({
          receiver: "bus/",
          args: [[{ type: "com.example.done", id: `${run.id}#${command}`, sluicehops: 5 }], "alice"],
        });
      },
    ));

  test("builtin://log writes the run's log", () =>
    inRun(
      asking({ kind: "call_builtin", command, attempt: 1, name: "log", inputs: { message: "hello" } }),
      async (hosted) => {
        begin(hosted);
        expect(new LogReader(hosted.storage.sql).page(0, 10, new Mask()).lines).toMatchObject([
          { command, text: "hello" },
        ]);
      },
    ));

  test("a builtin whose outcome nobody wants any more writes nothing", () => {
    const asked = asking({
      kind: "call_builtin",
      command,
      attempt: 1,
      name: "log",
      inputs: { message: "late" },
    });
    return inRun(
      { ...asked, decide: (input, records) => (input.type === "start" ? asked.decide(input, records) : {}) },
      async (hosted) => {
        begin(hosted);
        expect(new LogReader(hosted.storage.sql).page(0, 10, new Mask()).lines).toEqual([]);
      },
    );
  });

  test("builtin://http goes out after the commit and comes back as an input", () =>
    inRun(
      asking({
        kind: "call_builtin",
        command,
        attempt: 1,
        name: "http",
        inputs: { url: "https://example.com/" },
      }),
      async (hosted) => {
        hosted.ports.fetch = async () => {
          expect(hosted.notes()).toEqual(["asked"]);
          return new Response("ok");
        };
        begin(hosted);
        await vi.waitFor(() => expect(hosted.notes()).toEqual(["asked", "answered"]));
      },
    ));

  test("a builtin that does not exist fails the call and names those that do", () => {
    const seen: RunInput[] = [];
    const asked = asking({ kind: "call_builtin", command, attempt: 1, name: "mail", inputs: {} });
    return inRun(
      {
        ...asked,
        decide: (input, records) => {
          seen.push(input);
          return asked.decide(input, records);
        },
      },
      async (hosted) => {
        begin(hosted);
        expect(seen.at(-1)).toMatchObject({
          type: "builtin_finished",
          outcome: { error: { code: "UnknownFunction", message: expect.stringContaining("builtin://emit") } },
        });
      },
    );
  });
});
