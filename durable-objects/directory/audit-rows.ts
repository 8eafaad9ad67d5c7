// Who did what: append-only, each entry once.
import type { AuditEntry } from "../rpc.ts";

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

  /** Newest first; `next` is the `before` of the following page. */
  page(request: { before?: number; limit: number }): { entries: AuditEntry[]; next?: number } {
    const rows = this.#sql
      .exec<{ seq: number; body: string }>(
        "SELECT seq, body FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        request.before ?? Number.MAX_SAFE_INTEGER,
        request.limit + 1,
      )
      .toArray();
    const page = rows.slice(0, request.limit);
    const last = page.at(-1);
    return {
      entries: page.map(({ body }) => JSON.parse(body) as AuditEntry),
      ...(rows.length > request.limit && last && { next: last.seq }),
    };
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
