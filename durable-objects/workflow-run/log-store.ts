// A run's log: what its script prints, and what its functions write, line by line.
//
// 1. A function's log is addressed by byte offset within its attempt: a repeated or overlapping chunk adds only
//    what is new, so a runner may send a chunk again whenever it does not know whether it arrived.
// 2. A run's log is bounded. Past the bound the offsets still advance, so that runners go on undisturbed.
// 3. A line that is too long for a row is kept in pieces that say whose continuation they are, so that what lies across
//    them can still be masked. log-reader.ts reads it.
import type { CommandId } from "../../src/protocol/ids.ts";
import { CUT } from "../../src/protocol/mask.ts";
import type { LogLine } from "../../src/protocol/run.ts";
import type { ScriptLine } from "../../src/workflow/machine-types.ts";

export const MAX_RUN_LOG_BYTES = 16 * 1024 * 1024;
/** In UTF-16 units. */
export const MAX_PIECE_LENGTH = 16 * 1024;
/** UTF-16 units of JSON in one statement: a value that is bound holds 2 MB, and a unit takes up to three bytes. */
const MAX_INSERT_LENGTH = 512 * 1024;

interface Attempt {
  command: CommandId;
  attempt: number;
}
/** `partial` is what of the last line is not written yet, `begun` is 1 when the beginning of that line is. */
type Tail = { bytes: number; partial: string; begun: number };
/** A line or, when it `continues`, what goes on the last one. */
interface Written {
  text: string;
  continues: boolean;
}
/** Where lines are from. */
interface Origin {
  at: number;
  command: CommandId | undefined;
  attempt: number | undefined;
  stream: LogLine["stream"];
}

