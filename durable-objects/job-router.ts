// The job router: one per workspace and pool. Queues what runs want done, hands it to runners that poll, watches
// their leases, and reports how it ended. The rules are in src/jobs; this class loads, decides, commits, tells.
//
// 1. Every change of a job, its timer and the message that reports it are written in one turn.
// 2. A waiting poll gets its job in the turn that queues it. The answer leaves when the lease is on disk (output
//    gate), so no runner ever holds a job that the router forgot.
// 3. Waiting polls and the list of lanes are caches: a restart rebuilds them from rows and from runners that ask
//    again.

import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/job-router/migrations.js";
import {
  cancel,
  complete,
  dueAt,
  type Ending,
  expire,
  handOver,
  heartbeat,
  type JobState,
  queuedJob,
  release,
} from "../src/jobs/job-state.ts";
import { canonicalOutcome, saysCancelled } from "../src/jobs/outcome.ts";
import { choosePoll, firstOf, laneKey, servesLane } from "../src/jobs/queue.ts";
import type { JobId } from "../src/protocol/ids.ts";
import {
  type Completion,
  DEFAULT_LEASE_SECONDS,
  type Heartbeat,
  type Job,
  type JobCause,
  type JobOutcome,
  type RunnerInfo,
} from "../src/protocol/job.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import { openActorStorage } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { applyMigrations } from "../src/storage/migrations.ts";
import type { Outbox } from "../src/storage/outbox.ts";
import type { Timer, Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { JobRows, type LaneHead, type StoredJob } from "./job-router/job-rows.ts";
import { RunnerRows } from "./job-router/runner-rows.ts";
import { WaitingPolls } from "./job-router/waiting-polls.ts";
import { retryParked } from "./parked-messages.ts";
import type { JobRouterRpc, QueueJob } from "./rpc/job-router.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

/** A finished job is kept this long, so that a late runner gets a clear answer and a repeated message no second job. */
const RETENTION_MS = 24 * 3600_000;
const PURGE_EVERY_MS = 3600_000;
const PURGE_TIMER = "purge";
const PURGED_AT_ONCE = 1000;
/** How many of a lane's jobs people are shown, in the order in which they will be handed over. */
const SHOWN_JOBS = 5;
const LEASE_MS = DEFAULT_LEASE_SECONDS * 1000;

function newLease(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

export class JobRouter extends DurableObject<Env> implements JobRouterRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #jobs: JobRows;
  readonly #runners: RunnerRows;
  readonly #polls = new WaitingPolls();
  /** Lanes that may have queued jobs, with their tags. */
  readonly #lanes = new Map<string, string[]>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    ({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
    } = openActorStorage(ctx.storage, {
      deliver: (outgoing) => deliverMessage(env, DEFAULT_WORKSPACE, outgoing),
    }));
    this.#jobs = new JobRows(sql);
    this.#runners = new RunnerRows(sql);
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
      for (const lane of this.#jobs.lanesWithJobs()) this.#rememberLane(lane);
    });
  }

  async enqueue(job: QueueJob): Promise<void> {
    if (this.#jobs.get(job.id)) return;
    const now = Date.now();
    const lane = laneKey(job.tags);
    const state = queuedJob(job, now);
    this.#jobs.insert(job, lane, state, now);
    this.#rememberLane(lane);
    this.#watch(job.id, state);
    this.#offer(lane, now);
  }

  async cancelJob(id: JobId): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#commit(job, cancel(job.state, Date.now()));
  }

  async request(request: { runner: RunnerInfo; subject: string; waitMs: number }): Promise<Job | null> {
    const now = Date.now();
    const poll = {
      runner: `${request.subject}/${request.runner.name}`,
      tags: request.runner.tags,
      askedAt: now,
    };
    this.#runners.seen(poll.runner, request.runner, now);
    this.#keepPurge(now);
    const head = firstOf(this.#heads(poll.tags));
    if (head) return this.#give(head.id, poll.runner, now);
    return request.waitMs > 0 ? await this.#polls.wait(poll, request.waitMs) : null;
  }

  /** Renews the lease; the first one acknowledges the hand-over, and the run learns who has its job. */
  async heartbeat(id: JobId, beat: Heartbeat): Promise<Result<{ cancel: boolean; leaseExpiresAt: number }>> {
    const now = Date.now();
    const job = this.#jobs.get(id);
    if (!job) return unknownJob(id);
    const renewed = heartbeat(job.state, beat, LEASE_MS, now);
    if (!renewed.ok) return renewed;
    const { job: state, began } = renewed.value;
    this.#jobs.write(id, state);
    this.#watch(id, state);
    this.#runners.heard(state.runner, now);
    if (began) {
      this.#tellTaken(job, state.runner, now);
      void this.#outbox.flush();
    }
    return ok({ cancel: state.cancelRequested, leaseExpiresAt: state.leaseUntil });
  }

  async complete(id: JobId, completion: Completion): Promise<Result<{ repeated: boolean }>> {
    const { lease, outcome, sensitive_outputs: sensitive } = completion;
    const outcomeDigest = sha256(canonicalOutcome(outcome));
    const now = Date.now();
    const job = this.#jobs.get(id);
    if (!job) return unknownJob(id);
    const accepted = complete(
      job.state,
      { lease, outcomeDigest, saysCancelled: saysCancelled(outcome) },
      now,
    );
    if (!accepted.ok) return accepted;
    const { job: state, repeated } = accepted.value;
    if (repeated) return ok({ repeated });
    // A job that ended before its first heartbeat was taken all the same.
    if (job.state.state === "handed_over") this.#tellTaken(job, job.state.runner, now);
    this.#jobs.write(id, state);
    this.#watch(id, state);
    this.#tellFinished(job, outcome, state.cause, state.resolved, sensitive);
    void this.#outbox.flush();
    return ok({ repeated });
  }

  async release(id: JobId, given: { lease: string; reason: string }): Promise<Result<null>> {
    const job = this.#jobs.get(id);
    if (!job) return unknownJob(id);
    const released = release(job.state, given.lease, Date.now());
    if (!released.ok) return released;
    console.log({ message: "job released", job: id, reason: given.reason });
    this.#commit(job, released.value);
    return ok(null);
  }

  async status(): ReturnType<JobRouterRpc["status"]> {
    const now = Date.now();
    const jobs = this.#jobs.withRunners();
    return {
      runners: this.#runners.all().map(({ key, info, lastSeenAt }) => ({
        ...info,
        lastSeenAt: this.#polls.isWaiting(key) ? now : lastSeenAt,
        jobs: jobs
          .filter(({ runner }) => runner === key)
          .map(({ id, reference, since }) => ({ id, function: reference, since })),
      })),
      queue: this.#jobs.queueLengths().map(({ lane, length, oldestQueuedAt }) => ({
        tags: JSON.parse(lane) as string[],
        length,
        oldestQueuedAt,
        next: this.#jobs.first(lane, SHOWN_JOBS),
      })),
    };
  }

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#outbox.parked();
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return retryParked(this.#outbox, request);
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: (timer) => this.#onTimer(timer),
    });
  }

  #onTimer(timer: Timer): void {
    const now = Date.now();
    if (timer.kind === PURGE_TIMER) {
      this.#purge(now);
      return;
    }
    const job = this.#jobs.get(timer.id as JobId);
    if (!job) return;
    this.#commit(job, expire(job.state, now));
  }

  /** Writes a decision and what follows from it, and tells the run when the job is over. */
  #commit(job: StoredJob, decision: { job: JobState; ending?: Ending }): void {
    const { job: state, ending } = decision;
    if (state === job.state) return;
    const now = Date.now();
    this.#jobs.write(job.id, state);
    this.#watch(job.id, state);
    if (ending) {
      const { cause, code, message: text } = ending;
      this.#tellFinished(job, { error: { code, message: text } }, cause, state.resolved);
      void this.#outbox.flush();
    }
    if (state.state === "queued") {
      this.#rememberLane(job.lane);
      this.#offer(job.lane, now);
    }
  }

  /** Hands queued jobs of a lane to polls that wait for one. */
  #offer(lane: string, now: number): void {
    for (;;) {
      const tags = this.#lanes.get(lane) ?? [];
      const poll = choosePoll(this.#polls, tags, ({ runner }) => this.#jobs.countOf(runner));
      const head = poll && this.#jobs.head(lane);
      if (!poll || !head) return;
      this.#polls.hand(poll, this.#give(head.id, poll.runner, now));
    }
  }

  /** Makes the hand-over and returns what the runner gets. */
  #give(id: JobId, runner: string, now: number): Job {
    const job = this.#jobs.get(id);
    if (job?.state.state !== "queued") throw new Error(`job ${id} is not queued`);
    const lease = newLease();
    const state = handOver(job.state, { lease, runner }, now);
    this.#jobs.write(id, state);
    this.#watch(id, state);
    return this.#jobs.forRunner(id, lease, DEFAULT_LEASE_SECONDS);
  }

  /** Heads of the lanes a runner serves. Lanes that turn out empty are forgotten. */
  #heads(tags: readonly string[]): LaneHead[] {
    const heads: LaneHead[] = [];
    for (const [lane, laneTags] of this.#lanes) {
      if (!servesLane(tags, laneTags)) continue;
      const head = this.#jobs.head(lane);
      if (head) heads.push(head);
      else this.#lanes.delete(lane);
    }
    return heads;
  }

  #rememberLane(lane: string): void {
    if (!this.#lanes.has(lane)) this.#lanes.set(lane, JSON.parse(lane) as string[]);
  }

  /** Forgets what is old, and comes back for as long as there is something that will be. */
  #purge(now: number): void {
    this.#runners.forgetOld(now);
    const purged = this.#jobs.purge(now - RETENTION_MS, PURGED_AT_ONCE);
    // A full batch means there is more: go on soon, in small turns.
    if (purged === PURGED_AT_ONCE) this.#setPurge(now + 1000);
    else if (this.#jobs.hasFinished() || this.#runners.hasAny()) this.#setPurge(now + PURGE_EVERY_MS);
  }

  /** Sets the timer that a job in this state needs. A finished one needs the purge. */
  #watch(id: JobId, state: JobState): void {
    const due = dueAt(state);
    if (due !== undefined) {
      this.#timers.set({ id, kind: "job", dueAt: due, data: null });
      return;
    }
    this.#timers.drop(id);
    this.#keepPurge(Date.now());
  }

  #keepPurge(now: number): void {
    if (!this.#timers.get(PURGE_TIMER)) this.#setPurge(now + PURGE_EVERY_MS);
  }

  #setPurge(dueAt: number): void {
    this.#timers.set({ id: PURGE_TIMER, kind: PURGE_TIMER, dueAt, data: null });
  }

  #tellTaken({ run, command, attempt }: StoredJob, runner: string, at: number): void {
    this.#outbox.add(message("run", run, "jobTaken", [{ command, attempt, runner, at }]));
  }

  #tellFinished(
    { run, command, attempt }: StoredJob,
    outcome: JobOutcome,
    cause: JobCause,
    resolved: string,
    sensitive?: string[],
  ): void {
    this.#outbox.add(
      message("run", run, "jobFinished", [
        {
          command,
          attempt,
          outcome,
          cause,
          at: Date.now(),
          ...(resolved === "" ? {} : { resolved }),
          ...(sensitive === undefined ? {} : { sensitive }),
        },
      ]),
    );
  }
}

function unknownJob(id: string): Result<never> {
  return refuse("unknown_job", `there is no job ${id} here, or it ended more than a day ago`);
}
