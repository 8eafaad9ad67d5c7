// How records are written in the rows of the journal, and read back. The public form of a record is docs/journal.md's;
// that of a row is private to the run's storage, and made to be small and quick to parse:
//
//     {"n": 4, "at": 1764000000000, "calls": [{"kind": "uuid", "name": "", …}], "entries": [[0, "0#1", "4f…"], …]}
//
// 1. `n` is how many records the row holds, without a gap; `at` is the time of the first.
// 2. A call is what a `scheduled` record says besides whose it is: a loop says the same again and again.
// 3. An entry is one of
//        150                           as many milliseconds pass until the next
//        [call, command]               a `scheduled` record
//        [command, value]              a `completed` one that is ok and says nothing else
//        [call, command, value]        the two, one after the other
//        [note, command, data]         a `noted` one, with "" where it is about no command
//        {"type": …}                   a record that is none of these, without `seq` and `at`
// 4. Rows of earlier versions are arrays of records in the public form. They stay as they are, and are read for ever.
import type { CommandId } from "../../src/protocol/ids.ts";
import type {
  CompletedRecord,
  EncodedValue,
  JournalRecord,
  NotedRecord,
  NoteKind,
  ScheduledRecord,
} from "../../src/protocol/journal.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { isSameJson } from "../../src/workflow/canonical-json.ts";

export interface JournalRow {
  /** Of its first record. */
  seq: number;
  text: string;
}

/** In UTF-16 code units: a row is begun anew beyond this. Small, so that reading a page reads little else. */
const ROW_LENGTH = 32 * 1024;

type Call = Omit<ScheduledRecord, "seq" | "at" | "type" | "command">;
type OtherRecord = Omit<JournalRecord, "seq" | "at">;
type Entry =
  | number
  | [call: number, command: CommandId, value?: EncodedValue]
  | [command: CommandId, value: EncodedValue]
  | [note: NoteKind, command: CommandId | "", data: JsonObject]
  | OtherRecord;

interface StoredRow {
  n: number;
  at: number;
  calls: Call[];
  entries: Entry[];
}

// ------------------------------------------------------------------------- writing

/** The rows for the records of one commit: one, or as many as they need. */
export function rowsOf(records: readonly JournalRecord[]): JournalRow[] {
  const rows: JournalRow[] = [];
  let row: OpenRow | undefined;
  for (const record of records) {
    if (row?.add(record)) continue;
    if (row) rows.push(row.close());
    row = new OpenRow(record);
  }
  if (row) rows.push(row.close());
  return rows;
}

/** What a call says by its number in a row; `added` when no call of the row has said it yet. */
interface NumberedCall {
  number: number;
  added?: string;
}

class OpenRow {
  readonly #first: JournalRecord;
  #count = 0;
  #at: number;
  readonly #calls: string[] = [];
  readonly #callNumbers = new Map<string, number>();
  readonly #entries: string[] = [];
  #length = 0;
  #last: JournalRecord | undefined;
  #lastCall: { record: ScheduledRecord; number: number } | undefined;

  constructor(first: JournalRecord) {
    this.#first = first;
    this.#at = first.at;
    this.add(first);
  }

