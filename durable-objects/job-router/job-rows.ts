// The `jobs` table: rows to states and back. Raw SQL, since every job passes here several times.

import type { JobState } from "../../src/jobs/job-state.ts";
import { placeOf } from "../../src/jobs/queue.ts";
import type { JobId } from "../../src/protocol/ids.ts";
import type { Job, JobCause, QueuedView } from "../../src/protocol/job.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { QueueJob } from "../rpc/job-router.ts";

type Row = {
  seq: number;
  id: string;
  run: string;
  command: string;
  attempt: number;
  reference: string;
  inputs: string;
  sensitive_inputs: string | null;
  environment: string | null;
  timeout_ms: number;
  queue_timeout_ms: number;
  lane: string;
  idempotency_key: string;
  traceparent: string | null;
  state: JobState["state"];
  queue_until: number;
  queued_at: number;
  handovers: number;
  lease: string;
  lease_until: number;
  spared: number;
  runner: string;
  began_at: number;
  cancel_requested: number;
  resolved: string;
  cause: string;
  outcome_digest: string;
  finished_at: number;
};

/** A job as the router holds it: what it is, and where it stands. */
export interface StoredJob {
  seq: number;
  id: JobId;
  run: QueueJob["run"];
  command: QueueJob["command"];
  attempt: number;
  reference: string;
  lane: string;
  state: JobState;
}

/** The job of a lane that is next: `placeOf`, its order of arrival, its id. */
export type LaneHead = { place: number; seq: number; id: JobId };

function stateOf(row: Row): JobState {
  const facts = {
    timeoutMs: row.timeout_ms,
    queueTimeoutMs: row.queue_timeout_ms,
    handovers: row.handovers,
    resolved: row.resolved,
  };
  const lease = {
    lease: row.lease,
    runner: row.runner,
    leaseUntil: row.lease_until,
    spared: row.spared === 1,
  };
  const cancelRequested = row.cancel_requested === 1;
  switch (row.state) {
    case "queued":
      return { ...facts, state: "queued", queueUntil: row.queue_until };
    case "handed_over":
      return { ...facts, ...lease, state: "handed_over", cancelRequested };
    case "running":
      return { ...facts, ...lease, state: "running", beganAt: row.began_at, cancelRequested };
    case "finished":
      return {
        ...facts,
        state: "finished",
        cause: row.cause as JobCause,
        lease: row.lease,
        outcomeDigest: row.outcome_digest,
        finishedAt: row.finished_at,
      };
  }
}

function stored(row: Row): StoredJob {
  return {
    seq: row.seq,
    id: row.id as JobId,
    run: row.run as QueueJob["run"],
    command: row.command as QueueJob["command"],
    attempt: row.attempt,
    reference: row.reference,
    lane: row.lane,
    state: stateOf(row),
  };
}

