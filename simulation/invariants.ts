// What must hold of every actor's storage after every commit, and of every journal at the end: docs/replay.md, "What
// must hold".
import { hash } from "node:crypto";
import { recordsOf } from "../durable-objects/workflow-run/journal-row.ts";
import { isBatch } from "../src/events/start-event.ts";
import type { CloudEvent } from "../src/protocol/cloud-event.ts";
import type { JournalRecord, ScheduledRecord } from "../src/protocol/journal.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type { ProgramSource } from "../src/protocol/workflow.ts";
import { loadRun, loadWorkflow, type RunStart, type Workflow } from "../src/workflow/index.ts";
import { endOf } from "../src/workflow/journal-state.ts";
import { awaitsPlace } from "../src/workflow/place.ts";
import type { Place } from "./cluster.ts";
import { journalOf, startOf } from "./run-place.ts";
import { PACED_TRIGGERS } from "./trigger-workload.ts";

/** Something that must hold does not. The message says what, where. */
export class Violation extends Error {}

export function sha256Hex(text: string): string {
  return hash("sha256", text, "hex");
}

/** How many runs of one group of a trigger may go on at once, by the trigger's id. */
export type Limits = Readonly<Record<string, number | undefined>>;

/** Watches commits. One for each simulation. */
export class CommitWatch {
  /** Records seen, by run, and the last row of them: what was committed stays as it was. */
  readonly #journals = new Map<string, { count: number; rowSeq: number; row: string }>();
  readonly #locks = new LockWatch();
  readonly #places: PlaceWatch;
  readonly #turns = new TurnWatch();
  /** Whose alarm may no longer fit to what they have to do. */
  readonly #unchecked = new Set<Place>();

  constructor(limits: Limits) {
    this.#places = new PlaceWatch(limits);
  }

  check(place: Place): void {
    if (place.kind === "WorkflowRun") this.#checkJournal(place);
    if (place.kind === "EventBus") this.#turns.check(place);
    if (place.disk.takeNewDuties()) this.#unchecked.add(place);
    if (this.#unchecked.has(place) && isAlarmChecked(place)) this.#unchecked.delete(place);
  }

  #checkJournal(place: Place): void {
    const { name, disk } = place;
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
      for (const record of recordsOf({ seq: rowSeq, text: row })) {
        known.count += 1;
        if (record.seq !== known.count) throw new Violation(`${name}: record ${known.count} is missing`);
        this.#locks.see(name, record);
        this.#places.see(place, record);
      }
    }
    this.#journals.set(name, known);
    this.#locks.check();
  }
}

/** No more runs hold a lock at the same time than may, as their journals tell. */
class LockWatch {
  /** Commands that are locks: their keys. */
  readonly #keys = new Map<string, string>();
  /** How many may hold it, by key. */
  readonly #limits = new Map<string, number>();
  /** Runs and fibers, by key. */
  readonly #holders = new Map<string, Set<string>>();
  /** Runs and commands of locks that a run has inherited and not been granted itself. */
  readonly #lacked = new Set<string>();
  /** The one of those that it claims, by run. */
  readonly #claimed = new Map<string, string>();

  see(run: string, record: JournalRecord): void {
    if (record.type === "scheduled" && record.kind === "lock") {
      const { limit } = record.args as { limit?: number };
      this.#keys.set(`${run} ${record.command}`, record.name);
      this.#limits.set(record.name, limit ?? 1);
    }
    if (record.type === "scheduled" && record.kind === "unlock") this.#release(run, fiberOf(record.command));
    if (endOf(record)) this.#release(run, undefined);
    if (record.type === "noted" && record.note === "operator" && record.command === undefined)
      this.#operated(run, record.data);
    if (record.type !== "completed" || !("ok" in record.outcome)) return;
    // What a run has inherited it does not hold before it says so.
    if (!this.#lacked.has(`${run} ${record.command}`)) this.#hold(run, record.command);
  }

  /** When all that was committed at once has been seen: of what a fork has taken over, the most is over. */
  check(): void {
    for (const [key, holders] of this.#holders) {
      if (holders.size > (this.#limits.get(key) ?? 1))
        throw new Violation(`the lock ${key} is held by ${[...holders].join(" and ")}`);
    }
  }

  #operated(run: string, { action, by, place, locks = [] }: JsonObject): void {
    const claimed = this.#claimed.get(run);
    this.#claimed.delete(run);
    if (action === "resume" && by === "sluice" && claimed !== undefined) this.#hold(run, claimed);
    if (action !== "pause") return;
    for (const command of locks as string[]) this.#lacked.add(`${run} ${command}`);
    const [next] = locks as string[];
    if (next !== undefined && place !== true) this.#claimed.set(run, next);
  }

  #hold(run: string, command: string): void {
    const key = this.#keys.get(`${run} ${command}`);
    if (key === undefined) return;
    const holders = this.#holders.get(key) ?? new Set();
    this.#holders.set(key, holders.add(`${run} ${fiberOf(command)}`));
  }

  #release(run: string, fiber: string | undefined): void {
    const claimed = this.#claimed.get(run);
    if (claimed !== undefined && (fiber === undefined || fiberOf(claimed) === fiber))
      this.#claimed.delete(run);
    for (const holders of this.#holders.values()) {
      for (const holder of holders) {
        const isItsOwn = fiber === undefined ? holder.startsWith(`${run} `) : holder === `${run} ${fiber}`;
        if (isItsOwn) holders.delete(holder);
      }
    }
  }
}

