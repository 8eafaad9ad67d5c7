// Runs that begin inside a lock which the run before them held: they claim it anew, and wait until it is theirs.
import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/operation.ts";
import { failedCommand, forkedRecords, type Workflow } from "../../src/workflow/index.ts";
import { heldLocks } from "../../src/workflow/inherited-locks.ts";
import {
  handlerOf,
  modes,
  outline,
  type Script,
  ScriptedHost,
  timeless,
  workflowOf,
} from "./scripted-host.ts";

const outer = "0.1#1" as CommandId;
const inner = "0.1.1#1" as CommandId;
const deploy = "0.1.1#2" as CommandId;

const nested = handlerOf(`
    def work():
        w.defer(lambda: w.run(step = "a.example/clean@v1"))
        w.run(step = "a.example/build@v1")
        return w.lock("b", lambda: w.run(step = "a.example/deploy@v1")["done"], timeout = "5m")
    return w.lock("a", work)
`);

describe.each(modes)("a run that begins inside a lock, $mode", ({ replayEveryTime }) => {
  /** Its host grants a lock when it is told to, unless it goes on by itself. */
  const forkOf = (
    records: readonly JournalRecord[],
    from: string,
    workflow: Workflow,
    { pause, cut }: { pause?: JsonObject; cut?: Script["cut"] } = {},
  ) => {
    const origin = { run: "run_1" as never, digest: workflow.digest, by: "olga", reason: "" };
    const forked = forkedRecords(records, from as CommandId, origin, 1_700_000_100_000, pause);
    if (!forked.ok) throw new Error(forked.error.message);
    const functions = () => ({ ok: { done: 1 } });
    const script: Script = { replayEveryTime, functions, ...(cut && { cut }) };
    const host = new ScriptedHost(workflow, script);
    host.now = 1_700_000_100_000;
    host.records.push(...structuredClone(forked.value));
    host.feed({ type: "begin_again" });
    return host;
  };
  const failed = new ScriptedHost(nested, {
    functions: (reference) =>
      reference.includes("deploy")
        ? { error: { code: "Down", message: "down", retryable: false } }
        : { ok: { done: 1 } },
  }).run();
  const fork = (how?: { pause?: JsonObject; cut?: Script["cut"] }) =>
    forkOf(failed.records, deploy, nested, how);
  const operate = (host: ScriptedHost, operation: Operation, toMany = false) =>
    host.feed({ type: "operate", operation, by: "olga", reason: "now", toMany }).refused?.code;
  const jobs = (host: ScriptedHost) => [...host.jobs.values()].map(({ job }) => job.reference);
  const waitsFor = (host: ScriptedHost) => host.machine.summary().waitingFor;

  it("waits for each in turn, the outer first, and nothing begins before it holds them all", () => {
    const host = fork();
    expect([...host.claims]).toEqual([[outer, "a"]]);
    expect(host.machine.summary()).toMatchObject({
      state: "waiting",
      waitingFor: "waiting for the lock a",
      paused: { by: "sluice", locks: [outer, inner] },
    });
    host.loseMemory();
    expect(host.grant(outer).refused).toBeUndefined();
    expect([...host.claims.keys()]).toEqual([outer, inner]);
    expect(waitsFor(host)).toBe("waiting for the lock b");
    expect(host.timers.size).toBe(1);
    expect(jobs(host)).toEqual([]);
    host.loseMemory();
    host.grant(inner);
    expect(host.machine.summary().paused).toBeUndefined();
    expect(host.timers.has(`wait_timeout:${inner}`)).toBe(false);
    host.goOn();
    expect(host.machine.ending().output).toBe(1);
    expect(jobs(host)).toEqual(["a.example/deploy@v1", "a.example/clean@v1"]);
    expect(host.claims.size).toBe(0);
    expect(outline(host.records).filter((line) => line.includes("unlock"))).toHaveLength(2);
  });

  it("comes to the same end when the power is cut before or after any write", () => {
    const calm = fork().goOn();
    expect(calm.writes).toBeGreaterThan(6);
    for (let write = 1; write <= calm.writes; write++) {
      for (const when of ["before", "after"]) {
        let isCut = false;
        const cut = (at: number, side: string) => {
          const now = !isCut && at === write && side === when;
          isCut ||= now;
          return now;
        };
        const host = fork({ cut }).goOn();
        expect({ isCut, journal: timeless(host.records) }).toEqual({
          isCut: true,
          journal: timeless(calm.records),
        });
        expect([host.claims.size, jobs(host)]).toEqual([0, jobs(calm)]);
      }
    }
  });

  it("gives what waited with it its whole time from when it begins", () => {
    const body = `
    def work():
        w.run(step = "a.example/deploy@v1", deadline = "30m")
        w.sleep(minutes = 30)
    return w.lock("a", work)
`;
    const first = new ScriptedHost(handlerOf(body), { functions: () => ({ ok: { done: 1 } }) }).run();
    for (const [from, timer] of [
      ["0.1#2", "deadline:0.1#2"],
      ["0.1#3", "sleep:0.1#3"],
    ] as const) {
      const host = forkOf(first.records, from, first.workflow);
      host.loseMemory();
      host.now += 40 * 60_000;
      host.grant("0.1#1" as CommandId);
      expect(host.timers.get(timer)?.dueAt).toBe(host.now + 30 * 60_000);
      host.loseMemory();
      expect(host.machine.activities().at(-1)).toMatchObject({ scheduledAt: host.now });
    }
  });

  it("hears once and for all that a lock was granted, however often that is said", () => {
    const host = fork();
    for (const _ of [1, 2, 3]) expect(host.grant(outer).refused).toBeUndefined();
    expect(waitsFor(host)).toBe("waiting for the lock b");
    // Of a lock that it has not asked for yet nobody can say so.
    const early = fork();
    early.grant(inner);
    expect(waitsFor(early)).toBe("waiting for the lock a");
  });

  it("waits for its place first, also where somebody lets it go before others", () => {
    const place = { action: "pause", place: true, by: "sluice", reason: "waiting for a place in g" };
    for (const go of [
      (host: ScriptedHost) => host.feed({ type: "place_answered", answer: { isGranted: true } }),
      (host: ScriptedHost) => operate(host, { action: "resume" }),
    ]) {
      const host = fork({ pause: place });
      expect(host.claims.size).toBe(0);
      expect(waitsFor(host)).toBe("waiting for a place in g");
      go(host);
      expect([...host.claims.keys()]).toEqual([outer]);
      expect(waitsFor(host)).toBe("waiting for the lock a");
      host.loseMemory();
      expect(waitsFor(host)).toBe("waiting for the lock a");
      expect(jobs(host)).toEqual([]);
      expect(host.goOn().finished).toBe("succeeded");
    }
  });

  it.each([true, false])(
    "is over when it is cancelled meanwhile, without cleanup (terminated: %s)",
    (now) => {
      const host = fork();
      host.grant(outer);
      host.cancel(now);
      expect({ finished: host.finished, claims: host.claims.size }).toEqual({
        finished: "cancelled",
        claims: 0,
      });
      expect(jobs(host)).toEqual([]);
      host.grant(inner);
      expect(host.records.at(-1)).toMatchObject({ note: "finished" });
    },
  );

  it("fails when the lock's timeout comes, and can be begun once more with the same command", () => {
    const host = fork();
    expect(host.timers.size).toBe(0);
    host.grant(outer);
    const since = host.now;
    host.fireNextTimer();
    expect(host.now - since).toBe(300_000);
    expect(host.machine.ending().error).toMatchObject({ code: "LockTimeout", details: { key: "b" } });
    expect({ finished: host.finished, claims: host.claims.size, jobs: jobs(host) }).toEqual({
      finished: "failed",
      claims: 0,
      jobs: [],
    });
    expect(failedCommand(host.records)).toEqual({ ok: true, value: deploy });
    const again = forkOf(host.records, deploy, nested);
    expect(again.machine.summary().paused?.locks).toEqual([outer, inner]);
    expect(again.goOn().machine.ending().output).toBe(1);
  });

  it("fails when its own time limit comes, without cleanup: it has held its place for as long", () => {
    const timed = workflowOf(`
def work(w):
    w.defer(lambda: w.run(step = "a.example/clean@v1"))
    w.run(step = "a.example/build@v1")
    return w.run(step = "a.example/deploy@v1")

def handler(w, ev):
    return w.lock("a", work, w)

on_event(type = "test", handler = handler, timeout = "1h")
`);
    const host = forkOf(new ScriptedHost(timed).run().records, "0.1#3", timed);
    host.fireNextTimer();
    expect(host.machine.ending().error).toMatchObject({ code: "RunTimedOut" });
    expect({ claims: host.claims.size, jobs: jobs(host) }).toEqual({ claims: 0, jobs: [] });
    expect(failedCommand(host.records)).toEqual({ ok: true, value: "0.1#3" });
  });

  it("goes on without the locks where somebody resumes it, and the journal says so; not with many others", () => {
    const host = fork();
    expect(operate(host, { action: "resume" }, true)).toBe("waits_for_lock");
    expect(operate(host, { action: "pause" })).toBe("already_paused");
    expect(operate(host, { action: "resume" })).toBeUndefined();
    expect(host.claims.size).toBe(0);
    expect(outline(host.records).filter((line) => line.includes("lock_revoked"))).toEqual([
      `${outer} : lock_revoked`,
      `${inner} : lock_revoked`,
    ]);
    host.loseMemory();
    expect(host.goOn().machine.ending().output).toBe(1);
    // The grant that was on its way comes to nothing.
    host.grant(outer);
    expect(host.records.at(-1)).toMatchObject({ note: "finished" });
  });

  it("waits no more for one that was taken away before it heard that it had it", () => {
    const host = fork();
    host.feed({ type: "lock_revoked", command: outer, by: "olga", reason: "hung" });
    expect(waitsFor(host)).toBe("waiting for the lock b");
    host.grant(inner);
    expect(host.goOn().finished).toBe("succeeded");
  });

  it("claims also one that was taken away from the run before it, and gives it back", () => {
    const body = handlerOf('w.lock("k", lambda: [w.sleep(hours = 1), w.sleep(hours = 2)])');
    const before = new ScriptedHost(body);
    before.feed({ type: "start" });
    before.step();
    before.feed({ type: "lock_revoked", command: outer, by: "olga", reason: "hung" });
    before.goOn();
    const host = forkOf(before.records, "0.1#3", body);
    expect(waitsFor(host)).toBe("waiting for the lock k");
    host.grant(outer);
    host.cancel(true);
    expect(host.claims.size).toBe(0);
  });

  it("waits no more when the block ends without anything that takes time", () => {
    const body = handlerOf(`
        def work():
            w.sleep(hours = 1)
            w.set_status("done")
        w.lock("k", work)
        w.sleep(hours = 2)
        return "end"
    `);
    const before = new ScriptedHost(body).run();
    for (const from of ["0.1#3", "0.1#4"]) {
      const host = forkOf(before.records, from, body);
      expect(host.machine.summary().paused).toBeUndefined();
      expect(host.claims.size).toBe(0);
      expect([...host.timers.keys()]).toEqual(["sleep:0#1"]);
      expect(host.goOn().machine.ending().output).toBe("end");
    }
  });

  it("begins other branches that had not ended only with them, and what it waits for inside by itself", () => {
    const body = handlerOf(`
        beside = w.spawn(w.run, step = "a.example/beside@v1")
        def work():
            w.run(step = "a.example/build@v1")
            return w.lock("b", lambda: w.run(step = "a.example/deploy@v1"))
        w.lock("a", work)
        w.wait(beside)
        return "end"
    `);
    const never: Script = { functions: (reference) => (reference.includes("build") ? { ok: {} } : "never") };
    const before = new ScriptedHost(body, never);
    before.feed({ type: "start" });
    for (
      let steps = 0;
      steps < 20 && !outline(before.records).includes("0.2.1#2 run a.example/deploy@v1");
      steps++
    )
      before.step();
    const host = forkOf(before.records, "0.2.1#1", body);
    expect(jobs(host)).toEqual([]);
    expect([...host.claims]).toEqual([["0.2#1", "a"]]);
    host.goOn();
    expect(host.machine.ending().output).toBe("end");
    expect(host.claims.size).toBe(0);
  });

  it("is stuck where its program fits no more, keeps what it hears, and goes on with that", () => {
    const host = fork();
    host.workflow = handlerOf('w.sleep(days = 1)\nreturn "other"');
    host.loseMemory();
    expect(host.machine.summary().state).toBe("stuck");
    host.grant(outer);
    host.workflow = nested;
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(waitsFor(host)).toBe("waiting for the lock b");
  });

  it("claims those beside each other by their keys, whichever was granted first", () => {
    const body = handlerOf(`
        w.parallel([
            lambda: w.lock("z", lambda: w.lock("c", lambda: w.wait_for_signal("go"))),
            lambda: w.lock("d", lambda: w.wait_for_signal("go")),
        ])
    `);
    const host = new ScriptedHost(body);
    host.feed({ type: "start" });
    while (host.held.length < 3) host.step();
    expect(heldLocks(host.records).map(({ name }) => name)).toEqual(["d", "z", "c"]);
  });
});
