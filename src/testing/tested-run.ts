// One run in virtual time: its engine, and what a host keeps for it.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord } from "../protocol/journal.ts";
import type { RunDetail } from "../protocol/run.ts";
import type { Effect, InspectableRun, RunStart } from "../workflow/index.ts";

export type RegisterWait = Extract<Effect, { kind: "register_wait" }>;

/** `afterSeq`: a wait for what comes from now on knows what had come when it was registered. */
export type EventWait = Omit<RegisterWait, "afterSeq"> & { afterSeq: number };

export class TestedRun {
  readonly start: RunStart;
  readonly machine: InspectableRun;
  readonly journal: JournalRecord[] = [];
  readonly log: { at: number; text: string }[] = [];
  /** Takes a timer off the agenda, by the timer's id. */
  readonly timers = new Map<string, () => void>();
  readonly waits = new Map<CommandId, EventWait>();
  /** `seq` of the events it has taken. */
  readonly consumed = new Set<number>();
  /** The run that has started it. */
  parent: TestedRun | undefined;

  constructor(start: RunStart, machine: InspectableRun) {
    this.start = start;
    this.machine = machine;
  }

  get id(): string {
    return this.start.id;
  }

  detail(): RunDetail {
    return {
      ...this.machine.summary(),
      activities: this.machine.activities(),
      ...this.machine.ending(),
    };
  }

  forgetTimer(id: string): void {
    this.timers.get(id)?.();
    this.timers.delete(id);
  }
}
