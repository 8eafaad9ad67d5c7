// The journal on disk. The records of one commit share a row, since a row costs more than a record: to write, to
// keep and to read.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

/** In UTF-16 code units: a row is begun anew beyond this. Small, so that reading a page reads little else. */
const ROW_LENGTH = 128 * 1024;

export class JournalStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Throws when their `seq` is taken: two instances of one run would be a broken platform, not a merge. */
  append(records: readonly JournalRecord[]): void {
    let texts: string[] = [];
    let length = 0;
    let seq = 0;
    const insert = () => {
      if (texts.length === 0) return;
      const row = `[${texts.join(",")}]`;
      assertFitsRow(row, `journal record ${seq}`);
      this.#sql.exec("INSERT INTO journal (seq, record) VALUES (?, ?)", seq, row);
    };
    for (const record of records) {
      const text = JSON.stringify(record);
      if (texts.length === 0 || length + text.length > ROW_LENGTH) {
        insert();
        texts = [];
        length = 0;
        seq = record.seq;
      }
      texts.push(text);
      length += text.length + 1;
    }
    insert();
  }

  all(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const row of this.#rowsFrom(0)) for (const record of row) records.push(record);
    return records;
  }

  /** Of the newest record; 0 before the first. */
  lastSeq(): number {
    const last = this.#sql.exec<{ seq: number }>(
      "SELECT json_extract(record, '$[#-1].seq') AS seq FROM journal ORDER BY journal.seq DESC LIMIT 1",
    );
    return last.toArray()[0]?.seq ?? 0;
  }

  /** Records with `seq` above `after`, at most `limit`; `next` is the `after` of the following page. */
  page(after: number, limit: number): { records: JournalRecord[]; next?: number } {
    const records: JournalRecord[] = [];
    for (const row of this.#rowsFrom(after + 1)) {
      for (const record of row) {
        if (record.seq <= after) continue;
        if (records.length === limit) return { records, next: records.at(-1)?.seq ?? after };
        records.push(record);
      }
    }
    return { records };
  }

  /** The rows from the one on that holds record `seq`. */
  *#rowsFrom(seq: number): Generator<JournalRecord[]> {
    const rows = this.#sql.exec(
      "SELECT record FROM journal WHERE seq >= (SELECT COALESCE(MAX(seq), 0) FROM journal WHERE seq <= ?) ORDER BY seq",
      seq,
    );
    for (const [text] of rows.raw<[string]>()) yield JSON.parse(text) as JournalRecord[];
  }
}
