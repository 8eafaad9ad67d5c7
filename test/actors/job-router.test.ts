import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobRouterRpc, QueueJob } from "../../durable-objects/rpc/job-router.ts";
import { type CommandId, jobId, type RunId } from "../../src/protocol/ids.ts";
import type { Job, RunnerInfo } from "../../src/protocol/job.ts";
import { type Message, Outbox } from "../../src/storage/outbox.ts";

// What the router tells runs, recorded where it enters the outbox; delivery has tests of its own.
let told: Message[];
beforeEach(() => {
  told = [];
  vi.spyOn(Outbox.prototype, "add").mockImplementation((message) => {
    told.push(message);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const tellings = () => told.map(({ method, args }) => ({ method, ...(args[0] as object) }));

let count = 0;

function aRouter() {
  count += 1;
  const object = env.JOB_ROUTER.get(env.JOB_ROUTER.idFromName(`test/pools/${count}`));
  return { object, router: object as unknown as JobRouterRpc };
}

function aJob(overrides: Partial<QueueJob> = {}): QueueJob {
  count += 1;
  const run = `run_${count.toString(16).padStart(32, "0")}` as RunId;
  const command = "0#1" as CommandId;
  return {
    id: jobId(run, command, 1),
    run,
    workspace: "default",
    command,
    attempt: 1,
    reference: "gitlab.com/cd/reconcile@v1",
    inputs: { app: "shop-canary" },
    timeoutMs: 600_000,
    queueTimeoutMs: 300_000,
    tags: [],
    idempotencyKey: `${run}#0#1`,
    ...overrides,
  };
}

function aRunner(overrides: Partial<RunnerInfo> = {}): RunnerInfo {
  return { name: "one", version: "1", platform: "linux", tags: [], capacity: 1, ...overrides };
}

function poll(router: JobRouterRpc, waitMs = 0, runner: Partial<RunnerInfo> = {}): Promise<Job | null> {
  return router.request({ runner: aRunner(runner), subject: "ci", waitMs });
}

async function taken(router: JobRouterRpc, runner: Partial<RunnerInfo> = {}): Promise<Job> {
  const job = await poll(router, 0, runner);
  if (!job) throw new Error("no job");
  return job;
}

/** Moves the clock that objects see, and fires the alarm as the platform would. */
async function passes(object: DurableObjectStub, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  await runDurableObjectAlarm(object);
}

describe("handing over", () => {
  it("gives a queued job to the next poll, with everything the runner needs", async () => {
    const { router } = aRouter();
    const job = aJob({ environment: "canary", traceparent: "00-1-2-01" });
    await router.enqueue(job);
    const got = await taken(router);
    expect(got).toEqual({
      id: job.id,
      attempt: 1,
      lease: expect.stringMatching(/^[0-9a-f]{64}$/),
      lease_seconds: 30,
      function: { reference: "gitlab.com/cd/reconcile@v1" },
      inputs: { app: "shop-canary" },
      environment: "canary",
      timeout_s: 600,
      idempotency_key: job.idempotencyKey,
      traceparent: "00-1-2-01",
      run_url: `/v1/runs/${job.run}`,
    });
    expect(await poll(router)).toBeNull();
  });

  it("wakes a waiting poll at once", async () => {
    const { router } = aRouter();
    const waiting = poll(router, 25_000);
    const job = aJob();
    const before = Date.now();
    await router.enqueue(job);
    expect((await waiting)?.id).toBe(job.id);
    expect(Date.now() - before).toBeLessThan(1000);
  });

  it("answers a poll with nothing when its time is over", async () => {
    expect(await poll(aRouter().router, 20)).toBeNull();
  });

  it("queues a job once however often its message arrives, also after it is finished", async () => {
    const { router } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    await router.enqueue(job);
    const got = await taken(router);
    expect(await poll(router)).toBeNull();
    await router.complete(job.id, { lease: got.lease, outcome: { ok: {} } });
    await router.enqueue(job);
    expect(await poll(router)).toBeNull();
  });

  it("is first in, first out within what a runner's tags allow", async () => {
    const { router } = aRouter();
    const [gpu, plain, later] = [aJob({ tags: ["gpu", "linux"] }), aJob(), aJob()];
    for (const job of [gpu, plain, later]) await router.enqueue(job);
    expect((await taken(router)).id).toBe(plain.id);
    expect((await taken(router, { name: "big", tags: ["linux", "gpu", "eu"] })).id).toBe(gpu.id);
    expect((await taken(router, { name: "big", tags: ["linux", "gpu", "eu"] })).id).toBe(later.id);
  });

  it("goes by priority, in a lane and between lanes, and shows who is next", async () => {
    const { router, object } = aRouter();
    const tags = ["linux"];
    const [plain, urgent, idle] = [aJob({ tags }), aJob({ tags, priority: 10 }), aJob({ priority: -5 })];
    for (const job of [idle, plain, urgent]) await router.enqueue(job);
    await evictDurableObject(object);
    const { queue } = await router.status();
    expect(queue.find((lane) => lane.tags.length === 1)).toMatchObject({
      length: 2,
      next: [
        { id: urgent.id, run: urgent.run, function: urgent.reference, priority: 10 },
        { id: plain.id, priority: 0 },
      ],
    });
    const order = [];
    for (let n = 0; n < 3; n += 1) order.push((await taken(router, { tags })).id);
    expect(order).toEqual([urgent.id, plain.id, idle.id]);
  });

  it("lets nobody wait for ever: a point of priority is worth a minute of waiting", async () => {
    const { router, object } = aRouter();
    const old = aJob({ queueTimeoutMs: 24 * 3600_000 });
    await router.enqueue(old);
    await passes(object, 10 * 60_000 + 1);
    const urgent = aJob({ priority: 10 });
    const moreUrgent = aJob({ priority: 11 });
    await router.enqueue(urgent);
    await router.enqueue(moreUrgent);
    const order = [];
    for (let n = 0; n < 3; n += 1) order.push((await taken(router)).id);
    expect(order).toEqual([moreUrgent.id, old.id, urgent.id]);
  });

  it("leaves the queue as it was when the router is evicted", async () => {
    const { router, object } = aRouter();
    const [first, second] = [aJob({ tags: ["a"] }), aJob()];
    await router.enqueue(first);
    await router.enqueue(second);
    await evictDurableObject(object);
    expect((await taken(router, { tags: ["a"] })).id).toBe(first.id);
    expect((await taken(router)).id).toBe(second.id);
  });
});

describe("a lease", () => {
  it("that nobody acknowledges ends soon, and the job goes to another runner as the same attempt", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const lost = await taken(router);
    await passes(object, 10_000);
    const again = await taken(router, { name: "two" });
    expect(again).toMatchObject({ id: job.id, attempt: 1 });
    expect(again.lease).not.toBe(lost.lease);
    expect(await router.heartbeat(job.id, { lease: lost.lease })).toMatchObject({
      error: { code: "lease_lost" },
    });
    expect(told).toEqual([]);
  });

  it("wakes a poll that waits when the job comes back", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    await taken(router);
    const waiting = poll(router, 25_000, { name: "two" });
    await passes(object, 10_000);
    expect((await waiting)?.id).toBe(job.id);
  });

  it("is acknowledged by the first heartbeat, which the run learns of once, and renewed by each", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    expect(await router.heartbeat(job.id, { lease, resolved: "abc" })).toMatchObject({
      ok: true,
      value: { cancel: false },
    });
    for (let beat = 0; beat < 5; beat += 1) {
      await passes(object, 20_000);
      expect(await router.heartbeat(job.id, { lease })).toMatchObject({ ok: true });
    }
    expect(tellings()).toEqual([
      { method: "jobTaken", command: "0#1", attempt: 1, runner: "ci/one", at: expect.any(Number) },
    ]);
  });

  it("that runs out after the work began fails the attempt: the run is told that the runner was lost", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    await router.heartbeat(job.id, { lease });
    await passes(object, 30_000);
    expect(tellings().at(-1)).toMatchObject({
      method: "jobFinished",
      attempt: 1,
      cause: "lost",
      outcome: { error: { code: "RunnerLost" } },
    });
    expect(await poll(router)).toBeNull();
    const late = await router.complete(job.id, { lease, outcome: { ok: {} } });
    expect(late).toMatchObject({ ok: false, error: { code: "lease_lost" } });
  });

  it("that ran out while the router was down is given time, and its runner goes on", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    await router.heartbeat(job.id, { lease });
    await passes(object, 120_000);
    expect(await router.heartbeat(job.id, { lease })).toMatchObject({ ok: true });
  });

  it("of an unknown job is refused", async () => {
    const { router } = aRouter();
    const { id } = aJob();
    for (const answer of [
      await router.heartbeat(id, { lease: "x" }),
      await router.complete(id, { lease: "x", outcome: { ok: {} } }),
      await router.release(id, { lease: "x", reason: "" }),
    ]) {
      expect(answer).toMatchObject({ ok: false, error: { code: "unknown_job" } });
    }
  });
});

