// What must hold of every actor's storage after every commit, and of every journal at the end: docs/replay.md, "What
// must hold".
import { createHash } from "node:crypto";
import type { JournalRecord, ScheduledRecord } from "../src/protocol/journal.ts";
import type { ProgramSource } from "../src/protocol/workflow.ts";
import { loadRun, loadWorkflow, type RunStart } from "../src/workflow/index.ts";
import type { Place } from "./cluster.ts";

/** Something that must hold does not. The message says what, where. */
export class Violation extends Error {}

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Watches commits. One for each simulation. */
export class CommitWatch {
  /** Records seen, by run, and the last row of them: what was committed stays as it was. */
  readonly #journals = new Map<string, { count: number; rowSeq: number; row: string }>();

  readonly #locks = new LockWatch();

  check(place: Place): void {
    if (place.kind === "WorkflowRun") this.#checkJournal(place);
    checkAlarm(place);
  }

  #checkJournal({ name, disk }: Place): void {
    if (!disk.hasTable("journal")) return;
    const known = this.#journals.get(name) ?? { count: 0, rowSeq: 0, row: "" };
    const rows = disk.read<{ seq: number; record: string }>(
      "SELECT seq, record FROM journal WHERE seq >= ? ORDER BY seq",
      known.rowSeq,
    );
    if (known.count > 0 && rows[0]?.record !== known.row) {
      throw new Violation(`${name}: record ${known.count} of the journal was changed or removed`);
    }
    for (const { seq: rowSeq, record: row } of known.count > 0 ? rows.slice(1) : rows) {
      Object.assign(known, { rowSeq, row });
      for (const record of JSON.parse(row) as JournalRecord[]) {
        known.count += 1;
        if (record.seq !== known.count) throw new Violation(`${name}: record ${known.count} is missing`);
        this.#locks.see(name, record);
      }
    }
    this.#journals.set(name, known);
  }
}

/** No two runs hold a lock at the same time, as their journals tell. */
class LockWatch {
  /** Keys of commands that are locks, and who holds each key. */
  readonly #keys = new Map<string, string>();
  readonly #holders = new Map<string, string>();

  see(run: string, record: JournalRecord): void {
    if (record.type === "scheduled" && record.kind === "lock") {
      this.#keys.set(`${run} ${record.command}`, record.name);
    }
    if (record.type === "scheduled" && record.kind === "unlock") this.#release(run, fiberOf(record.command));
    if (record.type === "noted" && record.note === "finished") this.#release(run, undefined);
    if (record.type !== "completed" || !("ok" in record.outcome)) return;
    const key = this.#keys.get(`${run} ${record.command}`);
    if (key === undefined) return;
    const holder = this.#holders.get(key);
    if (holder !== undefined)
      throw new Violation(`${run} was granted the lock ${key}, which ${holder} holds`);
    this.#holders.set(key, `${run} ${fiberOf(record.command)}`);
  }

  #release(run: string, fiber: string | undefined): void {
    for (const [key, holder] of this.#holders) {
      const isItsOwn = fiber === undefined ? holder.startsWith(`${run} `) : holder === `${run} ${fiber}`;
      if (isItsOwn) this.#holders.delete(key);
    }
  }
}

function fiberOf(command: string): string {
  return command.slice(0, command.indexOf("#"));
}

/** 4, for one actor: whatever is to be done later has an alarm that will do it. */
function checkAlarm({ name, disk, alarm }: Place): void {
  // The handler arms it when it is done.
  if (alarm.running || alarm.isAgain || !disk.hasTable("outbox")) return;
  const [row] = disk.read<{ due: number | null; what: string }>(
    `SELECT due_at AS due, 'the timer ' || id AS what FROM timers
     UNION ALL SELECT MIN(due_at), 'an outbox message' FROM outbox WHERE parked = 0 HAVING COUNT(*) > 0
     ORDER BY due LIMIT 1`,
  );
  if (!row || row.due === null) return;
  const at = disk.durableAlarm;
  if (at === null) throw new Violation(`${name}: nothing will wake it for ${row.what}`);
  // A message in flight is looked at again when its time for an answer is over.
  if (row.what !== "an outbox message" && at > row.due) {
    throw new Violation(`${name}: its alarm comes ${at - row.due} ms too late for ${row.what}`);
  }
}

/**
 * 1: replaying any prefix of a journal yields the commands of that prefix, in order, and no others: nothing that is
 * recorded is asked for again, and nothing differs.
 */
export function checkReplay(name: string, start: RunStart, program: ProgramSource, records: JournalRecord[]) {
  const workflow = loadWorkflow(program, { name: start.workflow, sha256Hex });
  if (!workflow.ok) throw new Violation(`${name}: its program does not load: ${workflow.error.message}`);
  for (let length = 1; length <= records.length; length += 1) {
    const prefix = records.slice(0, length);
    const machine = loadRun(workflow.value, { start, records: prefix, sha256Hex });
    const { records: added } = machine.handle(
      { type: "resume" },
      { now: 0, entropy: () => new Uint8Array(16) },
    );
    const { state, error } = machine.summary();
    if (state === "stuck") {
      throw new Violation(`${name}: the first ${length} records do not replay: ${error?.message}`);
    }
    // What the script goes on to call is what it called the first time.
    const next = records.slice(length).filter(isScheduled);
    for (const [index, command] of added.filter(isScheduled).entries()) {
      if (command.digest !== next[index]?.digest || command.command !== next[index]?.command) {
        throw new Violation(`${name}: after ${length} records, replay calls ${JSON.stringify(command)}`);
      }
    }
  }
}

function isScheduled(record: JournalRecord): record is ScheduledRecord {
  return record.type === "scheduled";
}

/** Each command has one outcome at most, and it comes after the command was scheduled. */
export function checkOutcomes(name: string, records: readonly JournalRecord[]): void {
  const open = new Set<string>();
  const seen = new Set<string>();
  for (const record of records) {
    if (record.type === "scheduled") {
      if (seen.has(record.command)) throw new Violation(`${name}: ${record.command} is scheduled twice`);
      seen.add(record.command);
      open.add(record.command);
    }
    if (record.type === "completed" && !open.delete(record.command)) {
      throw new Violation(`${name}: ${record.command} is completed twice, or before it was scheduled`);
    }
  }
}
