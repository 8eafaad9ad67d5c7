// The life of one job in the router, as pure transitions. Who waits for it, where it is stored and whom to tell
// is the actor's affair.
//
//     queued ──hand over──▶ handed_over ──first heartbeat──▶ running ──▶ finished
//       ▲                        │ short lease ran out          │ released
//       └────────────────────────┴──────────────────────────────┘
//
// 1. At most one lease is valid at any time, and only its holder can move the job.
// 2. A hand-over that nobody acknowledged did not happen: the job is queued again, in its old place, and the
//    attempt does not count. So a poll whose connection was cut loses nothing.
// 3. A lease that runs out after the runner has begun means that the runner died or is cut off: the job finishes
//    as `lost`. It is not queued again here, because the attempt has failed, not the command (docs/replay.md):
//    the run decides about another attempt, which is another job with the same idempotency key.
// 4. The first valid outcome is final. The same one again is answered as if it were the first time; any other is
//    refused and changes nothing.
import { HANDOVER_LEASE_SECONDS, type JobCause } from "../protocol/job.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";

/** How often one job is handed over before it is given up: a runner that takes it and never begins is broken. */
export const MAX_HANDOVERS = 20;
/** A runner that heartbeats past a job's timeout does not enforce it; this much later the router does. */
export const TIMEOUT_GRACE_MS = 30_000;
/** A lease's timer that fires this late says that the router was down, and may have missed heartbeats. */
export const LATE_ALARM_MS = 2000;

interface Lease {
  lease: string;
  runner: string;
  leaseUntil: number;
  /** Whether it has been prolonged because the router was down: once between two heartbeats, once past the timeout. */
  spared: boolean;
}

interface Facts {
  timeoutMs: number;
  queueTimeoutMs: number;
  /** How often it was handed over. */
  handovers: number;
  /** The commit or digest the runner resolved the function to; "" until it is known. */
  resolved: string;
}

export type QueuedJob = Facts & { state: "queued"; queueUntil: number };
export type HandedOverJob = Facts & Lease & { state: "handed_over"; cancelRequested: boolean };
export type RunningJob = Facts & Lease & { state: "running"; beganAt: number; cancelRequested: boolean };
export type FinishedJob = Facts & {
  state: "finished";
  cause: JobCause;
  /** The lease and digest of the accepted completion; "" when it was not completed by a runner. */
  lease: string;
  outcomeDigest: string;
  finishedAt: number;
};
export type JobState = QueuedJob | HandedOverJob | RunningJob | FinishedJob;

/** How a job ended without its runner saying so, in the words of the outcome that the run is told. */
export interface Ending {
  cause: "lost" | "cancelled";
  code: "NoRunner" | "RunnerLost" | "HandoverFailed" | "Cancelled";
  message: string;
}

export function queuedJob(job: { timeoutMs: number; queueTimeoutMs: number }, now: number): QueuedJob {
  return {
    state: "queued",
    timeoutMs: job.timeoutMs,
    queueTimeoutMs: job.queueTimeoutMs,
    handovers: 0,
    resolved: "",
    queueUntil: now + job.queueTimeoutMs,
  };
}

function facts({ timeoutMs, queueTimeoutMs, handovers, resolved }: Facts): Facts {
  return { timeoutMs, queueTimeoutMs, handovers, resolved };
}

function finished(job: JobState, cause: JobCause, now: number): FinishedJob {
  return { ...facts(job), state: "finished", cause, lease: "", outcomeDigest: "", finishedAt: now };
}

/** A job that comes back waits its full time again: the time it spent with a runner was not waiting. */
function requeued(job: HandedOverJob | RunningJob, now: number): QueuedJob {
  return { ...facts(job), state: "queued", queueUntil: now + job.queueTimeoutMs };
}

export function handOver(job: QueuedJob, to: { lease: string; runner: string }, now: number): HandedOverJob {
  return {
    ...facts(job),
    state: "handed_over",
    handovers: job.handovers + 1,
    ...to,
    leaseUntil: now + HANDOVER_LEASE_SECONDS * 1000,
    spared: false,
    cancelRequested: false,
  };
}

/** When the router must look at the job again; undefined for a finished one. */
export function dueAt(job: JobState): number | undefined {
  switch (job.state) {
    case "queued":
      return job.queueUntil;
    case "handed_over":
    case "running":
      return job.leaseUntil;
    case "finished":
      return undefined;
  }
}

/** Every way of no longer having a job has one code, since the runner does one thing about it: stop. */
function notYours(job: JobState): Result<never> {
  const why = (() => {
    switch (job.state) {
      case "queued":
        return "the lease ran out and the job waits for another runner";
      case "handed_over":
      case "running":
        return "the lease is not the job's: another runner has it";
      case "finished":
        return job.cause === "lost"
          ? "the lease ran out and the attempt was given up"
          : `the job is over (${job.cause})`;
    }
  })();
  return refuse("lease_lost", `${why}; stop its work, its outcome no longer counts`);
}

/** When a job is over, whatever its runner says. */
function endOf({ beganAt, timeoutMs }: { beganAt: number; timeoutMs: number }): number {
  return beganAt + timeoutMs + TIMEOUT_GRACE_MS;
}