describe("completing", () => {
  it("tells the run once; the same again is answered, another outcome or lease is refused", async () => {
    const { router } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    await router.heartbeat(job.id, { lease, resolved: "c0ffee" });
    const outcome = { ok: { healthy: true, url: "x" } };
    expect(await router.complete(job.id, { lease: "guess", outcome })).toMatchObject({
      error: { code: "lease_lost" },
    });
    expect(await router.complete(job.id, { lease, outcome })).toEqual({
      ok: true,
      value: { repeated: false },
    });
    const reordered = { ok: { url: "x", healthy: true } };
    expect(await router.complete(job.id, { lease, outcome: reordered })).toEqual({
      ok: true,
      value: { repeated: true },
    });
    expect(await router.complete(job.id, { lease, outcome: { ok: {} } })).toMatchObject({
      error: { code: "outcome_conflict" },
    });
    expect(tellings()).toEqual([
      expect.objectContaining({ method: "jobTaken" }),
      {
        method: "jobFinished",
        command: "0#1",
        attempt: 1,
        outcome,
        at: expect.any(Number),
        cause: "completed",
        resolved: "c0ffee",
      },
    ]);
  });

  it("gives clear answers to late runners for a day, then forgets the job", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    await router.complete(job.id, { lease, outcome: { ok: {} } });
    await passes(object, 23 * 3600_000);
    expect(await router.complete(job.id, { lease, outcome: { ok: {} } })).toMatchObject({ ok: true });
    await passes(object, 2 * 3600_000);
    expect(await router.complete(job.id, { lease, outcome: { ok: {} } })).toMatchObject({
      error: { code: "unknown_job" },
    });
    await runInDurableObject(object, async (_, state) => {
      expect(state.storage.sql.exec("SELECT * FROM jobs").toArray()).toEqual([]);
      expect(state.storage.sql.exec("SELECT * FROM timers").toArray()).toEqual([]);
    });
  });
});

