// Messages from one actor to others: at least once, in order per receiver.
//
// 1. A row is written in the transaction of the change it announces, and deleted only after the receiver has
//    answered: with the next message that is added, or all at once when none has been for a moment, or by the alarm. A
//    commit of its own for every deletion would double the writes of a busy actor. Receivers apply each message's
//    key once.
// 2. Until a receiver has taken its oldest message, its younger ones wait, in memory and across restarts.
// 3. A message that failed too often is parked: kept and visible, and it no longer blocks its receiver.
// 4. What is in memory (which receivers to look at, which are being served) only saves queries: the rows and
//    the alarm alone are enough to deliver everything.
// 5. Messages can be entrusted to whoever asked for the change: one who asks again until he is answered, and is not
//    answered before they are delivered. They need no alarm, and their rows no deletion: once he is answered, nobody
//    looks at them any more.
import type { JsonValue } from "../protocol/json.ts";
import type { Alarm } from "./alarm.ts";
import { atMost } from "./patience.ts";
import { assertFitsRow } from "./row-size.ts";

export interface Message {
  /** `<actor>/<name>`: what `deliver` turns into a stub. */
  receiver: string;
  method: string;
  args: readonly unknown[];
}

/** Performs the call and returns its answer; throwing means "not delivered, try again". */
export type Deliver = (message: Message) => Promise<unknown>;
/**
 * Called once the receiver has answered, and again if the object dies before the row is gone: what it does must
 * bear repetition. When it throws, the message is sent again.
 */
export type OnDelivered = (message: Message, answer: unknown) => void;

type OutboxRow = {
  id: number;
  receiver: string;
  method: string;
  args: string;
  attempts: number;
  due_at: number;
};

/** What `parked` says of a row. */
const ON_ITS_WAY = 0;
const PARKED = 1;
const ENTRUSTED = 2;

const MESSAGE_TIMEOUT_MS = 30_000;
const PARK_AFTER_ATTEMPTS = 20;
/** A start is answered after what the run has told others: more of them are under way than of other messages. */
const CONCURRENT_RECEIVERS = 32;
const SCAN_LIMIT = 512;
/** How long nothing must happen before the rows of answered messages are deleted: that spares the object an alarm. */
const TIDY_AFTER_MS = 100;
/** A crash right after the commit is caught up by the alarm this much later. */
const CATCH_UP_MS = 2000;

/** 0.4 s, 0.8 s, 1.6 s … at most 5 minutes. */
function backoffMs(attempts: number): number {
  return Math.min(200 * 2 ** Math.min(attempts, 12), 300_000);
}

