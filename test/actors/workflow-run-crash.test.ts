// Cuts the power before and after every durable write of a run, and compares with a run that nothing happened to.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { QueueJob } from "../../durable-objects/rpc/job-router.ts";
import type { StartRun } from "../../durable-objects/rpc/workflow-run.ts";
import { sha256 } from "../../durable-objects/sha256.ts";
import { loadMachine } from "../../durable-objects/workflow-run/engine.ts";
import { JournalStore } from "../../durable-objects/workflow-run/journal.ts";
import { LogReader } from "../../durable-objects/workflow-run/log-reader.ts";
import { LogStore } from "../../durable-objects/workflow-run/log-store.ts";
import { Parts } from "../../durable-objects/workflow-run/parts.ts";
import { RunHost } from "../../durable-objects/workflow-run/run-host.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { ApprovalId, RunId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import { Mask } from "../../src/protocol/mask.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import { ok } from "../../src/protocol/result.ts";
import { Alarm } from "../../src/storage/alarm.ts";
import { handleAlarm } from "../../src/storage/alarm-handler.ts";
import { applyMigrations, hasTables } from "../../src/storage/migrations.ts";
import { type Message, Outbox } from "../../src/storage/outbox.ts";
import { Timers } from "../../src/storage/timers.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import { comparable, event, script, startOf } from "./run-fixture.ts";

beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));

/** Far from now, so that the platform never fires these alarms by itself: the driver fires them. */
const START = Date.UTC(2090, 0, 1);
const id = "run_0123456789abcdef0123456789abcdef" as RunId;

/** Uses every command, every kind of effect, and every way of waiting. */
const everything = script(
  `
def cleanup():
    print("cleaning up")
    w.run(step = "example.com/cleanup@v1", inputs = {})

w.defer(cleanup)
print("begun at", w.now().unix > 0, len(w.uuid()), w.random() >= 0)
w.run(step = "example.com/flaky@v1", inputs = {}, retry = {"attempts": 3, "initial": "10s"})
w.sleep(minutes = 5)
w.run(step = "builtin://emit", inputs = {"type": "com.example.progress", "data": {"half": True}})
w.run(step = "builtin://log", inputs = {"message": "half way"})
got = w.wait_for_event(type = "com.example.go", timeout = "1h")
none = w.wait_for_event(type = "com.example.never", timeout = "1m")
failed = w.attempt(lambda: w.run(step = "example.com/broken@v1", inputs = {}))
w.run(step = "example.com/deploy@v1", inputs = {"app": "shop-production", "revision": "v1"})
return {"event": got["data"], "none": none, "failed": failed.ok}
`,
);

/** What is outside the run, and what reached it. Receivers apply each key once, like the real ones. */
class World {
  now = START;
  readonly jobs = new Map<string, QueueJob>();
  readonly events = new Map<string, CloudEvent>();
  readonly approvals = new Map<string, Approval>();
  readonly deployments = new Set<string>();
  readonly decided: string[] = [];
  /** What the run has not acknowledged yet: given to it until it has. */
  readonly inbound: RunInput[] = [];
  #forgotten = false;

  receive({ receiver, method, args }: Message): void {
    const [first] = args;
    if (method === "enqueue") this.#enqueue(first as QueueJob);
    else if (method === "ingestFromRun")
      for (const one of first as CloudEvent[]) this.events.set(one.id, one);
    else if (method === "registerWait") this.#wait(first as { command: never; type: string });
    else if (method === "apply") this.#approve((first as { approvals: Approval[] }).approvals[0]);
    else if (method === "recordDeployment") this.deployments.add(`${receiver} ${JSON.stringify(first)}`);
    else if (method === "forgetRun") this.#forgotten = true;
  }

  get forgotten(): boolean {
    return this.#forgotten;
  }

  #enqueue(job: QueueJob): void {
    if (this.jobs.has(job.id)) return;
    this.jobs.set(job.id, job);
    const { command, attempt } = job;
    this.inbound.push(
      { type: "job_taken", command, attempt, runner: "r1" },
      { type: "job_finished", command, attempt, outcome: outcomeOf(job), cause: "completed" },
    );
  }

  readonly #waits = new Set<string>();
  #wait({ command, type }: { command: never; type: string }): void {
    if (type !== "com.example.go" || this.#waits.has(command)) return;
    this.#waits.add(command);
    const go = event({ id: "go-1", type, data: { n: 1 } });
    this.inbound.push({ type: "event", command, event: go, seq: 9 });
  }

  #approve(approval: Approval | undefined): void {
    if (!approval) return;
    const known = this.approvals.get(approval.id);
    this.approvals.set(approval.id, approval);
    if (known || approval.state !== "pending") return;
    const decision = "approve" as const;
    const { id } = approval;
    this.inbound.push({
      type: "approval_resolved",
      approval: id as ApprovalId,
      decision,
      comment: "",
      by: "olivia",
    });
  }
}

