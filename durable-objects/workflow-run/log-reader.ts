// A run's log as people may see it. There is no other way to read it, so that nothing is shown unmasked.
//
// What lies across the pieces of a long line is masked although they stand in different rows, and on different pages:
// a page looks as far around itself as the longest secret reaches. The end of what is known of a line that goes on counts
// as a cut, so that the beginning of a secret is not shown before the rest of it has come.
import { CUT, type Mask } from "../../src/protocol/mask.ts";
import type { LogLine } from "../../src/protocol/run.ts";
import { MAX_PIECE_LENGTH } from "./log-store.ts";

/**
 * Lines of a page at most, whatever is asked for: an RPC answer holds 32 MiB, and a UTF-16 unit takes up to three bytes.
 */
const MAX_PAGE_LINES = 600;

type Row = {
  seq: number;
  at: number;
  command: string | null;
  attempt: number | null;
  stream: LogLine["stream"];
  text: string;
  continues: 1 | null;
};

export interface LogPage {
  lines: LogLine[];
  /** The `after` of the following page. */
  next?: number;
}

export class LogReader {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Of the newest line; 0 before the first. */
  lastSeq(): number {
    return this.#sql.exec<{ seq: number | null }>("SELECT MAX(seq) AS seq FROM log_lines").one().seq ?? 0;
  }

  /** Lines with `seq` above `after`, at most `wanted`, fewer where a page holds fewer. */
  page(after: number, wanted: number, mask: Mask): LogPage {
    const limit = Math.min(wanted, MAX_PAGE_LINES);
    const rows = this.#sql
      .exec<Row>("SELECT * FROM log_lines WHERE seq > ? ORDER BY seq LIMIT ?", after, limit + 1)
      .toArray();
    const shown = rows.slice(0, limit);
    const texts = mask.isEmpty ? undefined : this.#masked(shown, mask);
    const lines = shown.map((row) => shownLine(row, texts?.get(row.seq) ?? row.text));
    const next = rows.length > limit ? shown.at(-1)?.seq : undefined;
    return next === undefined ? { lines } : { lines, next };
  }

  /** All lines up to `newest`, a page at a time. Others may use the storage between two of them. */
  *pages(newest: number, mask: Mask): Generator<LogLine[]> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { lines, next }: LogPage = this.page(after, MAX_PAGE_LINES, mask);
      yield lines.filter(({ seq }) => seq <= newest);
      after = next;
    }
  }

  /** The texts of some rows that follow each other, by `seq`. */
  #masked(rows: readonly Row[], mask: Mask): Map<number, string> {
    const texts = new Map<number, string>();
    for (const pieces of linesOf(rows)) {
      const before = this.#textBefore(pieces[0], mask.longest);
      const after = this.#textAfter(pieces.at(-1), mask.longest);
      const masked = mask.pieces([before, ...pieces.map(({ text }) => text), after]);
      pieces.forEach(({ seq }, index) => {
        texts.set(seq, masked[index + 1] ?? "");
      });
    }
    return texts;
  }

  /** What of a row's line stands in the rows before it, as far as it matters. */
  #textBefore(row: Row | undefined, wanted: number): string {
    if (!row?.continues) return "";
    const earlier = this.#sql.exec<Row>(
      `SELECT text, continues FROM log_lines
       WHERE stream = ? AND command IS ? AND attempt IS ? AND seq < ? ORDER BY seq DESC`,
      row.stream,
      row.command,
      row.attempt,
      row.seq,
    );
    let before = "";
    for (const { text, continues } of earlier) {
      before = text + before;
      if (!continues || before.length >= wanted) break;
    }
    return before;
  }

  /** What of a row's line stands behind it, as far as it matters and is known. */
  #textAfter(row: Row | undefined, wanted: number): string {
    // Only a row that is full is continued. One is shorter where a character of two units would have been split.
    if (!row || row.text.length < MAX_PIECE_LENGTH - 1) return "";
    const later = this.#sql.exec<Row>(
      `SELECT text, continues FROM log_lines
       WHERE stream = ? AND command IS ? AND attempt IS ? AND seq > ? ORDER BY seq`,
      row.stream,
      row.command,
      row.attempt,
      row.seq,
    );
    let after = "";
    for (const { text, continues } of later) {
      if (!continues) return after;
      after += text;
      if (after.length >= wanted) return after;
    }
    return after + this.#openEnd(row);
  }

  /** What is not written yet of the line that an attempt has not ended. */
  #openEnd({ command, attempt }: Row): string {
    const [tail] = this.#sql
      .exec<{ partial: string; begun: number }>(
        "SELECT partial, begun FROM attempts WHERE command = ? AND attempt = ?",
        command,
        attempt,
      )
      .toArray();
    return tail?.begun ? tail.partial + CUT : "";
  }
}

/** The rows by the lines that they are pieces of. */
function linesOf(rows: readonly Row[]): Row[][] {
  const lines: Row[][] = [];
  const open = new Map<string, Row[]>();
  for (const row of rows) {
    const writer = `${row.stream} ${row.command} ${row.attempt}`;
    const line = row.continues ? open.get(writer) : undefined;
    if (line) line.push(row);
    else {
      const begun = [row];
      open.set(writer, begun);
      lines.push(begun);
    }
  }
  return lines;
}

function shownLine({ command, attempt, continues, ...line }: Row, text: string): LogLine {
  return {
    ...line,
    text,
    ...(command === null ? {} : { command }),
    ...(attempt === null ? {} : { attempt }),
    ...(continues ? { continues: true } : {}),
  };
}
