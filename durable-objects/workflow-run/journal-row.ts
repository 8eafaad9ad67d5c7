// How records are written in the rows of the journal, and read back. The public form of a record is docs/journal.md's;
// that of a row is private to the run's storage, and made to be small and quick to parse:
//
//     {"n": 4, "at": 1764000000000, "calls": [{"kind": "uuid", "name": "", …}], "notes": [{"round": 1, …}, …],
//      "entries": [[0, "0#1", "4f…"], …]}
//
// 1. `n` is how many records the row holds, without a gap; `at` is the time of the first.
// 2. A call is what a `scheduled` record says besides whose it is: a loop says the same again and again. So do the notes
//    that all calls of a function have: what they say stands in `notes`, which is left out where there are none.
// 3. An entry is one of
//        150                           as many milliseconds pass until the next
//        [call, command]               a `scheduled` record
//        [command, value]              a `completed` one that is ok and says nothing else
//        [call, command, value]        the two, one after the other
//        [note, command, data]         a `noted` one, with "" where it is about no command
//        [note, command, n]            one that says what stands in `notes`
//        [note, command, n, inputs, time]   a decision of policy about these inputs: 0 for those of the command's call
//                                      in this row, and without `time` where that is the record's
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
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/protocol/json.ts";
import { isSameText } from "../../src/workflow/canonical-json.ts";
import { type DecisionData, isDecisionData, isSameDecision, withCall, withoutCall } from "./decision-data.ts";
import { type Numbered, SaidOnce, type Saying } from "./said-once.ts";

export interface JournalRow {
  /** Of its first record. */
  seq: number;
  text: string;
}

/** In UTF-16 code units: a row is begun anew beyond this. Small, so that reading a page reads little else. */
const ROW_LENGTH = 32 * 1024;

type Call = Omit<ScheduledRecord, "seq" | "at" | "type" | "command">;
type OtherRecord = Omit<JournalRecord, "seq" | "at">;
type NoteEntry = [
  note: NoteKind,
  command: CommandId | "",
  data: JsonObject | number,
  inputs?: JsonObject | 0,
  time?: string,
];
type Entry =
  | number
  | [call: number, command: CommandId, value?: EncodedValue]
  | [command: CommandId, value: EncodedValue]
  | NoteEntry
  | OtherRecord;

interface StoredRow {
  n: number;
  at: number;
  calls: Call[];
  notes?: JsonObject[];
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

class OpenRow {
  readonly #first: JournalRecord;
  #count = 0;
  #at: number;
  readonly #calls = new SaidOnce(calls);
  readonly #notes = new SaidOnce(notes);
  /** Of the calls in this row. */
  readonly #args = new Map<CommandId, JsonValue>();
  readonly #entries: string[] = [];
  #length = 0;
  #last: JournalRecord | undefined;

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
    const said = this.#said(record);
    const text = isAtOnce ? JSON.stringify(record.outcome.ok) : this.#entryOf(record, said?.number);
    const length = text.length + 1 + (said?.added === undefined ? 0 : said.added.length + 1);
    const isTooLong = this.#count > 0 && this.#length + length - 1 > ROW_LENGTH;
    if (isTooLong) return false;
    if (said) this.#keep(record, said);
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
    const notes = this.#notes.texts.length === 0 ? "" : `"notes":[${this.#notes.texts.join(",")}],`;
    const text = `{"n":${this.#count},"at":${at},"calls":[${this.#calls.texts.join(",")}],${notes}"entries":[${this.#entries.join(",")}]}`;
    return { seq, text };
  }

