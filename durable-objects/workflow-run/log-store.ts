// A run's log: what its script prints, and what its functions write, line by line.
//
// 1. A function's log is addressed by byte offset within its attempt: a repeated or overlapping chunk adds only
//    what is new, so a runner may send a chunk again whenever it does not know whether it arrived.
// 2. A run's log is bounded. Past the bound the offsets still advance, so that runners go on undisturbed.
import type { CommandId } from "../../src/protocol/ids.ts";
import type { LogLine } from "../../src/protocol/run.ts";
import type { ScriptLine } from "../../src/workflow/machine-types.ts";

export const MAX_RUN_LOG_BYTES = 16 * 1024 * 1024;
const MAX_LINE_LENGTH = 16 * 1024;
/** Lines of a page at most, whatever is asked for: an RPC answer holds 32 MiB, and a UTF-16 unit takes up to three bytes. */
const MAX_PAGE_LINES = 600;

interface Attempt {
  command: CommandId;
  attempt: number;
}
type Tail = { bytes: number; partial: string };

/** Script lines count towards the bound under a command that no script can have. */
const SCRIPT: Attempt = { command: "" as CommandId, attempt: 0 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

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
    let bytes = 0;
    for (const { at, command, text } of written) {
      const length = encoder.encode(text).byteLength;
      this.#add(at, "script", command, undefined, text.split("\n"), length);
      bytes += length;
    }
    // Script lines come whole, so their tail is only a count.
    this.#sql.exec(
      `INSERT INTO log_tails (command, attempt, bytes, partial) VALUES (?, ?, ?, '')
       ON CONFLICT (command, attempt) DO UPDATE SET bytes = log_tails.bytes + excluded.bytes`,
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
    const missing = Math.max(0, chunk.offset - tail.bytes);
    const text = decoder.decode(encoded.subarray(Math.max(0, tail.bytes - chunk.offset)));
    const lines = (tail.partial + text).split("\n");
    let partial = lines.pop() ?? "";
    if (missing > 0) lines.unshift(`[${missing} bytes of the log never arrived]`);
    if (partial.length > MAX_LINE_LENGTH) {
      lines.push(partial);
      partial = "";
    }
    this.#add(at, "function", chunk.command, chunk.attempt, lines, fresh);
    this.#setTail(chunk, { bytes: tail.bytes + fresh, partial });
  }

  /** The attempt is over: what it wrote without ending the line is its last line. */
  endFunction(at: number, attempt: Attempt): void {
    const { bytes, partial } = this.#tail(attempt);
    if (partial === "") return;
    this.#add(at, "function", attempt.command, attempt.attempt, [partial], 0);
    this.#setTail(attempt, { bytes, partial: "" });
  }

  /** Of the newest line; 0 before the first. */
  lastSeq(): number {
    return this.#sql.exec<{ seq: number | null }>("SELECT MAX(seq) AS seq FROM log_lines").one().seq ?? 0;
  }

  /** Lines with `seq` above `after`, at most `wanted`, fewer where a page holds fewer; `next` is the `after` of the following page. */
  page(after: number, wanted: number): { lines: LogLine[]; next?: number } {
    const limit = Math.min(wanted, MAX_PAGE_LINES);
    type Row = {
      seq: number;
      at: number;
      command: string | null;
      attempt: number | null;
      stream: "script" | "function";
      text: string;
    };
    const rows = this.#sql
      .exec<Row>("SELECT * FROM log_lines WHERE seq > ? ORDER BY seq LIMIT ?", after, limit + 1)
      .toArray();
    const lines = rows.slice(0, limit).map(({ command, attempt, ...line }) => ({
      ...line,
      ...(command === null ? {} : { command }),
      ...(attempt === null ? {} : { attempt }),
    }));
    const next = rows.length > limit ? lines.at(-1)?.seq : undefined;
    return next === undefined ? { lines } : { lines, next };
  }

  /** All lines up to `newest`, a page at a time. Others may use the storage between two of them. */
  *pages(newest: number): Generator<LogLine[]> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { lines, next }: { lines: LogLine[]; next?: number } = this.page(after, MAX_PAGE_LINES);
      yield lines.filter(({ seq }) => seq <= newest);
      after = next;
    }
  }

  /** Lines that were kept elsewhere, under their numbers. */
  restore(lines: readonly LogLine[]): void {
    for (const { seq, at, command, attempt, stream, text } of lines) {
      this.#sql.exec(
        "INSERT INTO log_lines (seq, at, command, attempt, stream, text) VALUES (?, ?, ?, ?, ?, ?)",
        seq,
        at,
        command ?? null,
        attempt ?? null,
        stream,
        text,
      );
    }
  }

  clear(): void {
    this.#sql.exec("DELETE FROM log_lines");
    this.#sql.exec("DELETE FROM log_tails");
    this.#taken = undefined;
  }

  #add(
    at: number,
    stream: LogLine["stream"],
    command: CommandId | undefined,
    attempt: number | undefined,
    lines: readonly string[],
    bytes: number,
  ): void {
    this.#taken ??=
      this.#sql.exec<{ bytes: number | null }>("SELECT SUM(bytes) AS bytes FROM log_tails").one().bytes ?? 0;
    const full = this.#taken >= MAX_RUN_LOG_BYTES;
    this.#taken += bytes;
    if (full) return;
    for (const line of lines) {
      for (let start = 0; start === 0 || start < line.length; start += MAX_LINE_LENGTH) {
        this.#insert(at, stream, command, attempt, line.slice(start, start + MAX_LINE_LENGTH));
      }
    }
    if (this.#taken >= MAX_RUN_LOG_BYTES) {
      const mebibytes = MAX_RUN_LOG_BYTES / 1024 / 1024;
      this.#insert(at, stream, command, attempt, `[the log ends here: a run keeps ${mebibytes} MiB]`);
    }
  }

  #insert(
    at: number,
    stream: LogLine["stream"],
    command: CommandId | undefined,
    attempt: number | undefined,
    text: string,
  ): void {
    this.#sql.exec(
      "INSERT INTO log_lines (at, command, attempt, stream, text) VALUES (?, ?, ?, ?, ?)",
      at,
      command ?? null,
      attempt ?? null,
      stream,
      text,
    );
  }

  #tail({ command, attempt }: Attempt): Tail {
    return (
      this.#sql
        .exec<Tail>(
          "SELECT bytes, partial FROM log_tails WHERE command = ? AND attempt = ?",
          command,
          attempt,
        )
        .toArray()[0] ?? { bytes: 0, partial: "" }
    );
  }

  #setTail({ command, attempt }: Attempt, { bytes, partial }: Tail): void {
    this.#sql.exec(
      `INSERT INTO log_tails (command, attempt, bytes, partial) VALUES (?, ?, ?, ?)
       ON CONFLICT (command, attempt) DO UPDATE SET bytes = excluded.bytes, partial = excluded.partial`,
      command,
      attempt,
      bytes,
      partial,
    );
  }
}
