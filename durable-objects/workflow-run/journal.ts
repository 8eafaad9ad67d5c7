// The journal on disk. The records of one commit share a row, since a row costs more than a record: to write, to
// keep and to read.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { assertFitsRow } from "../../src/storage/row-size.ts";
import { type JournalRow, lastSeqOf, recordsOf, rowsOf } from "./journal-row.ts";

/** From the one on that holds record `?`. */
const FROM_THE_ROW_OF =
  "WHERE seq >= (SELECT COALESCE(MAX(seq), 0) FROM journal WHERE seq <= ?) ORDER BY seq";
/**
 * In UTF-16 code units of JSON: a page ends beyond this. An RPC answer holds 32 MiB at most, and a unit takes up to
 * three bytes.
 */
const PAGE_LENGTH = 8 * 1024 * 1024;

export class JournalStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Throws when their `seq` is taken: two instances of one run would be a broken platform, not a merge. */
  append(records: readonly JournalRecord[]): void {
    for (const { seq, text } of rowsOf(records)) {
      assertFitsRow(text, `journal record ${seq}`);
      this.#sql.exec("INSERT INTO journal (seq, record) VALUES (?, ?)", seq, text);
    }
  }

  /** The last record, and all of them in order, read as they are asked for. Nothing may be appended meanwhile. */
  load(): { last: JournalRecord | undefined; records: Iterable<JournalRecord> } {
    const row = this.#lastRow();
    if (!row) return { last: undefined, records: [] };
    const tail = recordsOf(row);
    return {
      last: tail.at(-1),
      records: recordsAndTail(this.#rows("WHERE seq < ? ORDER BY seq", row.seq), tail),
    };
  }

  all(): JournalRecord[] {
    return [...this.load().records];
  }

  last(): JournalRecord | undefined {
    return this.load().last;
  }

  /** Of the newest record; 0 before the first. */
  lastSeq(): number {
    const row = this.#lastRow();
    return row ? lastSeqOf(row) : 0;
  }

  /**
   * Records with `seq` above `after`: at most `limit`, and no more rows than fit into an answer; `next` is the `after`
   * of the following page.
   */
  page(after: number, limit: number): { records: JournalRecord[]; next?: number } {
    const records: JournalRecord[] = [];
    let length = 0;
    for (const row of this.#rows(FROM_THE_ROW_OF, after + 1)) {
      for (const record of recordsOf(row)) {
        if (record.seq <= after) continue;
        length += JSON.stringify(record).length;
        const isFull = records.length === limit || (records.length > 0 && length > PAGE_LENGTH);
        if (isFull) return { records, next: records.at(-1)?.seq ?? after };
        records.push(record);
      }
    }
    return { records };
  }

  /** All records, those of a row at a time. Others may use the storage between two of them. */
  *rows(): Generator<JournalRecord[]> {
    for (let seq = 0; ; ) {
      const row = this.#row("WHERE seq > ? ORDER BY seq", seq);
      if (!row) return;
      yield recordsOf(row);
      seq = row.seq;
    }
  }

  clear(): void {
    this.#sql.exec("DELETE FROM journal");
  }

  #lastRow(): JournalRow | undefined {
    return this.#row("WHERE seq > ? ORDER BY seq DESC", 0);
  }

  #row(which: string, seq: number): JournalRow | undefined {
    // Read to its end: a query that is left open holds on to the table.
    return [...this.#rows(`${which} LIMIT 1`, seq)][0];
  }

  *#rows(which: string, seq: number): Generator<JournalRow> {
    const rows = this.#sql.exec(`SELECT seq, record FROM journal ${which}`, seq);
    for (const [first, text] of rows.raw<[number, string]>()) yield { seq: first, text };
  }
}

function* recordsAndTail(rows: Iterable<JournalRow>, tail: JournalRecord[]): Generator<JournalRecord> {
  for (const row of rows) yield* recordsOf(row);
  yield* tail;
}