  #isOutcomeOfLast(record: JournalRecord): record is OkRecord {
    const last = this.#last;
    return (
      last?.type === "scheduled" && isOk(record) && record.command === last.command && record.at === last.at
    );
  }

  /** What of the record is said once a row. */
  #said(record: JournalRecord): Numbered | undefined {
    if (record.type === "scheduled") return this.#calls.find("", record);
    return isRepeatedNote(record) ? this.#notes.find(record.note, record.data) : undefined;
  }

  #keep(record: JournalRecord, said: Numbered): void {
    if (record.type === "scheduled") {
      this.#calls.keep("", record, said);
      this.#args.set(record.command, record.args);
    } else if (record.type === "noted") this.#notes.keep(record.note, record.data, said);
  }

  #entryOf(record: JournalRecord, number: number | undefined): string {
    if (record.type === "scheduled") return `[${number},${JSON.stringify(record.command)}]`;
    if (record.type === "noted" && number !== undefined) {
      const entry = `["${record.note}",${JSON.stringify(record.command)},${number}`;
      return `${entry}${isDecisionData(record.data) ? this.#ofCall(record, record.data) : ""}]`;
    }
    if (isOk(record)) return JSON.stringify([record.command, record.outcome.ok]);
    if (isPlainNote(record)) return JSON.stringify([record.note, record.command ?? "", record.data]);
    const { seq: _seq, at: _at, ...rest } = record;
    return JSON.stringify(rest);
  }

  /** What a decision says of this call alone. */
  #ofCall({ command, at }: NotedRecord, { input }: DecisionData): string {
    const { inputs } = input.function;
    const args = command === undefined ? undefined : this.#args.get(command);
    const isOfCall = isJsonObject(args) && isSameText(args.inputs, inputs);
    const time = input.time === isoTime(at) ? "" : `,${JSON.stringify(input.time)}`;
    return `,${isOfCall ? "0" : JSON.stringify(inputs)}${time}`;
  }
}

/** Notes of which all calls of a function have the same. */
const repeated: ReadonlySet<NoteKind> = new Set(["policy_decision", "attempt_started", "job_taken"]);

function isRepeatedNote(record: JournalRecord): record is NotedRecord {
  return isPlainNote(record) && record.command !== undefined && repeated.has(record.note);
}

const calls: Saying<ScheduledRecord> = {
  isSame: isSameCall,
  textOf({ seq: _seq, at: _at, type: _type, command: _command, ...call }) {
    return JSON.stringify(call);
  },
};

const notes: Saying<JsonObject> = {
  isSame(a, b) {
    if (isDecisionData(b)) return isDecisionData(a) && isSameDecision(a, b);
    return isSameText(a, b);
  },
  textOf: (data) => JSON.stringify(isDecisionData(data) ? withoutCall(data) : data),
};

let lastTime = { at: 0, text: new Date(0).toISOString() };

/** RFC 3339; "" beyond the times that it can say. */
function isoTime(at: number): string {
  if (at !== lastTime.at) lastTime = { at, text: Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : "" };
  return lastTime.text;
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
    // The digest does not know the order of keys, and records may come from elsewhere.
    isSameText(a.args, b.args)
  );
}

// ------------------------------------------------------------------------- reading

/** The records of a row. Those of the same call share what they say of it: not to be changed. */
export function recordsOf({ seq: first, text }: JournalRow): JournalRecord[] {
  const stored = JSON.parse(text) as StoredRow | JournalRecord[];
  if (Array.isArray(stored)) return stored;
  const calls = stored.calls.map((call) => ({ call, isPlain: Object.keys(call).length === CALL_MEMBERS }));
  const { notes = [] } = stored;
  const inputs = new Map<string, JsonObject>();
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
      if (notes.length > 0) inputs.set(command, (args as { inputs: JsonObject }).inputs);
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
      const [note, command, said, given, time] = entry as NoteEntry;
      let data = typeof said === "number" ? notes[said] : said;
      if (!data) throw new Error(`row ${first} of the journal has no note ${said}`);
      if (given !== undefined) {
        const about = given === 0 ? inputs.get(command) : given;
        if (!about) throw new Error(`row ${first} of the journal has no call ${command}`);
        data = withCall(data, about, time ?? isoTime(at));
      }
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
