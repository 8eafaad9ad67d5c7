// Durable timers of one actor.
//
// 1. A timer is a row; it is deleted by its handler's own transaction or, when the handler throws, kept and
//    moved back with backoff. It is never lost.
// 2. Handlers must therefore tolerate being run again.
import type { JsonValue } from "../protocol/json.ts";
import type { Alarm } from "./alarm.ts";

export interface Timer {
  id: string;
  kind: string;
  dueAt: number;
  data: JsonValue;
}

type TimerRow = { id: string; kind: string; due_at: number; data: string; failures: number };

/** Delay before a failed handler is tried again: 1 s, 2 s, 4 s … at most 5 minutes. */
function backoffMs(failures: number): number {
  return Math.min(1000 * 2 ** Math.min(failures, 10), 300_000);
}

export class Timers {
  readonly #sql: SqlStorage;
  readonly #alarm: Alarm;

  constructor(sql: SqlStorage, alarm: Alarm) {
    this.#sql = sql;
    this.#alarm = alarm;
  }

  /** Sets or moves a timer. `dueAt` in ms since the epoch. */
  set(timer: Timer): void {
    this.#sql.exec(
      `INSERT INTO timers (id, kind, due_at, data) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, due_at = excluded.due_at, data = excluded.data, failures = 0`,
      timer.id,
      timer.kind,
      timer.dueAt,
      JSON.stringify(timer.data),
    );
    this.#alarm.arm(timer.dueAt);
  }

  drop(id: string): void {
    this.#sql.exec("DELETE FROM timers WHERE id = ?", id);
  }

  /** Drops all of these at the cost of one. */
  dropEach(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#sql.exec("DELETE FROM timers WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }

  dropAll(): void {
    this.#sql.exec("DELETE FROM timers");
  }

  get(id: string): Timer | undefined {
    const row = this.#sql.exec<TimerRow>("SELECT * FROM timers WHERE id = ?", id).toArray()[0];
    return row && { id: row.id, kind: row.kind, dueAt: row.due_at, data: JSON.parse(row.data) as JsonValue };
  }

  /**
   * Runs `handle` for everything due at `now`, earliest first. `handle` drops or moves its timer in the same
   * transaction as its effect; a timer it left in place untouched is dropped here.
   */
  async fireDue(now: number, handle: (timer: Timer) => void | Promise<void>): Promise<void> {
    const due = this.#sql
      .exec<TimerRow>("SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at, id LIMIT 500", now)
      .toArray();
    for (const row of due) {
      try {
        await handle({
          id: row.id,
          kind: row.kind,
          dueAt: row.due_at,
          data: JSON.parse(row.data) as JsonValue,
        });
        this.#sql.exec("DELETE FROM timers WHERE id = ? AND due_at = ?", row.id, row.due_at);
      } catch (error) {
        console.error({
          message: "timer failed, will be retried",
          timer: row.id,
          kind: row.kind,
          error: String(error),
        });
        this.#sql.exec(
          "UPDATE timers SET due_at = ?, failures = failures + 1 WHERE id = ? AND due_at = ?",
          now + backoffMs(row.failures),
          row.id,
          row.due_at,
        );
      }
    }
  }

  /** When the next timer is due; undefined when there is none. */
  nextDueAt(): number | undefined {
    const row = this.#sql.exec<{ due: number | null }>("SELECT MIN(due_at) AS due FROM timers").one();
    return row.due ?? undefined;
  }
}
