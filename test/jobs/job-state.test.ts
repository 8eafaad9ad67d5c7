import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cancel,
  complete,
  dueAt,
  expire,
  handOver,
  heartbeat,
  type JobState,
  LATE_ALARM_MS,
  MAX_HANDOVERS,
  release,
  TIMEOUT_GRACE_MS,
} from "../../src/jobs/job-state.ts";
import { HANDOVER_LEASE_SECONDS } from "../../src/protocol/job.ts";
import {
  aHandedOverJob,
  aQueuedJob,
  aRunningJob,
  leaseMs,
  queueTimeoutMs,
  timeoutMs,
  unwrap,
} from "./builders.ts";

const handoverMs = HANDOVER_LEASE_SECONDS * 1000;

describe("a job", () => {
  it("that was handed over and not acknowledged goes back to the queue, and the attempt does not count", () => {
    const { job, ending } = expire(aHandedOverJob(0), handoverMs);
    expect(job).toMatchObject({ state: "queued", handovers: 1, queueUntil: handoverMs + queueTimeoutMs });
    expect(ending).toBeUndefined();
  });

  it("that was acknowledged has the full lease, and is lost when it runs out", () => {
    const running = aRunningJob(0);
    expect(running.leaseUntil).toBe(leaseMs);
    expect(expire(running, leaseMs - 1).job).toBe(running);
    const { job, ending } = expire(running, leaseMs);
    expect(job).toMatchObject({ state: "finished", cause: "lost" });
    expect(ending).toMatchObject({ cause: "lost", code: "RunnerLost" });
  });

  it("whose lease runs out while the router is down gets time to be heard of again, once", () => {
    const late = leaseMs + LATE_ALARM_MS + 1;
    const { job: spared } = expire(aRunningJob(0), late);
    expect(spared).toMatchObject({ state: "running", leaseUntil: late + handoverMs });
    expect(unwrap(heartbeat(spared, { lease: "lease-1" }, leaseMs, late + 1)).began).toBe(false);
    expect(expire(spared, late + handoverMs).ending).toMatchObject({ code: "RunnerLost" });
  });

  it("is not spared for ever by a router that always wakes late", () => {
    const late = leaseMs + LATE_ALARM_MS + 1;
    const { job: spared } = expire(aRunningJob(0), late);
    expect(expire(spared, late + 10 * handoverMs).ending).toMatchObject({ code: "RunnerLost" });
  });

  it("that no runner takes in time is lost with NoRunner", () => {
    expect(expire(aQueuedJob(0), queueTimeoutMs).ending).toMatchObject({ cause: "lost", code: "NoRunner" });
  });

  it("that heartbeats for ever is cut off a while after its timeout", () => {
    let job: JobState = aRunningJob(0);
    for (let now = 0; now < timeoutMs * 2 && job.state === "running"; now += leaseMs / 3) {
      const beat = heartbeat(job, { lease: "lease-1" }, leaseMs, now);
      job = expire(beat.ok ? beat.value.job : job, now).job;
    }
    expect(job).toMatchObject({ state: "finished", cause: "lost", finishedAt: timeoutMs + TIMEOUT_GRACE_MS });
  });

  it("that overran while the router was down has the time it was spared, whatever it beats, and no more", () => {
    const back = timeoutMs + TIMEOUT_GRACE_MS + 60_000;
    let { job } = expire(aRunningJob(0), back);
    for (const after of [1000, 5000]) {
      job = unwrap(heartbeat(job, { lease: "lease-1" }, leaseMs, back + after)).job;
      expect(dueAt(job)).toBe(back + handoverMs);
    }
    expect(expire(job, back + handoverMs + LATE_ALARM_MS + 1).ending?.message).toContain("past its timeout");
  });

  it("keeps its timer at the end of its queue time, then of its lease, then needs none", () => {
    expect(dueAt(aQueuedJob(5))).toBe(5 + queueTimeoutMs);
    expect(dueAt(aHandedOverJob(5))).toBe(5 + handoverMs);
    expect(dueAt(aRunningJob(5))).toBe(5 + leaseMs);
    expect(dueAt(expire(aRunningJob(0), leaseMs).job)).toBeUndefined();
  });

  it("remembers what its function was resolved to, across later heartbeats", () => {
    const known = unwrap(heartbeat(aRunningJob(), { lease: "lease-1", resolved: "abc" }, leaseMs, 1)).job;
    expect(unwrap(heartbeat(known, { lease: "lease-1" }, leaseMs, 2)).job.resolved).toBe("abc");
  });

  it("that is released is queued again; after too many hand-overs it is given up", () => {
    expect(unwrap(release(aRunningJob(), "lease-1", 7)).job).toMatchObject({
      state: "queued",
      handovers: 1,
    });
    const worn = { ...aRunningJob(), handovers: MAX_HANDOVERS };
    expect(unwrap(release(worn, "lease-1", 7))).toMatchObject({
      job: { state: "finished" },
      ending: { code: "HandoverFailed" },
    });
  });
});