function outcomeOf({ reference, attempt }: QueueJob): JobOutcome {
  if (reference.includes("broken"))
    return { error: { code: "Broken", message: "for good", retryable: false } };
  if (reference.includes("flaky") && attempt === 1)
    return { error: { code: "Flaky", message: "once", retryable: true } };
  return { ok: { reference } };
}

class PowerCut extends Error {}

/** Where the power goes: before or after the n-th write. */
interface Cut {
  write: number;
  when: "before" | "after";
}

/** The storage of an object whose power can be cut. Writes of one transaction are one write. */
function cuttable(
  storage: DurableObjectStorage,
  cut: Cut | undefined,
  count: { writes: number; dead: boolean },
) {
  let depth = 0;
  const write = <T>(body: () => T): T => {
    if (count.dead) throw new PowerCut("no power");
    if (depth > 0) return body();
    count.writes += 1;
    const hit = cut?.write === count.writes;
    if (hit && cut.when === "before") {
      count.dead = true;
      throw new PowerCut(`before write ${count.writes}`);
    }
    depth += 1;
    try {
      return body();
    } finally {
      depth -= 1;
      if (hit) count.dead = true;
      // biome-ignore lint/correctness/noUnsafeFinally: the power goes after the write, whatever the write was.
      if (hit) throw new PowerCut(`after write ${count.writes}`);
    }
  };
  const exec = (query: string, ...bindings: unknown[]) =>
    /^\s*SELECT/i.test(query)
      ? storage.sql.exec(query, ...bindings)
      : write(() => storage.sql.exec(query, ...bindings));
  return {
    sql: { exec },
    transactionSync: (body: () => unknown) => write(() => storage.transactionSync(body)),
    getAlarm: () => storage.getAlarm(),
    setAlarm: async (at: number) => (count.dead ? undefined : await storage.setAlarm(at)),
    deleteAlarm: async () => (count.dead ? undefined : await storage.deleteAlarm()),
  } as unknown as DurableObjectStorage;
}

const never = new Promise<never>(() => {});

function boot(real: DurableObjectStorage, world: World, options: { cut?: Cut; replayEveryTime?: boolean }) {
  const count = { writes: 0, dead: false };
  const asked = new Set<string>();
  const storage = cuttable(real, options.cut, count);
  const now = () => world.now;
  const alarm = new Alarm(storage);
  const timers = new Timers(storage.sql, alarm);
  const outbox: Outbox = new Outbox({
    sql: storage.sql,
    alarm,
    now,
    deliver: async (message) => {
      if (count.dead) return await never;
      if (message.method === "summary") host.summaryToSend();
      else world.receive(message);
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
      rest: async () => {},
      askRun: async () => await never,
      changed: () => {},
      now,
      entropy: () => new Uint8Array(16),
      loadMachine: (program, start, records) =>
        loadMachine(program, {
          start,
          records,
          sha256Hex: sha256,
          replayEveryTime: options.replayEveryTime ?? false,
        }),
      decide: async (_, call) => {
        world.decided.push(`${call.command} ${call.round}`);
        asked.add(call.reference);
        await Promise.resolve();
        if (count.dead) return await never;
        const production = call.reference.includes("deploy");
        const held = production && call.approvals.length === 0;
        const decision = {
          verdict: held ? ("hold" as const) : ("execute" as const),
          reasons: ["because"],
          bundle: "b",
        };
        return ok({ decision, environment: production ? "production" : null, trustScore: 0, input: {} });
      },
      // As in the product: what was asked a moment ago need not be asked again.
      decideAtOnce: (_, call) => {
        if (call.reference.includes("deploy") || !asked.has(call.reference)) return undefined;
        world.decided.push(`${call.command} ${call.round}`);
        const decision = { verdict: "execute" as const, reasons: ["because"], bundle: "b" };
        return { decision, environment: null, trustScore: 0, input: {} };
      },
      learn: async (_, { reference }) => {
        await Promise.resolve();
        if (count.dead) return await never;
        asked.add(reference);
      },
      outbound: { fetch: () => never, resolve: () => never, allowedHosts: [] },
    },
  });
  return {
    start: async (run: StartRun) => {
      if (hasTables(storage.sql)) {
        outbox.takeBack();
        void outbox.flush();
        host.resume();
      } else {
        const turn = host.decideFirst(run);
        await turn.complete();
        host.begin(turn, () => applyMigrations(storage, tables), { isRepeated: true });
      }
      await outbox.deliverEntrusted(5);
    },
    host,
    count,
    outbox,
    journal,
    alarm: () => handleAlarm({ alarm, timers, outbox, now, onTimer: (timer) => host.fire(timer) }),
  };
}