export class JobRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  insert(job: QueueJob, lane: string, state: JobState & { state: "queued" }, now: number): void {
    this.#sql.exec(
      `INSERT INTO jobs (id, run, command, attempt, reference, inputs, sensitive_inputs, environment, timeout_ms, queue_timeout_ms,
         lane, idempotency_key, traceparent, state, queue_until, queued_at, priority, place)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)`,
      job.id,
      job.run,
      job.command,
      job.attempt,
      job.reference,
      JSON.stringify(job.inputs),
      job.sensitive === undefined ? null : JSON.stringify(job.sensitive),
      job.environment ?? null,
      job.timeoutMs,
      job.queueTimeoutMs,
      lane,
      job.idempotencyKey,
      job.traceparent ?? null,
      state.queueUntil,
      now,
      job.priority ?? 0,
      placeOf({ queuedAt: now, priority: job.priority ?? 0 }),
    );
  }

  get(id: JobId): StoredJob | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM jobs WHERE id = ?", id).toArray()[0];
    return row && stored(row);
  }

  /** The job of a lane that is next. */
  head(lane: string): LaneHead | undefined {
    return this.#sql
      .exec<LaneHead>(
        "SELECT place, seq, id FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY place, seq LIMIT 1",
        lane,
      )
      .toArray()[0];
  }

  /** The first jobs of a lane, for people to see. */
  first(lane: string, limit: number): QueuedView[] {
    return this.#sql
      .exec<QueuedView>(
        `SELECT id, run, reference AS function, priority, queued_at AS queuedAt
         FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY place, seq LIMIT ?`,
        lane,
        limit,
      )
      .toArray();
  }

  lanesWithJobs(): string[] {
    return this.#sql
      .exec<{ lane: string }>("SELECT DISTINCT lane FROM jobs WHERE state = 'queued'")
      .toArray()
      .map(({ lane }) => lane);
  }

  /** Writes where the job stands now. A finished one gives up its inputs: nobody needs them again. */
  write(id: JobId, state: JobState): void {
    switch (state.state) {
      case "queued":
        this.#sql.exec(
          `UPDATE jobs SET state = 'queued', queue_until = ?, handovers = ?, resolved = ?, lease = '', runner = ''
           WHERE id = ?`,
          state.queueUntil,
          state.handovers,
          state.resolved,
          id,
        );
        return;
      case "handed_over":
      case "running":
        this.#sql.exec(
          `UPDATE jobs SET state = ?, handovers = ?, lease = ?, lease_until = ?, spared = ?, runner = ?, began_at = ?,
             cancel_requested = ?, resolved = ? WHERE id = ?`,
          state.state,
          state.handovers,
          state.lease,
          state.leaseUntil,
          state.spared ? 1 : 0,
          state.runner,
          state.state === "running" ? state.beganAt : 0,
          state.cancelRequested ? 1 : 0,
          state.resolved,
          id,
        );
        return;
      case "finished":
        this.#sql.exec(
          `UPDATE jobs SET state = 'finished', cause = ?, lease = ?, outcome_digest = ?, resolved = ?,
             finished_at = ?, inputs = '{}' WHERE id = ?`,
          state.cause,
          state.lease,
          state.outcomeDigest,
          state.resolved,
          state.finishedAt,
          id,
        );
    }
  }

  /** The job in the words of the runner protocol. `run_url` is a path: the route knows the host. */
  forRunner(id: JobId, lease: string, leaseSeconds: number): Job {
    const row = this.#sql.exec<Row>("SELECT * FROM jobs WHERE id = ?", id).one();
    return {
      id: row.id,
      attempt: row.attempt,
      lease,
      lease_seconds: leaseSeconds,
      function: {
        reference: row.reference,
        ...(row.resolved === "" ? {} : { resolved: row.resolved }),
      },
      inputs: JSON.parse(row.inputs) as JsonObject,
      ...(row.sensitive_inputs === null
        ? {}
        : { sensitive_inputs: JSON.parse(row.sensitive_inputs) as string[] }),
      ...(row.environment === null ? {} : { environment: row.environment }),
      timeout_s: row.timeout_ms / 1000,
      idempotency_key: row.idempotency_key,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
      run_url: `/v1/runs/${row.run}`,
    };
  }

  /** How many jobs a runner has now. */
  countOf(runner: string): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT COUNT(*) AS n FROM jobs WHERE state IN ('handed_over', 'running') AND runner = ?",
        runner,
      )
      .one().n;
  }

  /** Every job that is with a runner, for the dashboard. */
  withRunners(): { id: string; runner: string; reference: string; since: number }[] {
    return this.#sql
      .exec<{ id: string; runner: string; reference: string; since: number }>(
        `SELECT id, runner, reference, CASE began_at WHEN 0 THEN queued_at ELSE began_at END AS since
         FROM jobs WHERE state IN ('handed_over', 'running') ORDER BY since`,
      )
      .toArray();
  }

  queueLengths(): { lane: string; length: number; oldestQueuedAt: number }[] {
    return this.#sql
      .exec<{ lane: string; length: number; oldestQueuedAt: number }>(
        `SELECT lane, COUNT(*) AS length, MIN(queued_at) AS oldestQueuedAt
         FROM jobs WHERE state = 'queued' GROUP BY lane ORDER BY oldestQueuedAt`,
      )
      .toArray();
  }

  /** Deletes jobs that were finished at `before` or earlier, at most `limit` of them; answers how many. */
  purge(before: number, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM jobs WHERE seq IN
           (SELECT seq FROM jobs WHERE state = 'finished' AND finished_at <= ? LIMIT ?) RETURNING seq`,
        before,
        limit,
      )
      .toArray().length;
  }

  hasFinished(): boolean {
    return this.#sql.exec("SELECT 1 FROM jobs WHERE state = 'finished' LIMIT 1").toArray().length > 0;
  }
}
