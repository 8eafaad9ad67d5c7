// The journal on disk: one row a record.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

export class JournalStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Throws when a record's `seq` is taken: two instances of one run would be a broken platform, not a merge. */
  append(records: readonly JournalRecord[]): void {
    for (const record of records) {
      const text = JSON.stringify(record);
      assertFitsRow(text, `journal record ${record.seq}`);
      this.#sql.exec("INSERT INTO journal (seq, record) VALUES (?, ?)", record.seq, text);
    }
  }

  all(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const [text] of this.#sql.exec("SELECT record FROM journal ORDER BY seq").raw<[string]>()) {
      records.push(JSON.parse(text) as JournalRecord);
    }
    return records;
  }

  /** Records with `seq` above `after`, at most `limit`; `next` is the `after` of the following page. */
  page(after: number, limit: number): { records: JournalRecord[]; next?: number } {
    const records = this.#sql
      .exec<{ record: string }>(
        "SELECT record FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        limit + 1,
      )
      .toArray()
      .map(({ record }) => JSON.parse(record) as JournalRecord);
    if (records.length <= limit) return { records };
    const page = records.slice(0, limit);
    const next = page.at(-1)?.seq;
    return next === undefined ? { records: page } : { records: page, next };
  }
}
