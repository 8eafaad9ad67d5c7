// Whatever happens in whatever order, with the router evicted in between: every job ends, is reported once, and is
// never with two runners at a time.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { JobRouterRpc } from "../../durable-objects/rpc/job-router.ts";
import { type CommandId, type JobId, jobId, type RunId } from "../../src/protocol/ids.ts";
import type { Job } from "../../src/protocol/job.ts";
import { type Message, Outbox } from "../../src/storage/outbox.ts";

let told: Message[] = [];
beforeEach(() => {
  vi.spyOn(Outbox.prototype, "add").mockImplementation((message) => {
    told.push(message);
  });
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const what = fc.constantFrom("enqueue", "poll", "beat", "complete", "release", "cancel", "pass", "evict");
const step = fc.record({
  what,
  job: fc.nat(2),
  runner: fc.constantFrom("one", "two"),
  seconds: fc.integer({ min: 1, max: 40 }),
});

let objects = 0;

it("every job ends once, and has one holder at most", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      told = [];
      objects += 1;
      const object = env.JOB_ROUTER.get(env.JOB_ROUTER.idFromName(`orders/${objects}`));
      const router = object as unknown as JobRouterRpc;
      let now = Date.now();
      const pass = async (ms: number) => {
        now += ms;
        vi.useFakeTimers({ toFake: ["Date"], now });
        await runDurableObjectAlarm(object);
      };
      const jobs = [0, 1, 2].map((index) => {
        const run = `run_${(objects * 3 + index).toString(16).padStart(32, "0")}` as RunId;
        return { id: jobId(run, "0#1" as CommandId, 1), run, enqueued: false };
      });
      const held = new Map<JobId, Job>();
      for (const { what: action, job: index, runner, seconds } of steps) {
        const job = jobs[index];
        if (!job) continue;
        const lease = held.get(job.id)?.lease ?? "none";
        if (action === "enqueue") {
          job.enqueued = true;
          await router.enqueue({
            ...job,
            workspace: "default",
            command: "0#1" as CommandId,
            attempt: 1,
            reference: "gitlab.com/cd/reconcile@v1",
            inputs: {},
            timeoutMs: 100_000,
            queueTimeoutMs: 60_000,
            tags: index === 2 ? ["two"] : [],
            idempotencyKey: "k",
          });
        } else if (action === "poll") {
          const got = await router.request({
            runner: { name: runner, version: "1", platform: "l", tags: [runner], capacity: 1 },
            subject: "ci",
            waitMs: 0,
          });
          if (got) {
            const before = held.get(got.id as JobId);
            // Whoever had it before has it no more.
            if (before) {
              expect((await router.heartbeat(got.id as JobId, { lease: before.lease })).ok).toBe(false);
            }
            held.set(got.id as JobId, got);
          }
        } else if (action === "beat") await router.heartbeat(job.id, { lease });
        else if (action === "complete") await router.complete(job.id, { lease, outcome: { ok: {} } });
        else if (action === "release") await router.release(job.id, { lease, reason: "test" });
        else if (action === "cancel") await router.cancelJob(job.id);
        else if (action === "pass") await pass(seconds * 1000);
        else {
          // Only what runs can be evicted.
          await router.status();
          await evictDurableObject(object);
        }
      }
      // Without any runner left, time alone ends everything.
      for (let rounds = 0; rounds < 12; rounds += 1) await pass(61_000);
      const finished = told.filter(({ method }) => method === "jobFinished").map(({ receiver }) => receiver);
      const expected = jobs.filter(({ enqueued }) => enqueued).map(({ run }) => `run/${run}`);
      expect(finished.sort()).toEqual(expected.sort());
      const taken = told.filter(({ method }) => method === "jobTaken").map(({ receiver }) => receiver);
      for (const receiver of taken) expect(expected).toContain(receiver);
      await runInDurableObject(object, (_, state) => {
        const timers = state.storage.sql.exec<{ kind: string }>("SELECT kind FROM timers").toArray();
        expect(timers.every(({ kind }) => kind === "purge")).toBe(true);
      });
    }),
    { numRuns: 40 },
  );
}, 60_000);
