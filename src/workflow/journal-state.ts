// What the journal says about a run, folded record by record. Live and after a load it is the same function of the
// same records; nothing else changes it. The script's side is execution.ts.
import type { ApprovalId, CommandId, RunId } from "../protocol/ids.ts";
import {
  type CompletedRecord,
  JOURNAL_FORMAT,
  type JournalRecord,
  type NotedRecord,
  noteKinds,
  type ScheduledRecord,
} from "../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { RunSummary } from "../protocol/run.ts";
import { noAnnotations } from "./annotations.ts";
import type { Command, KnownApproval, RunFold } from "./commands/kind.ts";
import { kindOf } from "./commands/registry.ts";
import type { RunOptions } from "./machine-types.ts";
import { RunSecrets } from "./secrets/run-secrets.ts";
import { type Signal, Signals } from "./signals.ts";

export interface FinishedNote {
  state: "succeeded" | "failed" | "cancelled";
  output?: JsonValue;
  error?: ErrorData;
  /**
   * Of a run that failed: the one whose outcome the error is, null where its script raised it; of one whose time was
   * over, the only one that it waited for. Older journals lack it.
   */
  command?: CommandId | null;
  traceback?: string;
  /** The run that it goes on as, and the data of that one's event where the script has given some. */
  continued?: { run: RunId; data?: JsonValue };
  /** The run that an operator has begun in its place. */
  restarted?: { run: RunId };
}

/** That the script was asked to stop. */
export interface CancelRequest {
  by: string;
  reason: string;
  /** Those that ended with it. */
  commands: CommandId[];
  /** The time limit that was over, where that is why. */
  timeoutMs?: number;
}

/** The record that ends a journal. */
export type EndRecord = NotedRecord & { note: "finished"; data: FinishedNote };

/** How the run of a journal ended whose last record is `last`; undefined while the run goes on. */
export function endOf(last: JournalRecord | undefined): EndRecord | undefined {
  return last?.type === "noted" && last.note === "finished" ? (last as EndRecord) : undefined;
}

/** Arrival numbers of the events that the run of a journal has consumed. */
export function arrivalsIn(records: readonly JournalRecord[]): number[] {
  return records.flatMap((record) =>
    record.type === "completed" && record.arrival !== undefined ? [record.arrival] : [],
  );
}

/** How a run ended, as a part of a sentence: "the run has …". */
export function endInWords({ state }: FinishedNote): string {
  return state === "cancelled" ? "been cancelled" : state;
}

/** The run that goes on in the place of one that ended like this, if one does. */
export function successorIn({ continued, restarted }: FinishedNote): RunId | undefined {
  return (continued ?? restarted)?.run;
}

const knownNotes: ReadonlySet<string> = new Set(noteKinds);

type StateOptions = Pick<RunOptions, "start" | "scaleDueAt">;

export class JournalState implements RunFold {
  readonly options: StateOptions;
  readonly commands = new Map<CommandId, Command>();
  /** Commands that have not ended, in the order they were scheduled. */
  readonly open = new Map<CommandId, Command>();
  /** How many of those have work under way: they wait neither for time nor for somebody. */
  busy = 0;
  /** The ones the host can answer at once, in the order they were scheduled; those that have ended drop out late. */
  #immediate: Command[] = [];
  #firstImmediate = 0;
  /** Open commands that were scheduled while the run was paused: they begin when it is resumed. */
  readonly unbegun = new Set<CommandId>();
  readonly approvals = new Map<ApprovalId, KnownApproval>();
  /** Arrival numbers of the events that the run has consumed. */
  readonly consumed: number[] = [];
  /** Names of environments that governed a call. */
  readonly environments = new Set<string>();
  readonly annotations = noAnnotations();
  readonly signals = new Signals();
  readonly secrets: RunSecrets;
  readonly locks = new Map<CommandId, string>();
  readonly sensitiveInputs = new Map<string, Set<string>>();
  readonly children: RunFold["children"] = new Map();
  lastSeq = 0;
  createdAt = 0;
  updatedAt = 0;
  isStarted = false;
  /** Of a fork: the command that it begins with. */
  forkedFrom: CommandId | undefined;
  /** The workspace's bus knows the run. */
  hasWaitedForEvents = false;
  paused: RunSummary["paused"];
  cancelRequested: CancelRequest | undefined;
  finished: FinishedNote | undefined;
  finishedAt: number | undefined;

  constructor(options: StateOptions) {
    this.options = options;
    this.secrets = new RunSecrets(options.start, (id) => this.commands.get(id)?.args ?? {});
  }

  /** Throws for what this version does not know, or what contradicts the records before: it is never guessed. */
  apply(record: JournalRecord): void {
    if (this.lastSeq === 0) this.createdAt = record.at;
    this.lastSeq = record.seq;
    this.updatedAt = record.at;
    this.secrets.apply(record);
    switch (record.type) {
      case "scheduled":
        this.#schedule(record);
        break;
      case "completed":
        this.#complete(record);
        break;
      case "noted":
        this.#note(record);
        break;
      default:
        throw unknown("a record of type", (record as JournalRecord).type);
    }
  }

  dueAt(delayMs: number, at: number): number {
    const { scaleDueAt } = this.options;
    return scaleDueAt ? scaleDueAt(at + delayMs, at) : at + delayMs;
  }

