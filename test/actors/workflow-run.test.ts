// The WorkflowRun actor with the real engine, on the platform's storage and alarms.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { DEFAULT_WORKSPACE, routerStub } from "../../durable-objects/stubs.ts";
import {
  command,
  event,
  newRunId,
  operator,
  script,
  startedBy,
  startOf,
  startRun,
  TestRun,
  unwrap,
} from "./run-fixture.ts";

describe("a run", () => {
  test("runs its script, remembers what it returned and what it printed", async () => {
    const run = await startRun(
      script(
        `
        print("hello", ev["data"]["who"])
        w.log("bye")
        return {"answer": 42}
      `.replaceAll(/^ {8}/gm, ""),
      ),
      { event: event({ data: { who: "world" } }) },
    );
    expect(await run.detail()).toMatchObject({ state: "succeeded", output: { answer: 42 } });
    expect(await run.logTexts()).toEqual(["hello world", "bye"]);
  });

  test("started twice is one run", async () => {
    const start = startOf(script('print("once")'));
    const run = new TestRun(start.id);
    await Promise.all([run.rpc.start(start), run.rpc.start(start)]);
    await run.rpc.start(start);
    expect(await run.logTexts()).toEqual(["once"]);
  });

  test("that fails says where, with the script's own frames", async () => {
    const run = await startRun(script('fail("no such thing")'));
    const detail = await run.detail();
    expect(detail).toMatchObject({
      state: "failed",
      error: { message: expect.stringContaining("no such thing") },
    });
    expect(detail.traceback).toContain("test.star:2");
  });

  test("whose program no longer compiles is stuck until it is terminated, and stays so", async () => {
    const start = startOf(script("w.sleep(days = 1)"));
    const run = new TestRun(start.id);
    await run.rpc.start({
      ...start,
      program: { digest: "broken", entry: "a.star", files: { "a.star": "def (" } },
    });
    expect(await run.detail()).toMatchObject({ state: "stuck", error: { code: "engine_failure" } });
    // Nobody knows yet whether it would count.
    expect(await run.rpc.signal({ id: "s", name: "go", data: null, by: operator })).toMatchObject({
      error: { code: "run_stuck" },
    });
    expect(unwrap(await run.rpc.cancel({ by: operator, reason: "gone", terminate: true }))).toMatchObject({
      state: "cancelled",
    });
    await evictDurableObject(run.stub);
    expect(await run.detail()).toMatchObject({ state: "cancelled", error: { details: { reason: "gone" } } });
    expect((await run.journal()).map((record) => record.type === "noted" && record.note)).toEqual([
      "started",
      "terminated",
      "finished",
    ]);
  });

  test("whose parent wants it no more before it has begun begins, and is cancelled at once", async () => {
    const parent = newRunId();
    const start = startOf(script("w.sleep(days = 1)"), startedBy(parent));
    const run = new TestRun(start.id);
    await run.rpc.closeByParent({ parent, terminate: false });
    expect(await run.rpc.detail()).toMatchObject({ ok: false });
    await evictDurableObject(run.stub);
    await run.rpc.start(start);
    expect(await run.detail()).toMatchObject({ state: "cancelled", error: { details: { by: parent } } });
  });

  test("is closed by its own parent alone", async () => {
    const run = await startRun(script("w.sleep(days = 1)"));
    await run.rpc.closeByParent({ parent: newRunId(), terminate: true });
    expect(await run.state()).toBe("waiting");
  });

  test("that its parent closes twice still cleans up: a message may come again", async () => {
    const parent = newRunId();
    const start = startOf(
      script("w.defer(lambda: w.sleep(hours = 1))\nw.sleep(days = 1)"),
      startedBy(parent),
    );
    const run = new TestRun(start.id);
    await run.rpc.start(start);
    await run.rpc.closeByParent({ parent, terminate: false });
    await run.rpc.closeByParent({ parent, terminate: false });
    expect(await run.state()).toBe("waiting");
  });

  test("is not closed by another that asked before it has begun: a fork of its parent, say", async () => {
    const start = startOf(script("w.sleep(days = 1)"), startedBy(newRunId()));
    const run = new TestRun(start.id);
    await run.rpc.closeByParent({ parent: newRunId(), terminate: true });
    await run.rpc.start(start);
    expect(await run.state()).toBe("waiting");
  });

  test("that nobody began is unknown, and asking for it stores nothing", async () => {
    const run = new TestRun(newRunId());
    const asked = await Promise.all([
      run.rpc.detail(),
      run.rpc.journal({ after: 0, limit: 10 }),
      run.rpc.log({ after: 0, limit: 10 }),
      run.rpc.source(),
      run.rpc.cancel({ by: operator, reason: "", terminate: true }),
    ]);
    for (const answer of asked) expect(answer).toMatchObject({ ok: false, error: { code: "unknown_run" } });
    expect(await run.rpc.deliverEvent({ command: command("0#1"), event: event(), seq: 1 })).toEqual({
      accepted: false,
    });
    await run.rpc.appendLog({ command: command("0#1"), attempt: 1, offset: 0, text: "x" });
    await runInDurableObject(run.stub, (_, { storage }) => {
      expect(storage.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
    });
  });

  test("keeps its own copy of the program", async () => {
    const start = startOf(script("w.sleep(hours = 1)"));
    const run = new TestRun(start.id);
    await run.rpc.start(start);
    expect(unwrap(await run.rpc.source())).toEqual(start.program);
  });
});

describe("a sleeping run", () => {
  test("wakes by its alarm, also when it was evicted meanwhile", async () => {
    const run = await startRun(script('w.sleep(milliseconds = 300)\nprint("awake")'));
    expect(await run.detail()).toMatchObject({
      state: "waiting",
      activities: [{ kind: "sleep", state: "waiting" }],
    });
    await evictDurableObject(run.stub);
    // Nobody calls the object: only the alarm can move it on.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await run.logTexts()).toEqual(["awake"]);
    expect(await run.state()).toBe("succeeded");
  });

  test("goes on where it was: what happened before the eviction does not happen again", async () => {
    const run = await startRun(
      script(
        "first = w.uuid()\nprint(first)\nw.sleep(milliseconds = 50)\nprint(first)\nw.sleep(milliseconds = 50)\nprint(first)",
      ),
    );
    for (let n = 0; n < 3; n += 1) {
      // Fails when the platform has put it away by itself, which does as well.
      await evictDurableObject(run.stub).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await run.until("succeeded");
    const lines = await run.logTexts();
    expect(lines).toHaveLength(3);
    expect(new Set(lines).size).toBe(1);
  });

  test("is stopped by its alarm when its time is over, also when it was evicted meanwhile, and has failed", async () => {
    const start = startOf(script('w.defer(lambda: print("tidied up"))\nw.wait_for_signal("never")'));
    start.trigger.timeoutMs = 300;
    const run = new TestRun(start.id);
    await run.rpc.start(start);
    expect(await run.state()).toBe("waiting");
    await evictDurableObject(run.stub);
    await run.until("failed");
    expect(await run.detail()).toMatchObject({ error: { code: "RunTimedOut" } });
    expect(await run.logTexts()).toEqual(["tidied up"]);
  });

  test("has no alarm left once it is over", async () => {
    const run = await startRun(script("w.sleep(hours = 1)"));
    unwrap(await run.rpc.cancel({ by: operator, reason: "enough", terminate: false }));
    expect(await run.state()).toBe("cancelled");
    await vi.waitFor(
      () =>
        runInDurableObject(run.stub, async (_, { storage }) => {
          expect(storage.sql.exec("SELECT kind, due_at FROM timers").toArray()).toEqual([]);
          expect(storage.sql.exec("SELECT receiver, method FROM outbox").toArray()).toEqual([]);
          expect(await storage.getAlarm()).toBeNull();
        }),
      { timeout: 5000, interval: 50 },
    );
  });
});

describe("a run that waits for an event", () => {
  const waiting = script(
    'ev = w.wait_for_event(type = "later", timeout = "1h")\nreturn ev["data"] if ev else None',
  );

  test("takes the event once, and turns down what it no longer wants", async () => {
    const run = await startRun(waiting);
    const delivery = { command: command("0#1"), event: event({ type: "later", data: { n: 1 } }), seq: 7 };
    expect(await run.rpc.deliverEvent(delivery)).toEqual({ accepted: true });
    // The bus did not hear the answer and asks again.
    expect(await run.rpc.deliverEvent(delivery)).toEqual({ accepted: true });
    const other = { ...delivery, event: event({ type: "later" }), seq: 8 };
    expect(await run.rpc.deliverEvent(other)).toEqual({ accepted: false });
    expect(await run.detail()).toMatchObject({ state: "succeeded", output: { n: 1 } });
  });

  test("turns the event down when it was cancelled", async () => {
    const run = await startRun(waiting);
    await run.rpc.cancel({ by: operator, reason: "", terminate: false });
    expect(
      await run.rpc.deliverEvent({ command: command("0#1"), event: event({ type: "later" }), seq: 7 }),
    ).toEqual({
      accepted: false,
    });
  });
});

describe("a run whose Function is at work", () => {
  const calling = script('return w.run(step = "example.com/build@v1", inputs = {})');
  const job = { command: command("0#1"), attempt: 1 };

  async function atWork() {
    const run = await startRun(calling);
    await vi.waitFor(async () =>
      expect((await run.detail()).activities).toMatchObject([{ state: "queued" }]),
    );
    await run.rpc.jobTaken({ ...job, runner: "r1", at: Date.now() });
    return run;
  }

  test("shows its log line by line, however the chunks are cut and repeated", async () => {
    const run = await atWork();
    await run.rpc.appendLog({ ...job, offset: 0, text: "fetch\ncom" });
    await run.rpc.appendLog({ ...job, offset: 0, text: "fetch\ncom" });
    await evictDurableObject(run.stub);
    await run.rpc.appendLog({ ...job, offset: 9, text: "pile\ndone" });
    expect(await run.logTexts()).toEqual(["fetch", "compile"]);
    await run.rpc.jobFinished({ ...job, outcome: { ok: { n: 1 } }, cause: "completed" });
    expect(await run.logTexts()).toEqual(["fetch", "compile", "done"]);
  });

  test("shows how far its newest attempt is", async () => {
    const run = await atWork();
    await run.rpc.reportProgress({
      ...job,
      attempt: 1,
      progress: { done: 1, total: 3, message: "fetching" },
    });
    await run.rpc.reportProgress({ ...job, attempt: 1, progress: { done: 2, total: 3 } });
    expect((await run.detail()).activities).toMatchObject([
      { state: "running", progress: { done: 2, total: 3 } },
    ]);
  });

  test("takes the first outcome and lets no later one change it", async () => {
    const run = await atWork();
    await run.rpc.jobFinished({ ...job, outcome: { ok: { n: 1 } }, cause: "completed" });
    const journal = await run.journal();
    await run.rpc.jobFinished({ ...job, outcome: { ok: { n: 1 } }, cause: "completed" });
    await run.rpc.jobFinished({ ...job, outcome: { ok: { n: 2 } }, cause: "completed" });
    await run.rpc.jobTaken({ ...job, runner: "r2", at: Date.now() });
    expect(await run.journal()).toEqual(journal);
    expect(await run.detail()).toMatchObject({ state: "succeeded", output: { n: 1 } });
  });

  test("takes its job back from the router when it is cancelled", async () => {
    const router = routerStub(env, DEFAULT_WORKSPACE);
    const queued = async () =>
      (await router.status()).queue.filter(({ tags }) => tags.includes("cancelled-soon"));
    const run = await startRun(
      script('w.run(step = "example.com/x@v1", inputs = {}, tags = ["cancelled-soon"])'),
    );
    await vi.waitFor(async () => expect(await queued()).toMatchObject([{ length: 1 }]));
    unwrap(await run.rpc.cancel({ by: operator, reason: "", terminate: false }));
    await vi.waitFor(async () => expect(await queued()).toEqual([]));
  });
});

describe("cancelling", () => {
  test("a finished run is refused", async () => {
    const run = await startRun(script("return 1"));
    expect(await run.rpc.cancel({ by: operator, reason: "", terminate: false })).toMatchObject({
      ok: false,
      error: { code: "run_finished" },
    });
  });

  test("lets deferred cleanup run, and says who and why", async () => {
    const run = await startRun(script('w.defer(lambda: print("cleaned up"))\nw.sleep(hours = 1)'));
    const summary = unwrap(await run.rpc.cancel({ by: operator, reason: "wrong version", terminate: false }));
    expect(summary.state).toBe("cancelled");
    expect(await run.logTexts()).toEqual(["cleaned up"]);
    expect(JSON.stringify(await run.journal())).toContain("wrong version");
  });
});