/** The runner is alive and has the job. The first one acknowledges the hand-over (`began`) and begins the full lease. */
export function heartbeat(
  job: JobState,
  beat: { lease: string; resolved?: string | undefined },
  leaseMs: number,
  now: number,
): Result<{ job: RunningJob; began: boolean }> {
  if ((job.state !== "handed_over" && job.state !== "running") || job.lease !== beat.lease) {
    return notYours(job);
  }
  const beganAt = job.state === "running" ? job.beganAt : now;
  const endsAt = endOf({ ...job, beganAt });
  return ok({
    began: job.state === "handed_over",
    job: {
      ...facts(job),
      state: "running",
      lease: job.lease,
      runner: job.runner,
      cancelRequested: job.cancelRequested,
      beganAt,
      // Past its end a heartbeat earns the job no more time, nor does it take away what the job was spared.
      spared: job.spared && now >= endsAt,
      resolved: beat.resolved ?? job.resolved,
      leaseUntil: Math.max(job.leaseUntil, Math.min(now + leaseMs, endsAt)),
    },
  });
}

/**
 * An outcome arrives. `repeated` when it is the accepted one again. An outcome that says `Cancelled` after a
 * cancellation was asked for is the cancellation's end; any other outcome counts as completed, even so.
 */
export function complete(
  job: JobState,
  completion: { lease: string; outcomeDigest: string; saysCancelled: boolean },
  now: number,
): Result<{ job: FinishedJob; repeated: boolean }> {
  if (job.state === "finished" && job.lease !== "" && job.lease === completion.lease) {
    return job.outcomeDigest === completion.outcomeDigest
      ? ok({ job, repeated: true })
      : refuse(
          "outcome_conflict",
          "another outcome of this job was accepted before: this one changes nothing",
        );
  }
  if ((job.state !== "handed_over" && job.state !== "running") || job.lease !== completion.lease) {
    return notYours(job);
  }
  const cause = job.cancelRequested && completion.saysCancelled ? "cancelled" : "completed";
  return ok({
    repeated: false,
    job: {
      ...finished(job, cause, now),
      lease: completion.lease,
      outcomeDigest: completion.outcomeDigest,
    },
  });
}

/** The runner hands the job back, unfinished: it is queued again in its old place and the attempt does not count. */
export function release(
  job: JobState,
  lease: string,
  now: number,
): Result<{ job: QueuedJob | FinishedJob; ending?: Ending }> {
  if ((job.state !== "handed_over" && job.state !== "running") || job.lease !== lease) {
    return notYours(job);
  }
  return ok(backToQueue(job, now));
}

function backToQueue(
  job: HandedOverJob | RunningJob,
  now: number,
): { job: QueuedJob | FinishedJob; ending?: Ending } {
  if (job.cancelRequested) {
    return { job: finished(job, "cancelled", now), ending: cancelledEnding };
  }
  if (job.handovers >= MAX_HANDOVERS) {
    return {
      job: finished(job, "lost", now),
      ending: {
        cause: "lost",
        code: "HandoverFailed",
        message: `the job was handed to ${job.handovers} runners, last to ${job.runner}, and none finished it`,
      },
    };
  }
  return { job: requeued(job, now) };
}

const cancelledEnding: Ending = {
  cause: "cancelled",
  code: "Cancelled",
  message: "the job was cancelled before it finished",
};

/** The run wants the job no more. A runner that has it is told at its next heartbeat. */
export function cancel(job: JobState, now: number): { job: JobState; ending?: Ending } {
  switch (job.state) {
    case "queued":
      return { job: finished(job, "cancelled", now), ending: cancelledEnding };
    case "handed_over":
    case "running":
      return { job: { ...job, cancelRequested: true } };
    case "finished":
      return { job };
  }
}

/**
 * The timer of `dueAt` fired at `now`. Changes nothing when it is not due. A lease whose timer fired late gets
 * one more hand-over lease: its runner may have been heartbeating at a router that was down.
 */
export function expire(job: JobState, now: number): { job: JobState; ending?: Ending } {
  const due = dueAt(job);
  if (due === undefined || due > now) return { job };
  switch (job.state) {
    case "finished":
      return { job };
    case "queued":
      return {
        job: finished(job, "lost", now),
        ending: {
          cause: "lost",
          code: "NoRunner",
          message: `no runner with matching tags took the job within ${Math.round(job.queueTimeoutMs / 1000)} s`,
        },
      };
    case "handed_over":
    case "running": {
      if (now - due > LATE_ALARM_MS && !job.spared) {
        return { job: { ...job, spared: true, leaseUntil: now + HANDOVER_LEASE_SECONDS * 1000 } };
      }
      if (job.state === "handed_over" || job.cancelRequested) return backToQueue(job, now);
      const overran = now >= endOf(job);
      return {
        job: finished(job, "lost", now),
        ending: {
          cause: "lost",
          code: "RunnerLost",
          message: overran
            ? `the runner ${job.runner} let the job run past its timeout of ${Math.round(job.timeoutMs / 1000)} s`
            : `the runner ${job.runner} stopped reporting, and its lease ran out`,
        },
      };
    }
  }
}