describe("what is old", () => {
  const rows = (object: DurableObjectStub, query: string) =>
    runInDurableObject(object, (_, { storage }) => storage.sql.exec<{ n: number }>(query).toArray());

  it("goes as fast as it comes: more finished jobs than go at once are gone within seconds", async () => {
    const { router, object } = aRouter();
    const job = aJob();
    await router.enqueue(job);
    const { lease } = await taken(router);
    await router.complete(job.id, { lease, outcome: { ok: {} } });
    await runInDurableObject(object, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 2500)
         INSERT INTO jobs (id, run, command, attempt, reference, inputs, timeout_ms, queue_timeout_ms, lane,
           idempotency_key, state, queued_at, finished_at)
         SELECT id || n, run, command, attempt, reference, inputs, timeout_ms, queue_timeout_ms, lane,
           idempotency_key, state, queued_at, finished_at FROM jobs, more`,
      );
    });
    const left = [];
    for (const ms of [25 * 3600_000, 1000, 1000]) {
      await passes(object, ms);
      left.push(...(await rows(object, "SELECT COUNT(*) AS n FROM jobs")));
    }
    expect(left).toEqual([{ n: 1501 }, { n: 501 }, { n: 0 }]);
    expect(await rows(object, "SELECT * FROM timers")).toEqual([]);
  });

  it("is a runner that has not asked for a day, also in a pool where no job has finished", async () => {
    const { router, object } = aRouter();
    const names = async () => (await router.status()).runners.map(({ name }) => name);
    await poll(router, 0, { name: "gone" });
    await passes(object, 20 * 3600_000);
    await poll(router, 0, { name: "there" });
    await passes(object, 5 * 3600_000);
    expect(await names()).toEqual(["there"]);
    await passes(object, 20 * 3600_000);
    expect(await names()).toEqual([]);
    expect(await rows(object, "SELECT * FROM timers")).toEqual([]);
  });
});

describe("handing back and giving up", () => {
  it("puts a released job back in its old place, as the same attempt", async () => {
    const { router } = aRouter();
    const [first, second] = [aJob(), aJob()];
    await router.enqueue(first);
    await router.enqueue(second);
    const { lease } = await taken(router);
    await router.heartbeat(first.id, { lease });
    expect(await router.release(first.id, { lease, reason: "shutting down" })).toEqual({
      ok: true,
      value: null,
    });
    expect(await taken(router)).toMatchObject({ id: first.id, attempt: 1 });
    expect(await router.release(first.id, { lease, reason: "again" })).toMatchObject({ ok: false });
  });

  it("gives a job up that no runner takes in time", async () => {
    const { router, object } = aRouter();
    const job = aJob({ tags: ["gpu"] });
    await router.enqueue(job);
    await passes(object, 300_000);
    expect(tellings()).toEqual([
      expect.objectContaining({
        cause: "lost",
        outcome: { error: expect.objectContaining({ code: "NoRunner" }) },
      }),
    ]);
    expect(await poll(router, 0, { tags: ["gpu"] })).toBeNull();
  });

  it("cancels a queued job at once, and tells the runner of a running one at its next heartbeat", async () => {
    const { router } = aRouter();
    const [queued, running] = [aJob({ tags: ["none"] }), aJob()];
    await router.enqueue(queued);
    await router.cancelJob(queued.id);
    await router.cancelJob(queued.id);
    expect(tellings()).toEqual([expect.objectContaining({ method: "jobFinished", cause: "cancelled" })]);
    await router.enqueue(running);
    const { lease } = await taken(router);
    await router.heartbeat(running.id, { lease });
    await router.cancelJob(running.id);
    expect(await router.heartbeat(running.id, { lease })).toMatchObject({ value: { cancel: true } });
    await router.complete(running.id, {
      lease,
      outcome: { error: { code: "Cancelled", message: "stopped" } },
    });
    expect(tellings().at(-1)).toMatchObject({ cause: "cancelled" });
  });

  it("does nothing for a job it does not know", async () => {
    await aRouter().router.cancelJob(aJob().id);
    expect(told).toEqual([]);
  });
});

describe("what people see", () => {
  it("lists runners with their jobs, and the queue by tags", async () => {
    const { router } = aRouter();
    const [job, waiting] = [aJob(), aJob({ tags: ["gpu"] })];
    await router.enqueue(job);
    await router.enqueue(waiting);
    await taken(router, { tags: ["eu"] });
    const { runners, queue } = await router.status();
    expect(runners).toEqual([
      {
        ...aRunner({ tags: ["eu"] }),
        lastSeenAt: expect.any(Number),
        jobs: [{ id: job.id, function: "gitlab.com/cd/reconcile@v1", since: expect.any(Number) }],
      },
    ]);
    expect(queue).toMatchObject([
      { tags: ["gpu"], length: 1, oldestQueuedAt: expect.any(Number), next: [{}] },
    ]);
  });
});
