// Messages from one actor to others: at least once, in order per receiver.
//
// 1. A row is written in the transaction of the change it announces, and deleted only after the receiver has
//    answered. Receivers apply each message's key once.
// 2. Until a receiver has taken its oldest message, its younger ones wait, in memory and across restarts.
// 3. A message that failed too often is parked: kept and visible, and it no longer blocks its receiver.
import type { JsonValue } from "../protocol/json.ts";
import type { Alarm } from "./alarm.ts";

export interface Message {
  /** `<actor>/<name>`: what `deliver` turns into a stub. */
  receiver: string;
  method: string;
  args: readonly unknown[];
}

/** Performs the call and returns its answer; throwing means "not delivered, try again". */
export type Deliver = (message: Message) => Promise<unknown>;
/** Called once the receiver has answered, in the turn that deletes the row. */
export type OnDelivered = (message: Message, answer: unknown) => void;

type OutboxRow = { id: number; receiver: string; method: string; args: string; attempts: number };

const MESSAGE_TIMEOUT_MS = 30_000;
const PARK_AFTER_ATTEMPTS = 20;
const CONCURRENT_RECEIVERS = 16;
/** A crash right after the commit is caught up by the alarm this much later. */
const CATCH_UP_MS = 2000;

function backoffMs(attempts: number): number {
  return Math.min(200 * 2 ** Math.min(attempts, 12), 300_000);
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const expired = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #alarm: Alarm;
  readonly #deliver: Deliver;
  readonly #onDelivered: OnDelivered;
  readonly #now: () => number;
  readonly #busyReceivers = new Map<string, Promise<void>>();

  constructor(options: {
    sql: SqlStorage;
    alarm: Alarm;
    deliver: Deliver;
    onDelivered?: OnDelivered;
    now?: () => number;
  }) {
    this.#sql = options.sql;
    this.#alarm = options.alarm;
    this.#deliver = options.deliver;
    this.#onDelivered = options.onDelivered ?? (() => {});
    this.#now = options.now ?? Date.now;
  }

  /** Adds a message inside the caller's transaction. Call `flush` after the commit. */
  add(message: Message): void {
    const dueAt = this.#now();
    this.#sql.exec(
      "INSERT INTO outbox (receiver, method, args, due_at) VALUES (?, ?, ?, ?)",
      message.receiver,
      message.method,
      JSON.stringify(message.args),
      dueAt,
    );
    this.#alarm.arm(dueAt + CATCH_UP_MS);
  }

  /**
   * Delivers what is due. Safe to call at any time and not to await: everything it does is repeated from the
   * rows if it is cut off. Resolves when nothing that is due now is left undelivered or un-failed.
   */
  async flush(): Promise<void> {
    for (;;) {
      const receivers = this.#sql
        .exec<{ receiver: string; due: number }>(
          `SELECT receiver, due_at AS due FROM outbox
           WHERE id IN (SELECT MIN(id) FROM outbox WHERE parked = 0 GROUP BY receiver) AND due_at <= ?
           LIMIT ?`,
          this.#now(),
          CONCURRENT_RECEIVERS,
        )
        .toArray();
      if (receivers.length === 0) return;
      await Promise.all(receivers.map(({ receiver }) => this.#drain(receiver)));
    }
  }

  #drain(receiver: string): Promise<void> {
    const running = this.#busyReceivers.get(receiver);
    if (running) return running;
    const drained = this.#deliverInOrder(receiver).finally(() => this.#busyReceivers.delete(receiver));
    this.#busyReceivers.set(receiver, drained);
    return drained;
  }

  async #deliverInOrder(receiver: string): Promise<void> {
    for (;;) {
      const row = this.#sql
        .exec<OutboxRow & { due_at: number }>(
          "SELECT * FROM outbox WHERE receiver = ? AND parked = 0 ORDER BY id LIMIT 1",
          receiver,
        )
        .toArray()[0];
      if (!row || row.due_at > this.#now()) return;
      const message: Message = { receiver, method: row.method, args: JSON.parse(row.args) as JsonValue[] };
      try {
        const answer = await withTimeout(this.#deliver(message), MESSAGE_TIMEOUT_MS);
        this.#sql.exec("DELETE FROM outbox WHERE id = ?", row.id);
        this.#onDelivered(message, answer);
      } catch (error) {
        this.#failed(row, error);
        return;
      }
    }
  }

  #failed(row: OutboxRow, error: unknown): void {
    const attempts = row.attempts + 1;
    const parked = attempts >= PARK_AFTER_ATTEMPTS;
    const dueAt = this.#now() + backoffMs(attempts);
    console.error({
      message: parked ? "message parked after too many failures" : "message failed, will be retried",
      receiver: row.receiver,
      method: row.method,
      attempts,
      error: String(error),
    });
    this.#sql.exec(
      "UPDATE outbox SET attempts = ?, due_at = ?, last_error = ?, parked = ? WHERE id = ?",
      attempts,
      dueAt,
      String(error).slice(0, 2000),
      parked ? 1 : 0,
      row.id,
    );
    if (!parked) this.#alarm.arm(dueAt);
  }

  /** When the next message wants to be delivered; undefined when none waits. */
  nextDueAt(): number | undefined {
    const row = this.#sql
      .exec<{ due: number | null }>("SELECT MIN(due_at) AS due FROM outbox WHERE parked = 0")
      .one();
    return row.due ?? undefined;
  }

  parked(): { id: number; receiver: string; method: string; attempts: number; lastError: string }[] {
    return this.#sql
      .exec<{ id: number; receiver: string; method: string; attempts: number; last_error: string | null }>(
        "SELECT id, receiver, method, attempts, last_error FROM outbox WHERE parked = 1 ORDER BY id",
      )
      .toArray()
      .map(({ last_error, ...row }) => ({ ...row, lastError: last_error ?? "" }));
  }

  /** An operator's retry of everything parked. */
  unpark(): void {
    this.#sql.exec("UPDATE outbox SET parked = 0, attempts = 0, due_at = ? WHERE parked = 1", this.#now());
    this.#alarm.arm(this.#now());
  }
}