/** No more runs of a group go on at the same time than have places in it. */
class PlaceWatch {
  readonly #limits: Limits;
  readonly #groups = new Map<string, Set<string>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  see(place: Place, record: JournalRecord): void {
    if (record.type !== "noted" || record.command !== undefined || !TURNS.includes(record.note)) return;
    const start = startOf(place);
    const limit = start && this.#limits[start.trigger.id];
    if (!start || limit === undefined) return;
    const key = PACED_TRIGGERS.includes(start.trigger.id) ? keyOf(start.event) : start.trigger.id;
    const runs = this.#groups.get(key) ?? new Set();
    this.#groups.set(key, runs);
    // One that is restarted is there before it has its place.
    if (record.note === "finished" || awaitsPlace(journalOf(place))) runs.delete(place.name);
    else if (runs.add(place.name).size > limit) {
      throw new Violation(`${[...runs].join(" and ")} go on at once, and ${limit} may`);
    }
  }
}

/** Notes with which a run begins to go on, or ends. */
const TURNS = ["started", "operator", "finished"];

interface QueuedRow {
  run: string;
  state: string;
  place_group: string;
  mode: string;
  priority: number;
  arrival: number;
}

/** Of those that wait for the same place, none begins before one of higher priority, nor out of order. */
class TurnWatch {
  /** Those that waited after the commit before. */
  #waiting = new Map<string, QueuedRow>();

  check({ disk }: Place): void {
    if (!disk.hasTable("starts")) return;
    const rows = disk.read<QueuedRow>(
      `SELECT run, state, place_group, priority, arrival, definition ->> '$.concurrency.mode' AS mode FROM starts
       WHERE place_group IS NOT NULL`,
    );
    const isLeft = rows.filter(({ run, state }) => state === "queued" && this.#waiting.has(run));
    for (const row of rows) {
      if (row.state !== "started" || !this.#waiting.has(row.run)) continue;
      const first = isLeft.find((other) => other.place_group === row.place_group && isBefore(other, row));
      if (first) throw new Violation(`${row.run} began before ${first.run}, whose turn it was`);
    }
    this.#waiting = new Map(rows.filter(({ state }) => state === "queued").map((row) => [row.run, row]));
  }
}

/** Whether one goes before another, as far as the mode of the group says. */
function isBefore(one: QueuedRow, other: QueuedRow): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  if (one.mode === "queue") return one.arrival < other.arrival;
  return one.mode === "newest_first" && one.arrival > other.arrival;
}

/** Of an event for the paced trigger, or of a batch of them, all of the same key. */
function keyOf(event: CloudEvent): string {
  const first = isBatch(event) ? (event.data.events.at(0) as CloudEvent | undefined) : event;
  return String((first?.data as { key?: string } | undefined)?.key);
}

function fiberOf(command: string): string {
  return command.slice(0, command.indexOf("#"));
}

/** 4, for one actor: whatever is to be done later has an alarm that will do it. False when that cannot be told yet. */
function isAlarmChecked({ name, disk, alarm }: Place): boolean {
  // The handler arms it when it is done.
  if (alarm.running || alarm.isAgain || !disk.hasTable("outbox")) return false;
  const [row] = disk.read<{ due: number | null; what: string }>(
    `SELECT due_at AS due, 'the timer ' || id AS what FROM timers
     UNION ALL SELECT MIN(due_at), 'an outbox message' FROM outbox WHERE parked = 0 HAVING COUNT(*) > 0
     ORDER BY due LIMIT 1`,
  );
  if (!row || row.due === null) return true;
  const at = disk.durableAlarm;
  if (at === null) throw new Violation(`${name}: nothing will wake it for ${row.what}`);
  // A message in flight is looked at again when its time for an answer is over.
  if (row.what !== "an outbox message" && at > row.due) {
    throw new Violation(`${name}: its alarm comes ${at - row.due} ms too late for ${row.what}`);
  }
  return true;
}

/** The workflows of runs, each loaded once: they are the same ones for all their runs. */
export class Workflows {
  readonly #loaded = new Map<string, Workflow>();

  of(name: string, start: RunStart, program: ProgramSource): Workflow {
    const key = `${start.workflow} ${program.digest}`;
    const known = this.#loaded.get(key);
    if (known) return known;
    const workflow = loadWorkflow(program, { name: start.workflow, sha256Hex, wasTaken: true });
    if (!workflow.ok) throw new Violation(`${name}: its program does not load: ${workflow.error.message}`);
    this.#loaded.set(key, workflow.value);
    return workflow.value;
  }
}

/**
 * 1: replaying any prefix of a journal yields the commands of that prefix, in order, and no others: nothing that is
 * recorded is asked for again, and nothing differs. The prefixes are those that a power cut can leave: whole rows.
 */
export function checkReplay(name: string, start: RunStart, workflow: Workflow, rows: JournalRecord[][]) {
  const records = rows.flat();
  let length = 0;
  for (const [index, row] of rows.entries()) {
    length += row.length;
    const prefix = records.slice(0, length);
    const machine = loadRun(workflow, { start, records: prefix, sha256Hex });
    // A fork has its first row from another run, whose signals may be there before it has waited for them.
    const isTakenOver = index === 0 && start.continues?.how === "forked";
    const { records: added } = machine.handle(
      { type: isTakenOver ? "begin_again" : "resume" },
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
