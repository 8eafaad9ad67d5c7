// The `runners` table: who polls this pool, for people to see. Nothing is decided by it.
import type { RunnerInfo } from "../../src/protocol/job.ts";

/** Being seen again is written at most this often: a row per poll would cost more than it tells. */
const SEEN_EVERY_MS = 15_000;
const FORGET_AFTER_MS = 24 * 3600_000;

export class RunnerRows {
  readonly #sql: SqlStorage;
  readonly #seenAt = new Map<string, { at: number; info: string }>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  seen(key: string, runner: RunnerInfo, now: number): void {
    const info = JSON.stringify(runner);
    const known = this.#seenAt.get(key);
    if (known && known.info === info && now - known.at < SEEN_EVERY_MS) return;
    this.#seenAt.set(key, { at: now, info });
    this.#sql.exec(
      `INSERT INTO runners (key, info, last_seen_at) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET info = excluded.info, last_seen_at = excluded.last_seen_at`,
      key,
      info,
      now,
    );
  }

  /** A heartbeat: it does not say who the runner is, but that it lives. */
  heard(key: string, now: number): void {
    const known = this.#seenAt.get(key);
    if (known && now - known.at < SEEN_EVERY_MS) return;
    if (known) this.#seenAt.set(key, { ...known, at: now });
    this.#sql.exec("UPDATE runners SET last_seen_at = ? WHERE key = ?", now, key);
  }

  all(): { key: string; info: RunnerInfo; lastSeenAt: number }[] {
    return this.#sql
      .exec<{ key: string; info: string; last_seen_at: number }>("SELECT * FROM runners ORDER BY key")
      .toArray()
      .map((row) => ({
        key: row.key,
        info: JSON.parse(row.info) as RunnerInfo,
        lastSeenAt: row.last_seen_at,
      }));
  }

  hasAny(): boolean {
    return this.#sql.exec("SELECT 1 FROM runners LIMIT 1").toArray().length > 0;
  }

  /** Drops runners that have not been seen for a day. */
  forgetOld(now: number): void {
    this.#sql.exec("DELETE FROM runners WHERE last_seen_at < ?", now - FORGET_AFTER_MS);
    for (const [key, { at }] of this.#seenAt) {
      if (at < now - FORGET_AFTER_MS) this.#seenAt.delete(key);
    }
  }
}