describe("an outcome", () => {
  const outcome = (digest: string, lease = "lease-1") => ({
    lease,
    outcomeDigest: digest,
    saysCancelled: false,
  });

  it("is accepted once; the same again is answered alike and changes nothing", () => {
    const first = unwrap(complete(aRunningJob(), outcome("a"), 1));
    expect(first).toMatchObject({ repeated: false, job: { cause: "completed" } });
    expect(unwrap(complete(first.job, outcome("a"), 2))).toEqual({ repeated: true, job: first.job });
    expect(complete(first.job, outcome("b"), 2)).toMatchObject({ error: { code: "outcome_conflict" } });
  });

  it("is accepted before any heartbeat", () => {
    expect(unwrap(complete(aHandedOverJob(), outcome("a"), 1)).job.cause).toBe("completed");
  });

  it("that comes after the lease was lost is refused, also when it carries no lease", () => {
    const lost = expire(aRunningJob(0), leaseMs).job;
    expect(complete(lost, outcome("a"), leaseMs + 1)).toMatchObject({ error: { code: "lease_lost" } });
    expect(complete(lost, outcome("", ""), leaseMs + 1)).toMatchObject({ ok: false });
    const back = expire(aHandedOverJob(0), handoverMs).job;
    expect(complete(back, outcome("a", ""), handoverMs)).toMatchObject({ error: { code: "lease_lost" } });
  });

  it("of a job that was told to stop is its cancellation only if it says so", () => {
    const asked = cancel(aRunningJob(), 1).job;
    const stopped = complete(asked, { ...outcome("a"), saysCancelled: true }, 2);
    expect(unwrap(stopped).job.cause).toBe("cancelled");
    expect(unwrap(complete(asked, outcome("a"), 2)).job.cause).toBe("completed");
    const unasked = complete(aRunningJob(), { ...outcome("a"), saysCancelled: true }, 2);
    expect(unwrap(unasked).job.cause).toBe("completed");
  });
});

describe("a cancellation", () => {
  it("ends a queued job at once", () => {
    expect(cancel(aQueuedJob(), 1)).toMatchObject({
      job: { cause: "cancelled" },
      ending: { code: "Cancelled" },
    });
  });

  it.each([
    ["its lease runs out", (job: JobState) => expire(job, leaseMs)],
    ["it is released", (job: JobState) => unwrap(release(job, "lease-1", 2))],
  ])("of a running job is done when %s, and it is not queued again", (_, end) => {
    const asked = cancel(aRunningJob(0), 1).job;
    expect(asked).toMatchObject({ state: "running", cancelRequested: true });
    expect(end(asked)).toMatchObject({
      job: { state: "finished", cause: "cancelled" },
      ending: { cause: "cancelled" },
    });
  });

  it("of a finished job changes nothing", () => {
    const done = unwrap(
      complete(aRunningJob(), { lease: "lease-1", outcomeDigest: "a", saysCancelled: false }, 1),
    ).job;
    expect(cancel(done, 2)).toEqual({ job: done });
  });
});

describe("whatever happens in whatever order", () => {
  const step = fc.record({
    what: fc.constantFrom("take", "beat", "complete", "release", "cancel", "wait", "stranger"),
    after: fc.integer({ min: 0, max: 40_000 }),
    digest: fc.constantFrom("a", "b"),
  });

  it("a job that beats for ever ends with the second alarm after its time, however late alarms are", () => {
    const gap = fc.integer({ min: 0, max: 40_000 });
    const what = fc.constantFrom("beat", "alarm");
    const steps = fc.array(fc.record({ what, gap }), { minLength: 40, maxLength: 150 });
    fc.assert(
      fc.property(steps, (taken) => {
        let job: JobState = aRunningJob(0);
        let alarmsPastEnd = 0;
        let now = 0;
        for (const step of taken) {
          now += step.gap;
          if (step.what === "beat") {
            const beat = heartbeat(job, { lease: "lease-1" }, leaseMs, now);
            if (beat.ok) job = beat.value.job;
          } else {
            if (now >= Math.max(timeoutMs + TIMEOUT_GRACE_MS, dueAt(job) ?? 0)) alarmsPastEnd += 1;
            job = expire(job, now).job;
          }
          expect(alarmsPastEnd < 2 || job.state === "finished").toBe(true);
        }
      }),
    );
  });

  it("a job ends at most once, moves only for its lease holder, and always has a timer until it ends", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let job: JobState = aQueuedJob(0);
        let now = 0;
        let leases = 0;
        let endings = 0;
        for (const { what, after, digest } of steps) {
          now += after;
          const before: JobState = job;
          const lease = before.state === "queued" ? "none" : before.lease;
          if (what === "take" && before.state === "queued") {
            leases += 1;
            job = handOver(before, { lease: `lease-${leases}`, runner: "r" }, now);
          } else if (what === "beat") {
            const beat = heartbeat(before, { lease }, leaseMs, now);
            if (beat.ok) job = beat.value.job;
          } else if (what === "complete") {
            const done = complete(before, { lease, outcomeDigest: digest, saysCancelled: false }, now);
            if (done.ok) {
              job = done.value.job;
              if (!done.value.repeated) endings += 1;
            }
          } else if (what === "release") {
            const released = release(before, lease, now);
            if (released.ok) {
              job = released.value.job;
              if (released.value.ending) endings += 1;
            }
          } else if (what === "cancel" || what === "wait") {
            const decision: ReturnType<typeof expire> = (what === "cancel" ? cancel : expire)(before, now);
            job = decision.job;
            if (decision.ending) endings += 1;
          } else if (what === "stranger") {
            const foreign = { lease: "stranger", outcomeDigest: digest, saysCancelled: true };
            expect(heartbeat(before, foreign, leaseMs, now).ok).toBe(false);
            expect(complete(before, foreign, now).ok).toBe(false);
            expect(release(before, "stranger", now).ok).toBe(false);
          }
          if (before.state === "finished") expect(job).toEqual(before);
          expect(dueAt(job) === undefined).toBe(job.state === "finished");
          expect(endings).toBe(job.state === "finished" ? 1 : 0);
        }
      }),
    );
  });
});
