// The one alarm of an object, armed at the earliest of what its timers and its outbox wait for.
//
// 1. An alarm that is armed earlier than needed is harmless (the handler finds nothing due and re-arms);
//    one armed later strands work. So arming only ever moves the alarm forward in time, and the handler,
//    before which the platform clears the alarm, arms it anew at the true minimum.
//    So may whoever looks at all rows.
// 2. Arming happens in the turn that wrote the row, so both are in one atomic batch of writes.
// 3. An instance that has just started does not know what the platform holds. Its first arming therefore
//    takes the minimum over all rows: a later row must not push back the alarm of an earlier one.

/** Reads the earliest due time over both tables. Younger messages wait for the oldest one of their receiver. */
const EARLIEST = `
  SELECT MIN(due_at) AS due FROM (
    SELECT MIN(due_at) AS due_at FROM timers
    UNION ALL
    SELECT due_at FROM (SELECT MIN(id), due_at FROM outbox WHERE parked = 0 GROUP BY receiver)
  )`;

export class Alarm {
  readonly #storage: DurableObjectStorage;
  /**
   * What this instance knows to be armed, infinite when it is nothing; undefined after a cold start, when the platform
   * may hold an alarm.
   */
  #armedAt: number | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Nothing is armed and no row waits: there is nothing to look for before the first arming. */
  isOfNewObject(): void {
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Writes all or nothing. What was armed meanwhile is rolled back with the rows, so when `write` throws nothing is
   * known to be armed any more, or a later row would rely on an alarm that is not there.
   */
  transaction<T>(write: () => T): T {
    try {
      return this.#storage.transactionSync(write);
    } catch (error) {
      this.#armedAt = undefined;
      throw error;
    }
  }

  /** Makes sure the alarm fires at `dueAt` (ms since the epoch) or before. */
  arm(dueAt: number): void {
    if (this.#armedAt !== undefined && this.#armedAt <= dueAt) return;
    const earliest = this.#armedAt === undefined ? this.#earliest() : undefined;
    this.settle(Math.min(dueAt, earliest ?? dueAt));
  }

  /** Sets the alarm to exactly `dueAt`, or clears it: for the handler, once it knows the true minimum. */
  settle(dueAt: number | undefined): void {
    if (dueAt === this.#armedAt) return;
    this.#armedAt = dueAt;
    // Not awaited: within one turn it joins the writes around it, and a failure breaks the output gate.
    void (dueAt === undefined ? this.#storage.deleteAlarm() : this.#storage.setAlarm(dueAt));
  }

  /** Sets the alarm to what the rows say, and clears it when they say nothing. */
  settleAtEarliest(): void {
    this.settle(this.#earliest());
  }

  #earliest(): number | undefined {
    return this.#storage.sql.exec<{ due: number | null }>(EARLIEST).one().due ?? undefined;
  }

  /** The platform has fired and thereby cleared the alarm. */
  fired(): void {
    this.#armedAt = undefined;
  }
}
