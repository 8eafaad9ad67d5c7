// Locks, as they last told. One that nobody holds or waits for keeps an empty row until the next clean-up, so that
// nothing late brings it back.
import type { LockView } from "../../src/protocol/lock.ts";

const IDLE = "";
const MAX_LISTED = 500;

export class LockRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put(lock: LockView): void {
    const isIdle = lock.holders.length === 0 && lock.waitingCount === 0;
    this.#sql.exec(
      `INSERT INTO locks (key, version, body) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET version = excluded.version, body = excluded.body
       WHERE locks.version < excluded.version`,
      lock.key,
      lock.version,
      isIdle ? IDLE : JSON.stringify(lock),
    );
  }

  all(): LockView[] {
    return this.#sql
      .exec<{ body: string }>("SELECT body FROM locks WHERE body <> ? ORDER BY key LIMIT ?", IDLE, MAX_LISTED)
      .toArray()
      .map(({ body }) => JSON.parse(body) as LockView);
  }

  pruneIdle(): void {
    this.#sql.exec("DELETE FROM locks WHERE body = ?", IDLE);
  }
}
