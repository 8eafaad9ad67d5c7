// What changed last in the directory, in one order that survives restarts: a cursor into it is never ambiguous.

/** Enough for a tab that slept through a busy night; past that it reads everything anew. */
const KEPT = 20_000;
/** More at once than this is slower to send than to read anew. */
const MAX_CAUGHT_UP = 500;

export interface Change {
  seq: number;
  kind: string;
  id: string;
}

export class ChangeRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The newest cursor; 0 before the first change. */
  last(): number {
    const row = this.#sql.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'changes'");
    return row.toArray()[0]?.seq ?? 0;
  }

  note(kind: string, id: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO changes (kind, id) VALUES (?, ?)", kind, id);
    this.#sql.exec("DELETE FROM changes WHERE seq <= ?", this.last() - KEPT);
  }

  /** What changed after the cursor, oldest first; undefined when that is not known any more, or too much. */
  after(cursor: number): Change[] | undefined {
    const last = this.last();
    if (!Number.isSafeInteger(cursor) || cursor > last || cursor < last - KEPT) return undefined;
    const found = this.#sql
      .exec<{ seq: number; kind: string; id: string }>(
        "SELECT seq, kind, id FROM changes WHERE seq > ? ORDER BY seq LIMIT ?",
        cursor,
        MAX_CAUGHT_UP + 1,
      )
      .toArray();
    return found.length > MAX_CAUGHT_UP ? undefined : found;
  }
}
