// The journal on disk. The records of one commit share a row, since a row costs more than a record: to write, to
// keep and to read.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";

/** In UTF-16 code units: a row is begun anew beyond this. Small, so that reading a page reads little else. */
const ROW_LENGTH = 128 * 1024;
/** In UTF-16 code units: a page ends beyond this. An RPC answer holds 32 MiB at most, and a unit takes up to three bytes. */
const PAGE_LENGTH = 8 * 1024 * 1024;

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
    for (const text of this.#textsFrom(0)) {
      for (const record of JSON.parse(text) as JournalRecord[]) records.push(record);
    }
    return records;
  }

  last(): JournalRecord | undefined {
    const seq = this.lastSeq();
    return this.page(seq - 1, 1).records[0];
  }

  /** Of the newest record; 0 before the first. */
  lastSeq(): number {
    const last = this.#sql.exec<{ seq: number }>(
      "SELECT json_extract(record, '$[#-1].seq') AS seq FROM journal ORDER BY journal.seq DESC LIMIT 1",
    );
    return last.toArray()[0]?.seq ?? 0;
  }

  /**
   * Records with `seq` above `after`: at most `limit`, and no more rows than fit into an answer; `next` is the `after`
   * of the following page.
   */
  page(after: number, limit: number): { records: JournalRecord[]; next?: number } {
    const records: JournalRecord[] = [];
    let length = 0;
    for (const text of this.#textsFrom(after + 1)) {
      const isFull = length > 0 && length + text.length > PAGE_LENGTH;
      length += text.length;
      for (const record of JSON.parse(text) as JournalRecord[]) {
        if (record.seq <= after) continue;
        if (isFull || records.length === limit) return { records, next: records.at(-1)?.seq ?? after };
        records.push(record);
      }
    }
    return { records };
  }

  /** All records, those of a row at a time. Others may use the storage between two of them. */
  *rows(): Generator<JournalRecord[]> {
    for (let seq = 0; ; ) {
      const found = this.#sql.exec<{ seq: number; record: string }>(
        "SELECT seq, record FROM journal WHERE seq > ? ORDER BY seq LIMIT 1",
        seq,
      );
      const [row] = found.toArray();
      if (!row) return;
      yield JSON.parse(row.record) as JournalRecord[];
      seq = row.seq;
    }
  }

  clear(): void {
    this.#sql.exec("DELETE FROM journal");
  }

  /** The rows from the one on that holds record `seq`. */
  *#textsFrom(seq: number): Generator<string> {
    const rows = this.#sql.exec(
      "SELECT record FROM journal WHERE seq >= (SELECT COALESCE(MAX(seq), 0) FROM journal WHERE seq <= ?) ORDER BY seq",
      seq,
    );
    for (const [text] of rows.raw<[string]>()) yield text;
  }
}