  #schedule({ command: id, kind, name, args, at, position }: ScheduledRecord): void {
    const base = {
      id,
      kind,
      name,
      args: args as JsonObject,
      scheduledAt: at,
      position,
      end: undefined,
      isBusy: false,
    };
    const { opened, outcomeAtOnce } = kindOf(base);
    const command = opened(base, this);
    this.commands.set(id, command);
    if (kind === "wait_for_event") this.hasWaitedForEvents = true;
    this.open.set(id, command);
    if (outcomeAtOnce) this.#immediate.push(command);
    if (this.paused) this.#leaveForLater(command);
    this.#count(command);
  }

  #count(command: Command): void {
    const isBusy =
      command.end === undefined &&
      !this.unbegun.has(command.id) &&
      kindOf(command).isWaiting?.(command) !== true;
    if (isBusy === command.isBusy) return;
    command.isBusy = isBusy;
    this.busy += isBusy ? 1 : -1;
  }

  /** The first open command that the host can answer at once. */
  get nextImmediate(): Command | undefined {
    for (; this.#firstImmediate < this.#immediate.length; this.#firstImmediate++) {
      const command = this.#immediate[this.#firstImmediate];
      if (command && !command.end) return command;
    }
    if (this.#firstImmediate > 0) this.#immediate = [];
    this.#firstImmediate = 0;
    return undefined;
  }

  #complete({ command: id, outcome, at, arrival }: CompletedRecord): void {
    if (arrival !== undefined) this.consumed.push(arrival);
    const command = this.open.get(id);
    if (!command) throw new Error(`the journal has an outcome of command ${id}, which is not open`);
    this.#close(command, { kind: "completed", outcome, at }, at);
  }

  #close(command: Command, end: Command["end"], at: number): void {
    command.end = end;
    this.open.delete(command.id);
    this.unbegun.delete(command.id);
    this.#count(command);
    kindOf(command).closed?.(command, at, this);
  }

  #note(record: NotedRecord): void {
    const { note, command: id, data, at } = record;
    if (!knownNotes.has(note)) throw unknown("a note", note);
    const command = id === undefined ? undefined : this.commands.get(id);
    if (command) {
      if (note === "operator") {
        command.operated = {
          action: String(data.action),
          by: String(data.by),
          reason: String(data.reason),
        };
      }
      kindOf(command).noted?.(command, record, this);
      this.#count(command);
      return;
    }
    switch (note) {
      case "started":
        if (data.format !== JOURNAL_FORMAT) {
          throw new Error(`the journal is in format ${data.format}, this version reads ${JOURNAL_FORMAT}`);
        }
        this.isStarted = true;
        this.forkedFrom = (data.forked as { command: CommandId } | undefined)?.command;
        break;
      case "operator":
        if (data.action === "pause") this.#pause(data, at);
        if (data.action === "resume") this.#resume(at);
        break;
      case "signalled":
        this.signals.add(data as unknown as Signal);
        break;
      case "cancel_requested":
        this.cancelRequested = data as unknown as CancelRequest;
        this.#cancel(this.cancelRequested.commands, at);
        // What is cancelled has to clean up.
        this.#resume(at);
        break;
      case "withdrawn":
        this.#cancel(data.commands as CommandId[], at);
        break;
      case "finished":
        this.#cancel([...this.open.keys()], at);
        this.finished = data as unknown as FinishedNote;
        this.finishedAt = at;
        break;
      default:
        break;
    }
  }

  #pause({ by, reason, place, locks }: JsonObject, at: number): void {
    const waits = {
      ...(place === true && { place }),
      ...(locks !== undefined && { locks: locks as CommandId[] }),
    };
    this.paused = { by: String(by), reason: String(reason), at, ...waits };
    // Of a run that waits for its locks nothing has begun, also where it has come to that by being resumed.
    if (locks !== undefined) for (const command of this.open.values()) this.#leaveForLater(command);
  }

  #leaveForLater(command: Command): void {
    if (kindOf(command).outcomeAtOnce) return;
    this.unbegun.add(command.id);
    this.#count(command);
  }

  #resume(at: number): void {
    const hasWaited = this.paused?.place === true || this.paused?.locks !== undefined;
    this.paused = undefined;
    const begun = [...this.unbegun];
    this.unbegun.clear();
    for (const id of begun) {
      const command = this.open.get(id);
      if (command) this.#count(hasWaited ? this.#openAnew(command, at) : command);
    }
  }

  /** What waited for a place or a lock with its run has its whole time from now on. */
  #openAnew({ id, kind, name, args, position, isBusy, operated }: Command, at: number): Command {
    const base = { id, kind, name, args, position, scheduledAt: at, end: undefined, isBusy };
    const command = { ...kindOf(base).opened(base, this), ...(operated && { operated }) };
    this.commands.set(id, command);
    this.open.set(id, command);
    return command;
  }

  #cancel(ids: readonly CommandId[], at: number): void {
    for (const id of ids) {
      const command = this.open.get(id);
      if (command) this.#close(command, { kind: "cancelled", at }, at);
    }
  }
}

function unknown(what: string, name: string): Error {
  return new Error(`the journal has ${what} "${name}", which this version does not know`);
}
