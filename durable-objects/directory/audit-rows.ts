// Who did what: append-only, each entry once.
import type { AuditEntry } from "../../src/protocol/audit.ts";

/** Characters after which a page ends: an answer between actors is limited. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;

export class AuditRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(entry: AuditEntry & { key: string }): void {
    const { key, ...body } = entry;
    this.#sql.exec(
      "INSERT OR IGNORE INTO audit (key, at, body) VALUES (?, ?, ?)",
      key,
      body.at,
      JSON.stringify(body),
    );
  }

  /** Newest first; `next` is the `before` of the following page. A page ends early when it grows large. */
  page(request: { before?: number; limit: number }): { entries: AuditEntry[]; next?: number } {
    const rows = this.#sql.exec<{ seq: number; body: string }>(
      "SELECT seq, body FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
      request.before ?? Number.MAX_SAFE_INTEGER,
      request.limit + 1,
    );
    const entries: AuditEntry[] = [];
    let last = 0;
    let length = 0;
    for (const { seq, body } of rows) {
      if (entries.length === request.limit || length > MAX_PAGE_LENGTH) return { entries, next: last };
      entries.push(JSON.parse(body) as AuditEntry);
      length += body.length;
      last = seq;
    }
    return { entries };
  }

  /** Forgets entries older than `before`, at most `limit` of them; answers how many. */
  prune(before: number, limit: number): number {
    return this.#sql.exec(
      "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < ? LIMIT ?)",
      before,
      limit,
    ).rowsWritten;
  }
}
