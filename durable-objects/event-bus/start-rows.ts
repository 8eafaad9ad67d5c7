// The `starts` table and what belongs to it: starts that wait, those that hold a place, and what became of the rest.
import type { Holder, Waiting } from "../../src/events/places.ts";
import type { NewStart, Start, StartStore } from "../../src/events/start-store.ts";
import type { Parent } from "../../src/events/workflow-start.ts";
import type { Concurrency } from "../../src/protocol/flow-control.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { StartState, StartView } from "../../src/protocol/start.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import type { Position } from "../rpc/position.ts";

type Row = {
  run: RunId;
  trigger_id: string;
  workflow: string;
  digest: string;
  definition: string;
  initiator: string;
  state: StartState;
  reason: string;
  gather_key: string | null;
  permit_scope: string | null;
  place_group: string | null;
  is_cancelled: number;
  priority: number;
  arrival: number;
  events: number;
  length: number;
  merged: number;
  continues: RunId | null;
  /** JSON: the Parent. */
  parent: string | null;
  created_at: number;
  changed_at: number;
  due_at: number | null;
};

function start(row: Row): Start {
  return {
    run: row.run,
    trigger: JSON.parse(row.definition) as Trigger,
    workflow: row.workflow,
    digest: row.digest,
    initiator: row.initiator,
    state: row.state,
    permitScope: row.permit_scope ?? undefined,
    placeGroup: row.place_group ?? undefined,
    priority: row.priority,
    arrival: row.arrival,
    events: row.events,
    length: row.length,
    merged: row.merged,
    isCancelled: row.is_cancelled === 1,
    continues: row.continues ?? undefined,
    parent: row.parent === null ? undefined : (JSON.parse(row.parent) as Parent),
    createdAt: row.created_at,
  };
}

function view(row: Row): StartView {
  return {
    run: row.run,
    workflow: row.workflow,
    trigger: row.trigger_id,
    state: row.state,
    reason: row.reason,
    ...(row.place_group !== null && { group: row.place_group }),
    priority: row.priority,
    events: row.events,
    initiator: row.initiator,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    ...(row.due_at !== null && { dueAt: row.due_at }),
  };
}

const PENDING = "('gathering', 'limited', 'queued')";