/** One message in flight. */
interface Flight {
  since: number;
  /** Ends the wait for an answer. What the receiver does about the message goes on. */
  giveUp: (reason: Error) => void;
  ended: Promise<void>;
}

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #alarm: Alarm;
  readonly #deliver: Deliver;
  readonly #onDelivered: OnDelivered;
  readonly #now: () => number;
  /** Receivers that may have something due. */
  readonly #ready = new Set<string>();
  /** Receivers that are being served: one message of theirs is in flight. */
  readonly #busy = new Map<string, Flight>();
  /** Its youngest message from this instance, of each receiver that has some under way. None of it is younger. */
  readonly #youngest = new Map<string, number>();
  /** True until the rows have been searched for receivers that have something due. */
  #mayHaveUnseen = true;
  /** Answered messages whose rows are still there, and the youngest of each receiver: they are not sent again. */
  #answered: number[] = [];
  readonly #answeredUpTo = new Map<string, number>();
  /** Some of them are not to stay until something else is written: they are on an alarm. */
  #isUntidy = false;
  #tidying: ReturnType<typeof setTimeout> | undefined;
  #isEntrusting = false;
  /** Messages that are entrusted and have not been answered. */
  readonly #entrusted = new Set<number>();

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

  /** There are no rows but those that this instance will add. */
  isOfNewObject(): void {
    this.#mayHaveUnseen = false;
  }

  /**
   * Adds a message inside the caller's transaction. Call `flush` after the commit. With `delayMs` it is not sent
   * before that much later, and holds up the younger ones of its receiver: for what is soon out of date.
   */
  add(message: Message, delayMs = 0): void {
    const dueAt = this.#now() + delayMs;
    const args = JSON.stringify(message.args);
    assertFitsRow(args, `the message ${message.method} to ${message.receiver}`);
    this.#deleteAnswered();
    // Before its row is there: an alarm that looked at that would fire at once, for what is about to be sent.
    if (!this.#isEntrusting) this.#alarm.arm(dueAt + CATCH_UP_MS);
    const { id } = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO outbox (receiver, method, args, due_at, parked) VALUES (?, ?, ?, ?, ?) RETURNING id",
        message.receiver,
        message.method,
        args,
        dueAt,
        this.#isEntrusting ? ENTRUSTED : ON_ITS_WAY,
      )
      .one();
    this.#youngest.set(message.receiver, id);
    if (this.#isEntrusting) this.#entrusted.add(id);
    if (delayMs === 0) this.#ready.add(message.receiver);
    else setTimeout(() => this.#sendNow(message.receiver), delayMs);
  }

  /**
   * Entrusts what `write` adds to whoever has asked for it. Call `deliverEntrusted` before he is answered, and `takeBack`
   * when he asks again.
   */
  entrust(write: () => void): void {
    this.#isEntrusting = true;
    try {
      write();
    } catch (error) {
      // Their rows are gone, and others will have their numbers.
      this.#entrusted.clear();
      throw error;
    } finally {
      this.#isEntrusting = false;
    }
  }

  /**
   * Resolves when all that was entrusted is delivered. What is not within `patienceMs` is the outbox's own from then on.
   */
  async deliverEntrusted(patienceMs: number): Promise<void> {
    if (this.#entrusted.size > 0) await atMost(patienceMs, this.flush());
    if (this.#entrusted.size > 0) this.takeBack();
  }

  /** Sends what was entrusted and may not have been delivered as all else: who asked may not do so again. */
  takeBack(): void {
    this.#deleteAnswered();
    this.#entrusted.clear();
    if (this.#sql.exec("SELECT 1 FROM outbox WHERE parked = ? LIMIT 1", ENTRUSTED).toArray().length === 0)
      return;
    this.#alarm.arm(this.#now() + CATCH_UP_MS);
    this.#sql.exec("UPDATE outbox SET parked = ? WHERE parked = ?", ON_ITS_WAY, ENTRUSTED);
    this.#searchAnew();
  }

  /** Rows have changed that this instance need not know of. */
  #searchAnew(): void {
    this.#mayHaveUnseen = true;
    this.#youngest.clear();
  }

  #sendNow(receiver: string): void {
    this.#ready.add(receiver);
    this.#serve();
  }

  /**
   * Delivers what was added. Safe to call at any time and not to await: everything it does is repeated from the
   * rows if it is cut off. Resolves when nothing is in flight and nothing added is left; never rejects.
   */
  async flush(): Promise<void> {
    this.#serve();
    while (this.#busy.size > 0) await Promise.all([...this.#busy.values()].map(({ ended }) => ended));
  }

  /** For the alarm handler: delivers everything due, also what failed before or was added before a restart. */
  async flushDue(): Promise<void> {
    this.#mayHaveUnseen = true;
    await this.flush();
  }

  #serve(): void {
    try {
      this.#serveDue();
    } catch (error) {
      console.error({ message: "outbox failed, the alarm tries again", error: String(error) });
    }
  }

  #serveDue(): void {
    while (this.#busy.size < CONCURRENT_RECEIVERS) {
      if (this.#ready.size === 0 && this.#mayHaveUnseen) this.#scan();
      const receiver = this.#ready.values().next().value;
      if (receiver === undefined) return;
      this.#ready.delete(receiver);
      // A receiver that is being served is served until it has nothing due.
      if (this.#busy.has(receiver)) continue;
      const oldest = this.#oldestDue(receiver);
      if (oldest) this.#start(oldest);
    }
  }

  #scan(): void {
    this.#deleteAnswered();
    const due = this.#sql
      .exec<{ receiver: string }>(
        `SELECT receiver FROM (SELECT receiver, MIN(id), due_at FROM outbox WHERE parked = 0 GROUP BY receiver)
         WHERE due_at <= ? LIMIT ?`,
        this.#now(),
        SCAN_LIMIT,
      )
      .toArray();
    for (const { receiver } of due) this.#ready.add(receiver);
    this.#mayHaveUnseen = due.length === SCAN_LIMIT;
  }

  #start(row: OutboxRow): void {
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    // Nobody may be waiting when it is given up.
    givenUp.catch(() => {});
    // Not in this turn: what is called must find its receiver busy, and the caller's commit complete.
    const ended = Promise.resolve().then(() => this.#deliverInOrder(row, givenUp));
    this.#busy.set(row.receiver, { since: this.#now(), giveUp, ended });
    // The alarm is what notices that no answer comes: a timer for each message would keep the object awake.
    if (!this.#entrusted.has(row.id)) this.#alarm.arm(this.#now() + MESSAGE_TIMEOUT_MS);
  }

  async #deliverInOrder(oldest: OutboxRow, givenUp: Promise<never>): Promise<void> {
    let row: OutboxRow | undefined = oldest;
    try {
      while (row && (await this.#delivered(row, givenUp))) row = this.#nextAfter(row);
    } catch (error) {
      console.error({ message: "outbox failed, the alarm tries again", error: String(error) });
    } finally {
      // In the turn of the last look: a message added after it finds its receiver free.
      this.#busy.delete(oldest.receiver);
    }
    this.#serve();
    if (this.#busy.size === 0 && this.#isUntidy) this.#tidySoon();
  }

  #tidySoon(): void {
    clearTimeout(this.#tidying);
    this.#tidying = setTimeout(() => this.#tidy(), TIDY_AFTER_MS);
  }

  /** Deletes what was answered, and moves the alarm to what is left: nothing, most of the time. */
  #tidy(): void {
    if (this.#busy.size > 0 || !this.#isUntidy) return;
    try {
      this.#deleteAnswered();
      this.#alarm.settleAtEarliest();
    } catch (error) {
      console.error({ message: "outbox not tidied, the alarm does it", error: String(error) });
    }
  }

  /** What is to be sent after a message that was delivered: looked for only where it may be there. */
  #nextAfter({ receiver, id }: OutboxRow): OutboxRow | undefined {
    if (this.#youngest.get(receiver) !== id) return this.#oldestDue(receiver);
    this.#youngest.delete(receiver);
    return undefined;
  }

  /** The oldest message of a receiver, unless it failed and waits for its next attempt. */
  #oldestDue(receiver: string): OutboxRow | undefined {
    // What is entrusted is from this object's first turn, and none of it has failed: all else is younger.
    const entrusted = this.#entrusted.size > 0 ? this.#oldest(receiver, ENTRUSTED) : undefined;
    const row = entrusted ?? this.#oldest(receiver, ON_ITS_WAY);
    return row && row.due_at <= this.#now() ? row : undefined;
  }

  #oldest(receiver: string, parked: number): OutboxRow | undefined {
    return this.#sql
      .exec<OutboxRow>(
        "SELECT * FROM outbox WHERE parked = ? AND receiver = ? AND id > ? ORDER BY id LIMIT 1",
        parked,
        receiver,
        this.#answeredUpTo.get(receiver) ?? 0,
      )
      .toArray()[0];
  }

  async #delivered(row: OutboxRow, givenUp: Promise<never>): Promise<boolean> {
    const flight = this.#busy.get(row.receiver);
    if (flight) flight.since = this.#now();
    try {
      const message = {
        receiver: row.receiver,
        method: row.method,
        args: JSON.parse(row.args) as JsonValue[],
      };
      const answer = await Promise.race([this.#deliver(message), givenUp]);
      this.#onDelivered(message, answer);
      this.#answered.push(row.id);
      this.#answeredUpTo.set(row.receiver, row.id);
      if (!this.#entrusted.delete(row.id)) this.#isUntidy = true;
      return true;
    } catch (error) {
      this.#failed(row, error);
      return false;
    }
  }

  #deleteAnswered(): void {
    if (this.#answered.length === 0) return;
    this.#sql.exec(
      "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(this.#answered),
    );
    this.#answered = [];
    this.#answeredUpTo.clear();
    this.#isUntidy = false;
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
      parked ? PARKED : ON_ITS_WAY,
      row.id,
    );
    // All of it, with the younger ones of its receiver: they are not to go while it waits.
    if (this.#entrusted.delete(row.id)) this.takeBack();
    if (!parked) this.#alarm.arm(dueAt);
    // The next one of this receiver is free to go.
    else this.#ready.add(row.receiver);
  }

  /**
   * For the alarm handler: tidies up, stops waiting for answers that do not come, and says when the outbox wants to
   * be looked at again; undefined when nothing waits.
   */
  settle(): number | undefined {
    this.#deleteAnswered();
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const { since, giveUp } of this.#busy.values()) {
      const answerBy = since + MESSAGE_TIMEOUT_MS;
      if (answerBy <= now) giveUp(new Error(`no answer within ${MESSAGE_TIMEOUT_MS} ms`));
      // What is given up fails in a moment, and then has a time for its next attempt.
      next = Math.min(next, answerBy <= now ? now + CATCH_UP_MS : answerBy);
    }
    const oldest = this.#sql
      .exec<{ receiver: string; due: number }>(
        `SELECT receiver, due_at AS due FROM
           (SELECT receiver, MIN(id), due_at FROM outbox WHERE parked = 0 GROUP BY receiver)
         ORDER BY due_at LIMIT ?`,
        this.#busy.size + 1,
      )
      .toArray()
      .find(({ receiver }) => !this.#busy.has(receiver));
    next = Math.min(next, oldest?.due ?? next);
    return Number.isFinite(next) ? next : undefined;
  }

  /** True when this message is on its way to this receiver, with whatever arguments. */
  holds({ receiver, method }: Pick<Message, "receiver" | "method">): boolean {
    this.#deleteAnswered();
    const query = "SELECT 1 FROM outbox WHERE parked = 0 AND receiver = ? AND method = ? LIMIT 1";
    return this.#sql.exec(query, receiver, method).toArray().length > 0;
  }

  /** The same where it is on its way, or waits for an operator. */
  holdsStill({ receiver, method }: Pick<Message, "receiver" | "method">): boolean {
    this.#deleteAnswered();
    const query = "SELECT 1 FROM outbox WHERE parked IN (?, ?) AND receiver = ? AND method = ? LIMIT 1";
    return this.#sql.exec(query, ON_ITS_WAY, PARKED, receiver, method).toArray().length > 0;
  }

  /** True when anything is on its way, or waits for an operator. */
  holdsAny(): boolean {
    this.#deleteAnswered();
    return (
      this.#sql.exec("SELECT 1 FROM outbox WHERE parked IN (?, ?) LIMIT 1", ON_ITS_WAY, PARKED).toArray()
        .length > 0
    );
  }

  /** What waits for an operator, oldest first, at most 500. */
  parked(): { id: number; receiver: string; method: string; attempts: number; lastError: string }[] {
    return this.#sql
      .exec<{ id: number; receiver: string; method: string; attempts: number; last_error: string | null }>(
        "SELECT id, receiver, method, attempts, last_error FROM outbox WHERE parked = 1 ORDER BY id LIMIT 500",
      )
      .toArray()
      .map(({ last_error, ...row }) => ({ ...row, lastError: last_error ?? "" }));
  }

  /** An operator's retry of everything parked; gives how many. Call `flush` after the commit. */
  unpark(): number {
    this.#deleteAnswered();
    const retried = this.#sql
      .exec(
        "UPDATE outbox SET parked = 0, attempts = 0, due_at = ? WHERE parked = 1 RETURNING id",
        this.#now(),
      )
      .toArray().length;
    this.#searchAnew();
    if (retried > 0) this.#alarm.arm(this.#now());
    return retried;
  }
}