/** Script lines count towards the bound under a command that no script can have. */
const SCRIPT: Attempt = { command: "" as CommandId, attempt: 0 };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export class LogStore {
  readonly #sql: SqlStorage;
  /** Bytes taken so far, of all streams; read when first needed. */
  #taken: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds what the script has printed and its builtins have written. */
  appendScript(written: readonly ScriptLine[]): void {
    if (written.length === 0) return;
    const rows: string[] = [];
    let bytes = 0;
    for (const { at, command, text } of written) {
      const length = encoder.encode(text).byteLength;
      const origin: Origin = { at, command, attempt: undefined, stream: "script" };
      this.#add(rows, origin, text.split("\n").map(wholeLine), length);
      bytes += length;
    }
    this.#insert(rows);
    // Script lines come whole, so their tail is only a count.
    this.#sql.exec(
      `INSERT INTO attempts (command, attempt, bytes) VALUES (?, ?, ?)
       ON CONFLICT (command, attempt) DO UPDATE SET bytes = attempts.bytes + excluded.bytes`,
      SCRIPT.command,
      SCRIPT.attempt,
      bytes,
    );
  }

  /** Adds the part of a chunk that is new. `offset` counts bytes of UTF-8 from the start of the attempt's log. */
  appendFunction(at: number, chunk: Attempt & { offset: number; text: string }): void {
    const tail = this.#tail(chunk);
    const encoded = encoder.encode(chunk.text);
    const fresh = encoded.byteLength - (tail.bytes - chunk.offset);
    if (fresh <= 0) return;
    const text = decoder.decode(encoded.subarray(Math.max(0, tail.bytes - chunk.offset)));
    const missing = Math.max(0, chunk.offset - tail.bytes);
    const before = missing === 0 ? [] : beforeGap(tail, missing);
    const [first = "", ...others] = text.split("\n");
    const known = missing === 0 ? tail : { partial: "", begun: 0 };
    const lines = [{ text: known.partial + first, continues: known.begun === 1 }, ...others.map(wholeLine)];
    const last = lines.pop() ?? wholeLine("");
    const { written, open } = openLine(last);
    const ended = lines.filter((line) => !line.continues || line.text !== "");
    const isKept = this.#addFunction(at, chunk, [...before, ...ended, ...written], fresh);
    const end = isKept ? { partial: open.text, begun: open.continues ? 1 : 0 } : { ...tail, partial: "" };
    this.#setTail(chunk, { ...end, bytes: tail.bytes + fresh });
  }

  /** The attempt is over: what it wrote without ending the line is its last line. */
  endFunction(at: number, attempt: Attempt): void {
    const { bytes, partial, begun } = this.#tail(attempt);
    if (partial === "") return;
    const last = { text: partial, continues: begun === 1 };
    const isKept = this.#addFunction(at, attempt, [last], 0);
    // A line whose end is lost stays open: what is there of it may end within a secret.
    this.#setTail(attempt, { bytes, partial: "", begun: isKept ? 0 : begun });
  }

  /** Lines that were kept elsewhere, under their numbers. */
  restore(lines: readonly LogLine[]): void {
    for (const { seq, at, command, attempt, stream, text, continues } of lines) {
      this.#sql.exec(
        "INSERT INTO log_lines (seq, at, command, attempt, stream, text, continues) VALUES (?, ?, ?, ?, ?, ?, ?)",
        seq,
        at,
        command ?? null,
        attempt ?? null,
        stream,
        text,
        continues ? 1 : null,
      );
    }
  }

  clear(): void {
    this.#sql.exec("DELETE FROM log_lines");
    this.#sql.exec("DELETE FROM attempts");
    this.#taken = undefined;
  }

  /** Whether there was room. */
  #addFunction(at: number, { command, attempt }: Attempt, lines: readonly Written[], bytes: number): boolean {
    const rows: string[] = [];
    const isKept = this.#add(rows, { at, command, attempt, stream: "function" }, lines, bytes);
    this.#insert(rows);
    return isKept;
  }

  /** Adds the lines to `rows`, as `#insert` takes them. Whether there was room. */
  #add(rows: string[], origin: Origin, lines: readonly Written[], bytes: number): boolean {
    this.#taken ??=
      this.#sql.exec<{ bytes: number | null }>("SELECT SUM(bytes) AS bytes FROM attempts").one().bytes ?? 0;
    const full = this.#taken >= MAX_RUN_LOG_BYTES;
    this.#taken += bytes;
    if (full) return false;
    for (const line of lines) for (const piece of piecesOf(line)) rows.push(rowOf(origin, piece));
    if (this.#taken >= MAX_RUN_LOG_BYTES) {
      const mebibytes = MAX_RUN_LOG_BYTES / 1024 / 1024;
      rows.push(rowOf(origin, wholeLine(`[the log ends here: a run keeps ${mebibytes} MiB]`)));
    }
    return true;
  }

  /** Many rows with one statement: a statement costs more than a row. */
  #insert(rows: readonly string[]): void {
    for (let start = 0, end = 0; start < rows.length; start = end) {
      let length = 0;
      do {
        length += rows[end]?.length ?? 0;
        end += 1;
      } while (end < rows.length && length + (rows[end]?.length ?? 0) <= MAX_INSERT_LENGTH);
      this.#sql.exec(
        `INSERT INTO log_lines (at, command, attempt, stream, text, continues)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
         FROM json_each(?) ORDER BY key`,
        `[${rows.slice(start, end).join(",")}]`,
      );
    }
  }

  #tail({ command, attempt }: Attempt): Tail {
    return (
      this.#sql
        .exec<Tail>(
          "SELECT bytes, partial, begun FROM attempts WHERE command = ? AND attempt = ?",
          command,
          attempt,
        )
        .toArray()[0] ?? { bytes: 0, partial: "", begun: 0 }
    );
  }

  #setTail({ command, attempt }: Attempt, { bytes, partial, begun }: Tail): void {
    this.#sql.exec(
      `INSERT INTO attempts (command, attempt, bytes, partial, begun) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (command, attempt) DO UPDATE SET
         bytes = excluded.bytes, partial = excluded.partial, begun = excluded.begun`,
      command,
      attempt,
      bytes,
      partial,
      begun,
    );
  }
}

/** As JSON. Half a character becomes one U+FFFD here, or SQLite would make three of it. */
function rowOf({ at, command, attempt, stream }: Origin, { text, continues }: Written): string {
  const kept = text.toWellFormed();
  return JSON.stringify([at, command ?? null, attempt ?? null, stream, kept, continues ? 1 : null]);
}

function wholeLine(text: string): Written {
  return { text, continues: false };
}

/** What there is to show where a part of the log never came: the line before it ends in the mark of one that was cut. */
function beforeGap({ partial, begun }: Tail, missing: number): Written[] {
  const cut = partial === "" && begun === 0 ? [] : [{ text: partial + CUT, continues: begun === 1 }];
  return [...cut, wholeLine(`[${missing} bytes of the log never arrived]`)];
}

/** What to write of a line that has not ended, and what to keep until more of it comes. */
function openLine(line: Written): { written: Written[]; open: Written } {
  if (line.text.length <= MAX_PIECE_LENGTH) return { written: [], open: line };
  const written = piecesOf(line);
  return { written, open: written.pop() ?? line };
}

/** A line in rows of bounded length. A character of two units stays whole: half of one cannot be kept. */
function piecesOf({ text, continues }: Written): Written[] {
  const pieces: Written[] = [];
  for (let start = 0; start === 0 || start < text.length; ) {
    const ahead = start + MAX_PIECE_LENGTH;
    const splits = ahead < text.length && isHighSurrogate(text.charCodeAt(ahead - 1));
    const end = splits ? ahead - 1 : ahead;
    pieces.push({ text: text.slice(start, end), continues: continues || start > 0 });
    start = end;
  }
  return pieces;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