  /** Whether there was room for it. There always is for the first. */
  add(record: JournalRecord): boolean {
    const isNext = record.seq === this.#first.seq + this.#count;
    if (!isNext || (this.#count > 0 && this.#length > ROW_LENGTH)) return false;
    const isAtOnce = this.#isOutcomeOfLast(record);
    const call = record.type === "scheduled" ? this.#callOf(record) : undefined;
    const text = isAtOnce ? JSON.stringify(record.outcome.ok) : entryOf(record, call?.number);
    const length = text.length + 1 + (call?.added === undefined ? 0 : call.added.length + 1);
    const isTooLong = this.#count > 0 && this.#length + length - 1 > ROW_LENGTH;
    if (isTooLong) return false;
    if (record.type === "scheduled" && call) this.#keepCall(record, call);
    if (isAtOnce) this.#entries.push(`${this.#entries.pop()?.slice(0, -1)},${text}]`);
    else {
      if (record.at !== this.#at) this.#entries.push(String(record.at - this.#at));
      this.#entries.push(text);
    }
    this.#at = record.at;
    this.#count += 1;
    this.#length += length;
    this.#last = record;
    return true;
  }

  close(): JournalRow {
    const { seq, at } = this.#first;
    const text = `{"n":${this.#count},"at":${at},"calls":[${this.#calls.join(",")}],"entries":[${this.#entries.join(",")}]}`;
    return { seq, text };
  }

  #isOutcomeOfLast(record: JournalRecord): record is OkRecord {
    const last = this.#last;
    return (
      last?.type === "scheduled" && isOk(record) && record.command === last.command && record.at === last.at
    );
  }

  #callOf(record: ScheduledRecord): NumberedCall {
    if (this.#lastCall && isSameCall(this.#lastCall.record, record)) return { number: this.#lastCall.number };
    const { seq: _seq, at: _at, type: _type, command: _command, ...call } = record;
    const text = JSON.stringify(call);
    const number = this.#callNumbers.get(text);
    return number === undefined ? { number: this.#calls.length, added: text } : { number };
  }

  #keepCall(record: ScheduledRecord, { number, added }: NumberedCall): void {
    this.#lastCall = { record, number };
    if (added === undefined) return;
    this.#calls.push(added);
    this.#callNumbers.set(added, number);
  }
}

function entryOf(record: JournalRecord, call: number | undefined): string {
  if (record.type === "scheduled") return `[${call},${JSON.stringify(record.command)}]`;
  if (isOk(record)) return JSON.stringify([record.command, record.outcome.ok]);
  if (isPlainNote(record)) return JSON.stringify([record.note, record.command ?? "", record.data]);
  const { seq: _seq, at: _at, ...rest } = record;
  return JSON.stringify(rest);
}

type OkRecord = CompletedRecord & { outcome: { ok: EncodedValue } };

/** Whether nothing else is known of the command's end than its value. */
function isOk(record: JournalRecord): record is OkRecord {
  if (record.type !== "completed" || Object.keys(record).length !== 5) return false;
  const { outcome } = record;
  return "ok" in outcome && outcome.ok !== undefined && Object.keys(outcome).length === 1;
}

function isPlainNote(record: JournalRecord): record is NotedRecord {
  if (record.type !== "noted") return false;
  return Object.keys(record).length === (record.command === undefined ? 5 : 6);
}

/** Of a call that says nothing unusual; its record has four more. */
const CALL_MEMBERS = 5;
const SCHEDULED_MEMBERS = CALL_MEMBERS + 4;

/** Whether both say the same besides whose they are: that it is the same call in a loop, mostly. */
function isSameCall(a: ScheduledRecord, b: ScheduledRecord): boolean {
  return (
    a.digest === b.digest &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.position.line === b.position.line &&
    a.position.column === b.position.column &&
    a.position.file === b.position.file &&
    Object.keys(a).length === SCHEDULED_MEMBERS &&
    Object.keys(b).length === SCHEDULED_MEMBERS &&
    // The digest says so, unless the record comes from elsewhere.
    isSameJson(a.args, b.args)
  );
}

// ------------------------------------------------------------------------- reading

/** The records of a row. Those of the same call share what they say of it: not to be changed. */
export function recordsOf({ seq: first, text }: JournalRow): JournalRecord[] {
  const stored = JSON.parse(text) as StoredRow | JournalRecord[];
  if (Array.isArray(stored)) return stored;
  const calls = stored.calls.map((call) => ({ call, isPlain: Object.keys(call).length === CALL_MEMBERS }));
  const records: JournalRecord[] = [];
  let { at } = stored;
  let seq = first;
  for (const entry of stored.entries) {
    if (typeof entry === "number") at += entry;
    else if (!Array.isArray(entry)) records.push({ seq: seq++, at, ...entry } as JournalRecord);
    else if (typeof entry[0] === "number") {
      const [number, command, value] = entry as [number, CommandId, EncodedValue?];
      const known = calls[number];
      if (!known) throw new Error(`row ${first} of the journal has no call ${number}`);
      const { kind, name, digest, args, position } = known.call;
      // A literal of known shape is much quicker than a spread.
      records.push(
        known.isPlain
          ? { seq: seq++, at, type: "scheduled", command, kind, name, digest, args, position }
          : { seq: seq++, at, type: "scheduled", command, ...known.call },
      );
      if (value !== undefined) {
        records.push({ seq: seq++, at, type: "completed", command, outcome: { ok: value } });
      }
    } else if (entry.length === 2) {
      const [command, ok] = entry as [CommandId, EncodedValue];
      records.push({ seq: seq++, at, type: "completed", command, outcome: { ok } });
    } else {
      const [note, command, data] = entry as [NoteKind, CommandId | "", JsonObject];
      records.push(
        command === ""
          ? { seq: seq++, at, type: "noted", note, data }
          : { seq: seq++, at, type: "noted", command, note, data },
      );
    }
  }
  return records;
}

/** `seq` of the row's last record, without parsing a row of this form. */
export function lastSeqOf(row: JournalRow): number {
  const count = /^\{"n":(\d+),/.exec(row.text)?.[1];
  return count === undefined ? (recordsOf(row).at(-1)?.seq ?? 0) : row.seq + Number(count) - 1;
}