/** Lets promises that are due run, and what they start. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Drives a run to its end, starting it anew whenever the power was cut, and returns what is left: the journal, the
 * log, what the world has seen, and how many writes the first instance made.
 */
async function drive(start: StartRun, options: { cut?: Cut; replayEveryTime?: boolean } = {}) {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  return await runInDurableObject(stub, async (_, { storage }) => {
    const world = new World();
    let instance = boot(storage, world, options);
    const first = instance;
    const alive = async (act: () => unknown): Promise<boolean> => {
      try {
        await act();
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      await settle();
      if (!instance.count.dead) return true;
      instance = boot(storage, world, { replayEveryTime: options.replayEveryTime ?? false });
      return false;
    };
    // The bus gives the start until it is taken.
    while (!(await alive(() => instance.start(start))));
    for (let turn = 0; turn < 500; turn += 1) {
      const input = world.inbound[0];
      if (input) {
        if (await alive(() => instance.host.feed(input))) world.inbound.shift();
        continue;
      }
      const due = await storage.getAlarm();
      if (due === null) break;
      world.now = Math.max(world.now, due);
      await alive(() => instance.alarm());
    }
    const detail = instance.host.detail();
    await settle();
    return {
      state: detail.state,
      output: detail.output,
      error: detail.error,
      journal: comparable(instance.journal.all(), id),
      log: new LogReader(storage.sql).page(0, 1000, new Mask()).lines.map(({ text }) => text),
      jobs: [...world.jobs.keys()],
      events: [...world.events.keys()].sort(),
      approvals: [...world.approvals.values()].map(({ state }) => state),
      deployments: world.deployments.size,
      forgotten: world.forgotten,
      left: storage.sql
        // What the answered start was entrusted with is there, and nothing to anybody.
        .exec("SELECT (SELECT COUNT(*) FROM outbox WHERE parked <> 2) + (SELECT COUNT(*) FROM timers) AS n")
        .one(),
      writes: first.count.writes,
    };
  });
}

describe("the power is cut", () => {
  const start = startOf(everything, { id, event: event({ id: "begin" }) });

  test("nowhere: the run comes to its end, having done everything once", async () => {
    const calm = await drive(start);
    expect(calm).toMatchObject({
      state: "succeeded",
      output: { event: { n: 1 }, none: null, failed: false },
      log: ["begun at True 36 True", "half way", "cleaning up"],
      approvals: ["approved"],
      deployments: 1,
      forgotten: true,
      left: { n: 0 },
    });
    expect(calm.jobs).toHaveLength(5);
    expect(calm.events).toContain(`${id}#0#6`);
  });

  test("nowhere, and every step is replayed from the journal: nothing is different", async () => {
    const { writes: _, ...calm } = await drive(start);
    const { writes: __, ...replayed } = await drive(start, { replayEveryTime: true });
    expect(replayed).toEqual(calm);
  });

  test.each(["before", "after"] as const)(
    "%s any write of a run that is over at once: the end is the same",
    async (when) => {
      const atOnce = startOf(script('print("here")\nreturn w.uuid()'), { id, event: event({ id: "begin" }) });
      const { writes, ...calm } = await drive(atOnce);
      expect(calm).toMatchObject({ state: "succeeded", left: { n: 0 } });
      for (let write = 1; write <= writes; write += 1) {
        const { writes: _, ...cut } = await drive(atOnce, { cut: { write, when } });
        expect(cut, `power cut ${when} write ${write}`).toEqual(calm);
      }
    },
  );

  test.each(["before", "after"] as const)(
    "%s any write: the end is the same",
    async (when) => {
      const { writes, ...calm } = await drive(start);
      expect(writes).toBeGreaterThan(30);
      for (let write = 1; write <= writes; write += 1) {
        const { writes: _, ...cut } = await drive(start, { cut: { write, when } });
        expect(cut, `power cut ${when} write ${write}`).toEqual(calm);
      }
    },
    120_000,
  );
});
