// Cuts the power before and after every durable write of a run, and compares with a run that nothing happened to.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { StartRun } from "../../durable-objects/rpc/workflow-run.ts";
import { sha256 } from "../../durable-objects/sha256.ts";
import { takeAnswer } from "../../durable-objects/workflow-run/delivery.ts";
import { loadMachine } from "../../durable-objects/workflow-run/engine.ts";
import { JournalStore } from "../../durable-objects/workflow-run/journal.ts";
import { LogReader } from "../../durable-objects/workflow-run/log-reader.ts";
import { LogStore } from "../../durable-objects/workflow-run/log-store.ts";
import { Parts } from "../../durable-objects/workflow-run/parts.ts";
import { RunHost } from "../../durable-objects/workflow-run/run-host.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { Mask } from "../../src/protocol/mask.ts";
import { ok } from "../../src/protocol/result.ts";
import { Alarm } from "../../src/storage/alarm.ts";
import { handleAlarm } from "../../src/storage/alarm-handler.ts";
import { applyMigrations, hasTables } from "../../src/storage/migrations.ts";
import { Outbox } from "../../src/storage/outbox.ts";
import { Timers } from "../../src/storage/timers.ts";
import { commandKinds } from "../../src/workflow/commands/registry.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import { comparable, event, script, startOf } from "./run-fixture.ts";
import { BUSY, World } from "./run-world.ts";

beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));

/** Far from now, so that the platform never fires these alarms by itself: the driver fires them. */
const START = Date.UTC(2090, 0, 1);
const id = "run_0123456789abcdef0123456789abcdef" as RunId;

/** Between them they use every command, every kind of message to others, and every way of waiting. */
const scripts = {
  "calls, sleeps and events": `
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
  "locks and forms": `
FIELDS = {"share": "number"}
asked = lambda: w.form("how much", FIELDS)["share"]
share = w.lock("outer", lambda: w.lock("inner", asked, timeout = "1h"))
ignored = w.form("ignored", FIELDS, timeout = "5m")
busy = w.attempt(lambda: w.lock("${BUSY}", lambda: 1, timeout = "1m")).error.code
raced = w.race([lambda: w.lock("outer", lambda: w.sleep(days = 1)), lambda: w.sleep(hours = 1)]).index
return [share, ignored, busy, raced]
`,
  children: `
w.start("endless", "beside", wait = False)
output = w.start("child", {"n": 1})
failed = w.attempt(lambda: w.start("broken")).error.code
refused = w.attempt(lambda: w.start("nobody")).error.code
raced = w.race([lambda: w.start("endless", "raced"), lambda: w.sleep(hours = 1)]).index
w.start("endless", "left be", wait = False, parent_close = "abandon")
return [output, failed, refused, raced]
`,
  "signals, annotations and a second round": `
w.set_status("starting")
w.set_label("service", "shop")
w.wait_for_event(type = "com.example.go")
first = w.wait_for_signal("go", timeout = "1h")["data"]
w.set_progress(1, 2)
never = w.wait_for_signal("never", timeout = "5m")
w.set_output("first", first)
w.continue_as_new(data = {"first": first, "never": never})
`,
} as const;

type Scene = keyof typeof scripts;

/** What its run comes to where nothing happens to it. */
const ends: Record<Scene, object> = {
  "calls, sleeps and events": {
    output: { event: { n: 1 }, none: null, failed: false },
    log: ["begun at True 36 True", "half way", "cleaning up"],
    approvals: ["approved"],
    deployments: 1,
    forgotten: true,
  },
  "locks and forms": {
    output: [0.25, null, "LockTimeout", 1],
    forms: ["filled", "expired"],
    claims: ["outer over", "inner over", `${BUSY} over`, "outer over"],
  },
  children: {
    output: [{ n: 1 }, "ChildFailed", "UnknownWorkflow", 1],
    children: ['endless "beside"', 'child {"n":1}', "broken null", 'endless "raced"', 'endless "left be"'],
    closed: 2,
  },
  "signals, annotations and a second round": {
    successors: [{ data: { first: 7, never: null }, signals: [] }],
    outputs: { first: 7 },
    consumed: 1,
    forgotten: true,
  },
};

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
      return message.method === "summary" ? host.summaryToSend() : world.receive(message);
    },
    onDelivered: (message, answer) => takeAnswer(host, message, answer),
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

/** What somebody tells a run that waits for the signal `go`, once for each wait. */
function signalFor(host: RunHost): RunInput | undefined {
  const waits = host
    .detail()
    .activities.find(
      ({ kind, name, state }) => kind === "wait_for_signal" && name === "go" && state === "waiting",
    );
  return waits && { type: "signal", id: `for ${waits.command}`, name: "go", data: 7, by: "sue" };
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
    const world = new World(START);
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
      const signal = signalFor(instance.host);
      if (signal) {
        await alive(() => instance.host.feed(signal));
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
      outputs: detail.outputs,
      error: detail.error,
      journal: comparable(instance.journal.all(), id),
      kinds: instance.journal.all().flatMap((one) => (one.type === "scheduled" ? [one.kind as string] : [])),
      log: new LogReader(storage.sql).page(0, 1000, new Mask()).lines.map(({ text }) => text),
      jobs: [...world.jobs.keys()],
      events: [...world.events.keys()].sort(),
      approvals: [...world.approvals.values()].map(({ state }) => state),
      forms: [...world.forms.values()].map(({ state }) => state),
      claims: [...world.claims.values()].map(({ key, state }) => `${key} ${state}`),
      children: [...world.children.values()],
      closed: world.closed.size,
      successors: [...world.successors.values()],
      consumed: world.consumed.size,
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

const startFor = (body: string) => startOf(script(body), { id, event: event({ id: "begin" }) });

describe.each(Object.keys(scripts) as Scene[])("the power of a run is cut: %s", (scene) => {
  const start = startFor(scripts[scene]);

  test("nowhere: the run comes to its end, having done everything once", async () => {
    const calm = await drive(start);
    expect(calm).toMatchObject({ state: "succeeded", left: { n: 0 }, ...ends[scene] });
  });

  test("nowhere, and every step is replayed from the journal: nothing is different", async () => {
    const { writes: _, ...calm } = await drive(start);
    const { writes: __, ...replayed } = await drive(start, { replayEveryTime: true });
    expect(replayed).toEqual(calm);
  });

  test.each(["before", "after"] as const)(
    "%s any write: the end is the same",
    async (when) => {
      const { writes, ...calm } = await drive(start);
      expect(writes).toBeGreaterThan(8);
      for (let write = 1; write <= writes; write += 1) {
        const { writes: _, ...cut } = await drive(start, { cut: { write, when } });
        expect(cut, `power cut ${when} write ${write}`).toEqual(calm);
      }
    },
    60_000,
  );
});

describe("the runs whose power is cut", () => {
  test("use every kind of command there is between them", async () => {
    const seen = new Set<string>();
    for (const body of Object.values(scripts))
      for (const kind of (await drive(startFor(body))).kinds) seen.add(kind);
    expect(commandKinds.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  test.each(["before", "after"] as const)(
    "%s any write, and that are over at once, end the same",
    async (when) => {
      const atOnce = startFor('print("here")\nreturn w.uuid()');
      const { writes, ...calm } = await drive(atOnce);
      expect(calm).toMatchObject({ state: "succeeded", left: { n: 0 } });
      for (let write = 1; write <= writes; write += 1) {
        const { writes: _, ...cut } = await drive(atOnce, { cut: { write, when } });
        expect(cut, `power cut ${when} write ${write}`).toEqual(calm);
      }
    },
  );
});
