// The commands between the fibers that wait for them and the journal.
//
// 1. A command is issued, then scheduled, then completed, or withdrawn when its fiber is cancelled.
// 2. What is issued becomes `scheduled` records in the order of issue. A command that is withdrawn before that has
//    never been; one that is withdrawn later is named in a `withdrawn` note, before anything else is scheduled.
import type { CommandId } from "../../protocol/ids.ts";
import type { IssuedCommand } from "../issued-command.ts";

interface Pending<T> {
  readonly command: IssuedCommand;
  readonly fiber: T;
  state: "issued" | "scheduled" | "withdrawn";
}

/** `T`: who waits for a command. */
export class PendingCommands<T> {
  readonly #waiting = new Map<CommandId, Pending<T>>();
  /** From `#first` on: not scheduled yet. */
  #issued: Pending<T>[] = [];
  #first = 0;
  #withdrawn: CommandId[] = [];

  /** How many commands the fibers wait for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Any command that a fiber waits for; undefined when there is none. */
  get any(): CommandId | undefined {
    return this.#waiting.keys().next().value;
  }

  issue(command: IssuedCommand, fiber: T): void {
    const pending: Pending<T> = { command, fiber, state: "issued" };
    this.#waiting.set(command.command, pending);
    this.#issued.push(pending);
  }

  /** The next command to schedule. */
  get firstIssued(): IssuedCommand | undefined {
    for (; this.#first < this.#issued.length; this.#first++) {
      const pending = this.#issued[this.#first];
      if (pending?.state === "issued") return pending.command;
    }
    this.#issued = [];
    this.#first = 0;
    return undefined;
  }

  /** All commands to schedule, in order. */
  get issued(): IssuedCommand[] {
    if (this.firstIssued === undefined) return [];
    return this.#issued
      .slice(this.#first)
      .filter(({ state }) => state === "issued")
      .map(({ command }) => command);
  }

  /** The first of them has its record. */
  scheduled(): void {
    const pending = this.#issued[this.#first];
    if (pending) pending.state = "scheduled";
    this.#first += 1;
  }

  /** Takes the command away from its fiber: nobody waits for it any more. */
  withdraw(id: CommandId): void {
    const pending = this.#waiting.get(id);
    if (!pending) return;
    this.#waiting.delete(id);
    if (pending.state === "scheduled") this.#withdrawn.push(id);
    pending.state = "withdrawn";
  }

  /** Commands that were withdrawn after they had been scheduled, and that no record names yet. */
  get withdrawn(): readonly CommandId[] {
    return this.#withdrawn;
  }

  /** A record names these. */
  forgetWithdrawn(commands: readonly CommandId[]): void {
    const named = new Set(commands);
    this.#withdrawn = this.#withdrawn.filter((command) => !named.has(command));
  }

  /** The command that got an outcome, and who waits for it. */
  take(id: CommandId): { command: IssuedCommand; fiber: T } | undefined {
    const pending = this.#waiting.get(id);
    this.#waiting.delete(id);
    return pending;
  }
}