export class StartRows implements StartStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(run: RunId): Start | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM starts WHERE run = ?", run).toArray()[0];
    return row && start(row);
  }

  /** The start of a trigger that collects events under a key. */
  gathering(trigger: string, key: string): Start | undefined {
    const row = this.#sql
      .exec<Row>(
        "SELECT * FROM starts WHERE state = 'gathering' AND trigger_id = ? AND gather_key = ?",
        trigger,
        key,
      )
      .toArray()[0];
    return row && start(row);
  }

  insert(added: NewStart): void {
    this.#sql.exec(
      `INSERT INTO starts (run, trigger_id, workflow, digest, definition, initiator, state, reason, gather_key,
         permit_scope, place_group, priority, arrival, events, length, continues, parent, created_at, changed_at)
       VALUES (?, ?, ?, ?, ?, ?, 'gathering', '', ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)`,
      added.run,
      added.trigger.id,
      added.workflow,
      added.digest,
      JSON.stringify(added.trigger),
      added.initiator,
      added.gatherKey ?? null,
      added.permitScope ?? null,
      added.placeGroup ?? null,
      added.priority,
      added.arrival,
      added.length,
      added.continues ?? null,
      added.parent ? JSON.stringify(added.parent) : null,
      added.createdAt,
      added.createdAt,
    );
    this.#sql.exec("INSERT INTO start_events (run, seq) VALUES (?, ?)", added.run, added.arrival);
  }

  /** Adds an event to a start that collects them; from then on it is what its newest event makes it. */
  addEvent(run: RunId, added: Omit<NewStart, "run" | "createdAt" | "gatherKey">, now: number): void {
    this.#sql.exec(
      `UPDATE starts SET events = events + 1, length = length + ?, arrival = ?, initiator = ?, digest = ?,
         definition = ?, permit_scope = ?, place_group = ?, priority = ?, changed_at = ? WHERE run = ?`,
      added.length,
      added.arrival,
      added.initiator,
      added.digest,
      JSON.stringify(added.trigger),
      added.permitScope ?? null,
      added.placeGroup ?? null,
      added.priority,
      now,
      run,
    );
    this.#sql.exec("INSERT INTO start_events (run, seq) VALUES (?, ?)", run, added.arrival);
  }

  become(run: RunId, state: StartState, change: { reason: string; now: number; dueAt?: number }): void {
    this.#sql.exec(
      "UPDATE starts SET state = ?, reason = ?, changed_at = ?, due_at = ? WHERE run = ?",
      state,
      change.reason,
      change.now,
      change.dueAt ?? null,
      run,
    );
  }

  /** The run's own events, oldest first. */
  seqs(run: RunId): number[] {
    return this.#sql
      .exec<{ seq: number }>("SELECT seq FROM start_events WHERE run = ? ORDER BY seq", run)
      .toArray()
      .map(({ seq }) => seq);
  }

  /** What `run` does for others: the events of starts that it superseded. */
  addMerged(run: RunId, count: number): void {
    this.#sql.exec("UPDATE starts SET merged = merged + ? WHERE run = ?", count, run);
  }

  // ------------------------------------------------------------------ permits

  /** The start that gets the next permit of a scope. */
  nextLimited(scope: string): Start | undefined {
    const row = this.#sql
      .exec<Row>(
        `SELECT * FROM starts WHERE state = 'limited' AND permit_scope = ?
         ORDER BY priority DESC, arrival, run LIMIT 1`,
        scope,
      )
      .toArray()[0];
    return row && start(row);
  }

  limitedCount(scope: string): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT COUNT(*) AS n FROM starts WHERE state = 'limited' AND permit_scope = ?",
        scope,
      )
      .one().n;
  }

  /** When the permit was given that is the `count`th before the next one. */
  grantedAt(scope: string, count: number): number | undefined {
    return this.#sql
      .exec<{ at: number }>(
        "SELECT at FROM permits WHERE scope = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        scope,
        count - 1,
      )
      .toArray()[0]?.at;
  }

  grant(scope: string, at: number, forgetBefore: number): void {
    this.#sql.exec("DELETE FROM permits WHERE scope = ? AND at <= ?", scope, forgetBefore);
    this.#sql.exec("INSERT INTO permits (scope, at) VALUES (?, ?)", scope, at);
  }

  /** Removes permits that no rule can ask for any more, at most `limit`; gives how many. */
  removeOldPermits(grantedBefore: number, limit: number): number {
    return this.#sql
      .exec(
        "DELETE FROM permits WHERE rowid IN (SELECT rowid FROM permits WHERE at < ? LIMIT ?) RETURNING at",
        grantedBefore,
        limit,
      )
      .toArray().length;
  }

  // ------------------------------------------------------------------- places

  holders(group: string): Holder[] {
    return this.#sql
      .exec<Pick<Row, "run" | "arrival" | "is_cancelled">>(
        "SELECT run, arrival, is_cancelled FROM starts WHERE place_group = ? AND state = 'started'",
        group,
      )
      .toArray()
      .map(({ run, arrival, is_cancelled }) => ({ run, arrival, isCancelled: is_cancelled === 1 }));
  }

  queuedCount(group: string): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT COUNT(*) AS n FROM starts WHERE place_group = ? AND state = 'queued'",
        group,
      )
      .one().n;
  }

  newestQueued(group: string): Waiting | undefined {
    return this.#queued("place_group = ? ORDER BY arrival DESC, run DESC LIMIT 1", group)[0];
  }

  queued(group: string): Waiting[] {
    return this.#queued("place_group = ?", group);
  }

  #queued(which: string, group: string): Waiting[] {
    return this.#sql
      .exec<Pick<Row, "run" | "arrival" | "priority"> & { rule: string | null }>(
        `SELECT run, arrival, priority, json_extract(definition, '$.concurrency') AS rule
         FROM starts WHERE state = 'queued' AND ${which}`,
        group,
      )
      .toArray()
      .map(({ run, arrival, priority, rule }) => ({
        run,
        arrival,
        priority,
        rule: rule === null ? { mode: "queue", limit: 1 } : (JSON.parse(rule) as Concurrency),
      }));
  }

  noteCancelled(run: RunId): void {
    this.#sql.exec("UPDATE starts SET is_cancelled = 1 WHERE run = ?", run);
  }

  /** Runs that hold a place which somebody waits for, and have held it since before `since`. */
  heldUp(since: number): RunId[] {
    return this.#sql
      .exec<{ run: RunId }>(
        `SELECT run FROM starts WHERE state = 'started' AND changed_at <= ? AND place_group IN
           (SELECT DISTINCT place_group FROM starts WHERE state = 'queued' AND place_group IS NOT NULL)`,
        since,
      )
      .toArray()
      .map(({ run }) => run);
  }

  holdingSince(group: string, since: number): RunId[] {
    return this.#sql
      .exec<{ run: RunId }>(
        "SELECT run FROM starts WHERE state = 'started' AND place_group = ? AND changed_at <= ?",
        group,
        since,
      )
      .toArray()
      .map(({ run }) => run);
  }

  isSomebodyQueued(): boolean {
    return (
      this.#sql
        .exec("SELECT 1 FROM starts WHERE state = 'queued' AND place_group IS NOT NULL LIMIT 1")
        .toArray().length > 0
    );
  }

  // ------------------------------------------------------------------ dropping

  countDrop(trigger: string): void {
    this.#sql.exec(
      `INSERT INTO drop_counts (trigger_id, dropped) VALUES (?, 1)
       ON CONFLICT (trigger_id) DO UPDATE SET dropped = dropped + 1`,
      trigger,
    );
  }

  /** How many starts of a trigger were dropped since this was asked last. */
  takeDropCount(trigger: string): number {
    return (
      this.#sql
        .exec<{ dropped: number }>("DELETE FROM drop_counts WHERE trigger_id = ? RETURNING dropped", trigger)
        .toArray()[0]?.dropped ?? 0
    );
  }

  // ------------------------------------------------------------------- reading

  view(run: RunId): StartView | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM starts WHERE run = ?", run).toArray()[0];
    return row && this.#behind(row);
  }

  /** Newest first, all or those that wait: the first of them, or those after a place in the list. */
  page(query: { pending: boolean; before?: Position | undefined; limit: number }): StartView[] {
    const { pending, before, limit } = query;
    return this.#sql
      .exec<Row>(
        `SELECT * FROM starts WHERE ${pending ? `state IN ${PENDING}` : "1"} AND (created_at, run) < (?, ?)
         ORDER BY created_at DESC, run DESC LIMIT ?`,
        before?.createdAt ?? Number.MAX_SAFE_INTEGER,
        before?.id ?? "",
        limit,
      )
      .toArray()
      .map((row) => this.#behind(row));
  }

  /** Those that an event stands behind. */
  ofEvent(seq: number, limit: number): StartView[] {
    return this.#sql
      .exec<Row>(
        "SELECT * FROM starts WHERE run IN (SELECT run FROM start_events WHERE seq = ?) ORDER BY trigger_id LIMIT ?",
        seq,
        limit,
      )
      .toArray()
      .map((row) => this.#behind(row));
  }

  #behind(row: Row): StartView {
    if (row.state !== "queued" || row.place_group === null) return view(row);
    const holders = this.#sql
      .exec<{ run: string }>(
        "SELECT run FROM starts WHERE place_group = ? AND state = 'started' ORDER BY arrival LIMIT 20",
        row.place_group,
      )
      .toArray();
    return { ...view(row), behind: holders.map(({ run }) => run) };
  }

  // ----------------------------------------------------------------- retention

  /**
   * Drops what is over and came before `createdBefore`, at most `limit`; gives how many. What waits or holds a place
   * stays.
   */
  removeOlder(createdBefore: number, limit: number): number {
    const removed = this.#sql
      .exec<{ run: string }>(
        `DELETE FROM starts WHERE run IN (SELECT run FROM starts WHERE created_at < ?
           AND (state IN ('finished', 'superseded', 'dropped', 'cancelled') OR (state = 'started' AND place_group IS NULL))
         LIMIT ?) RETURNING run`,
        createdBefore,
        limit,
      )
      .toArray();
    if (removed.length > 0) {
      this.#sql.exec(
        "DELETE FROM start_events WHERE run IN (SELECT value FROM json_each(?))",
        JSON.stringify(removed.map(({ run }) => run)),
      );
    }
    return removed.length;
  }
}
