// The life of a run after its end: it is archived, its storage is given up, and what was archived comes back when
// somebody asks for it. `RETIRE` is its one timer: it has none before the directory, which knows every run that is over,
// has asked whether it may go.
//
// 1. Nothing is given up before the archive, where there is one, has it whole, and everyone was told what the outbox
//    holds: the actor sees to that, in the turn of the deletion.
// 2. Each look first sets the time of the next: the power may go out at any point.
// 3. What is brought back is there at once and in full: `start` is the last part to be written.
import { HISTORY_FORMAT, type HistoryHead } from "../../src/protocol/history.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { LogLine } from "../../src/protocol/run.ts";
import type { Alarm } from "../../src/storage/alarm.ts";
import type { Timers } from "../../src/storage/timers.ts";
import { endOf, successorIn } from "../../src/workflow/journal-state.ts";
import { parentOfRun } from "../../src/workflow/parent.ts";
import { maskedStart } from "../../src/workflow/secrets/masked-effects.ts";
import { maskedRecord } from "../../src/workflow/secrets/masked-record.ts";
import type { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";
import { LOOK_AGAIN_MS, LOOKED_AT_MS } from "../retention.ts";
import { sha256 } from "../sha256.ts";
import type { ArchivedRun, archiveOf } from "./archive.ts";
import type { JournalStore } from "./journal.ts";
import type { LogReader } from "./log-reader.ts";
import type { LogStore } from "./log-store.ts";
import type { Origin, Parts, StoredStart } from "./parts.ts";

/** No timer of the engine has this id. */
export const RETIRE = "host:retire";

/** In UTF-16 code units: how much of an archive is read before it is written. */
const BATCH_LENGTH = 256 * 1024;

export interface RetirementPorts {
  /** Undefined when no bucket is bound. */
  archive(workspace: string): ReturnType<typeof archiveOf>;
  /** Milliseconds that a run is kept after its end. Throws when that is not known. */
  retentionMs(): number;
  /** Whether the run has started others that go on. */
  hasChildren(workspace: string, parent: string): Promise<boolean>;
  /** What is secret in the run: nothing of it leaves with what is archived. */
  secrets(): RunSecrets;
  now(): number;
}

export class Retirement {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #parts: Parts;
  readonly #journal: JournalStore;
  readonly #log: LogStore;
  readonly #logReader: LogReader;
  readonly #ports: RetirementPorts;

  constructor(options: {
    alarm: Alarm;
    timers: Timers;
    parts: Parts;
    journal: JournalStore;
    log: LogStore;
    logReader: LogReader;
    ports: RetirementPorts;
  }) {
    this.#alarm = options.alarm;
    this.#timers = options.timers;
    this.#parts = options.parts;
    this.#journal = options.journal;
    this.#log = options.log;
    this.#logReader = options.logReader;
    this.#ports = options.ports;
  }

  /** Sees to it that whether the run may go is looked at now, and again until it may. */
  ask(): void {
    this.#lookAgain(this.#ports.now());
  }

  /**
   * The timer is due: archives the run, and says whether its storage may be deleted now, as far as the outbox allows.
   * The timer is set to when to ask again. Throws what the archive throws.
   */
  async mayGo(): Promise<boolean> {
    const now = this.#ports.now();
    this.#lookAgain(now + LOOK_AGAIN_MS);
    const start = this.#parts.get("start");
    const end = endOf(this.#journal.last());
    if (!start || !end) return false;
    const origin = this.#parts.get("origin");
    const until =
      origin?.how === "restored"
        ? origin.at + LOOKED_AT_MS
        : Math.max(end.at, origin?.at ?? 0) + this.#ports.retentionMs();
    if (until > now) {
      this.#lookAgain(until);
      return false;
    }
    // A parent knows a child by the first run of its chain, which hands on what the parent tells it.
    const parent = successorIn(end.data) ? parentOfRun(start) : undefined;
    if (parent && (await this.#ports.hasChildren(start.workspace, parent.run))) return false;
    return await this.#archive(start);
  }

  /** Whether the run may go: it is in the archive, or there is none. */
  async #archive(start: StoredStart): Promise<boolean> {
    const { id, workspace } = start;
    const archive = this.#ports.archive(workspace);
    if (!archive) return true;
    const records = this.#journal.lastSeq();
    const found = await archive.found(id);
    if (found && !isSameStart(found.head.run, start)) {
      console.error({
        message: "the archive has another run of this id, so this one stays in its object",
        run: id,
      });
      return false;
    }
    if (found?.records === String(records)) return true;
    const head = this.head();
    if (!head) throw new Error("the run's program is no longer kept");
    const { journal, log } = { journal: this.#journal, log: this.#logReader };
    const newestLine = log.lastSeq();
    const secrets = this.#ports.secrets();
    await archive.put(id, {
      records,
      history: historyText(head, journal, secrets),
      log: logText(log.pages(newestLine, secrets.mask)),
    });
    return true;
  }

  /** The first line of the run's history as a file; undefined before it has begun. */
  head(): HistoryHead | undefined {
    const run = this.#parts.get("start");
    const program = this.#parts.get("program");
    if (!run || !program) return undefined;
    const shown = maskedStart(run, this.#ports.secrets());
    // Checked when the run began.
    return { history: HISTORY_FORMAT, run: shown, program } as unknown as HistoryHead;
  }

  #lookAgain(dueAt: number): void {
    this.#timers.set({ id: RETIRE, kind: "retire", dueAt, data: null });
  }

  /** Brings an archived run back. The tables are there; what an earlier try has left in them goes. */
  async restore(archived: ArchivedRun): Promise<void> {
    const { journal, log } = { journal: this.#journal, log: this.#log };
    const now = this.#ports.now();
    // Should this be cut off and never asked for again, the timer clears it away.
    this.#alarm.transaction(() => {
      this.#lookAgain(now + LOOKED_AT_MS);
      journal.clear();
      log.clear();
    });
    const lines = archived.history[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error("the archived history is empty");
    const { run, program } = JSON.parse(first.value) as HistoryHead;
    await inBatches<JournalRecord>({ [Symbol.asyncIterator]: () => lines }, (records) =>
      journal.append(records),
    );
    await inBatches<LogLine>(archived.log, (some) => log.restore(some));
    this.#settle(run as unknown as StoredStart, program, { how: "restored", at: now });
  }

  /** Keeps a run that was over somewhere else. The tables are there, in the caller's transaction. */
  adopt({ run, program }: HistoryHead, records: readonly JournalRecord[], by: string): void {
    const now = this.#ports.now();
    // The directory may have told this run to go once already, and tells each once.
    this.#lookAgain(now + LOOK_AGAIN_MS);
    this.#journal.append(records);
    this.#settle(run as unknown as StoredStart, program, { how: "imported", at: now, by });
  }

  #settle(run: StoredStart, program: HistoryHead["program"], origin: Origin): void {
    this.#alarm.transaction(() => {
      this.#parts.put("program", program);
      this.#parts.put("origin", origin);
      this.#parts.put("start", run);
    });
  }
}

/** Both are of one run, and not of an event that came again when its first arrival was forgotten. */
function isSameStart({ event, eventSeq }: HistoryHead["run"], start: StoredStart): boolean {
  return eventSeq === start.eventSeq && event.time === start.event.time;
}

function* historyText(head: HistoryHead, journal: JournalStore, secrets: RunSecrets): Generator<string> {
  yield textOf([head]);
  for (const row of journal.rows()) yield textOf(row.map((record) => maskedRecord(record, secrets, sha256)));
}

function* logText(pages: Iterable<LogLine[]>): Generator<string> {
  for (const lines of pages) yield textOf(lines);
}

function textOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

async function inBatches<T>(lines: AsyncIterable<string>, write: (values: T[]) => void): Promise<void> {
  let batch: T[] = [];
  let length = 0;
  for await (const line of lines) {
    batch.push(JSON.parse(line) as T);
    length += line.length;
    if (length < BATCH_LENGTH) continue;
    write(batch);
    batch = [];
    length = 0;
  }
  write(batch);
}
