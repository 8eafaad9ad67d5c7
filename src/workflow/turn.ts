// One input being decided: collects what the host must commit. Every record is folded into the state at once, so
// that what is decided next sees it.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord, NoteKind, Outcome } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Command, Kind, OutcomeFacts, RunFold, Turn } from "./commands/kind.ts";
import type { NewCommand } from "./issued-command.ts";
import type { Changes, Effect, Moment, RunOptions, RunTimer } from "./machine-types.ts";

/**
 * The timer of a command: `<kind>:<command>`, and for what belongs to one attempt `:<attempt>`, so that a timer
 * that fires twice means nothing to the attempt that follows.
 */
export function timerId(kind: RunTimer["kind"], command: CommandId, attempt: number | undefined): string {
  return attempt === undefined ? `${kind}:${command}` : `${kind}:${command}:${attempt}`;
}

/** What a timer's id says. */
export function parseTimerId(id: string): { kind: string; command: CommandId; attempt: number } {
  const [kind = "", command = "", attempt = "0"] = id.split(":");
  return { kind, command: command as CommandId, attempt: Number(attempt) };
}

/** The fold of the journal, as far as a turn adds to it. */
interface GrowingFold extends RunFold {
  readonly lastSeq: number;
  apply(record: JournalRecord): void;
}

export class OpenTurn implements Turn {
  readonly state: GrowingFold;
  readonly options: RunOptions;
  readonly moment: Moment;
  readonly #kindOf: (command: Command) => Kind;
  readonly changes: Changes = { records: [], timers: new Map(), effects: [], log: [] };

  constructor(parts: {
    state: GrowingFold;
    options: RunOptions;
    moment: Moment;
    kindOf(command: Command): Kind;
  }) {
    this.state = parts.state;
    this.options = parts.options;
    this.moment = parts.moment;
    this.#kindOf = parts.kindOf;
  }

  get now(): number {
    return this.moment.now;
  }

  schedule({ command, kind, name, digest, args, position }: NewCommand): void {
    const { file, line, column } = position;
    this.#append({
      ...this.#stamp(),
      type: "scheduled",
      command,
      kind,
      name,
      digest,
      args,
      position: { file, line, column },
    });
  }

  note(note: NoteKind, data: JsonObject, command?: CommandId): void {
    this.#append({
      ...this.#stamp(),
      type: "noted",
      ...(command === undefined ? {} : { command }),
      note,
      data,
    });
  }

  complete(command: Command, outcome: Outcome, facts: OutcomeFacts = {}): void {
    this.#append({ ...this.#stamp(), type: "completed", command: command.id, outcome, ...facts });
    this.#ended(command);
  }

  giveUp(command: Command, error: ErrorData): void {
    this.end(command, { error });
  }

  end(command: Command, outcome: Outcome, facts?: OutcomeFacts): void {
    this.complete(command, outcome, facts);
    this.#kindOf(command).abandon?.(this, command);
  }

  /** Lets go of commands that `note` ends all at once. */
  cancel(commands: readonly Command[], note: () => void): void {
    note();
    for (const command of commands) {
      this.#ended(command);
      this.#kindOf(command).abandon?.(this, command);
    }
  }

  effect(effect: Effect): void {
    this.changes.effects.push(effect);
  }

  setTimer(kind: RunTimer["kind"], command: CommandId, dueAt: number, attempt?: number): void {
    const id = timerId(kind, command, attempt);
    this.changes.timers.set(id, { id, kind, dueAt });
  }

  dropTimer(kind: RunTimer["kind"], command: CommandId, attempt?: number): void {
    this.changes.timers.set(timerId(kind, command, attempt), null);
  }

  #ended(command: Command): void {
    const kind = this.#kindOf(command);
    for (const timer of kind.timers?.(command) ?? []) this.dropTimer(timer.kind, command.id, timer.attempt);
    kind.ended?.(this, command);
  }

  #stamp(): { seq: number; at: number } {
    return { seq: this.state.lastSeq + 1, at: this.now };
  }

  #append(record: JournalRecord): void {
    this.state.apply(record);
    this.changes.records.push(record);
  }
}
