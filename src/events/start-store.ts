// What starts.ts keeps: in tables of the event bus, and in memory where workflows are tested.
import type { RunId } from "../protocol/ids.ts";
import type { StartState, StartView } from "../protocol/start.ts";
import type { Trigger } from "../protocol/workflow.ts";
import type { Holder, Waiting } from "./places.ts";
import type { Parent } from "./workflow-start.ts";

/** A start as its rules need it. */
export interface Start {
  run: RunId;
  trigger: Trigger;
  workflow: string;
  digest: string;
  initiator: string;
  state: StartState;
  permitScope: string | undefined;
  placeGroup: string | undefined;
  priority: number;
  arrival: number;
  events: number;
  length: number;
  merged: number;
  /** Its run has been asked to end. */
  isCancelled: boolean;
  /** The run that goes on as this one, or begins again as it, and begins it; undefined where an event does. */
  continues: RunId | undefined;
  /** The run and command that asked for it by name; undefined where none did. */
  parent: Parent | undefined;
  createdAt: number;
}

export type NewStart = Omit<Start, "state" | "merged" | "events" | "isCancelled" | "continues" | "parent"> & {
  gatherKey: string | undefined;
  continues?: RunId;
  parent?: Parent | undefined;
};

export interface StartStore {
  find(run: RunId): Start | undefined;
  view(run: RunId): StartView | undefined;
  /** It is `gathering` at first. */
  insert(added: NewStart): void;
  become(run: RunId, state: StartState, change: { reason: string; now: number; dueAt?: number }): void;

  /** The start of a trigger that collects events under a key. */
  gathering(trigger: string, key: string): Start | undefined;
  /** Adds an event to a start that collects them; from then on it is what its newest event makes it. */
  addEvent(run: RunId, added: Omit<NewStart, "run" | "createdAt" | "gatherKey">, now: number): void;
  /** The run's own events, oldest first. */
  seqs(run: RunId): number[];

  /** The start that gets the next permit of a scope: by priority, then the oldest. */
  nextLimited(scope: string): Start | undefined;
  limitedCount(scope: string): number;
  /** When the permit was given that is the `count`th before the next one. */
  grantedAt(scope: string, count: number): number | undefined;
  /** Permits that were given at `forgetBefore` or earlier are of no use any more. */
  grant(scope: string, at: number, forgetBefore: number): void;

  holders(group: string): Holder[];
  queuedCount(group: string): number;
  newestQueued(group: string): Waiting | undefined;
  queued(group: string): Waiting[];
  noteCancelled(run: RunId): void;
  /** What `run` does for others: the events of starts that it superseded. */
  addMerged(run: RunId, count: number): void;
  /** Runs that hold a place which somebody waits for, and have held it since before `since`. */
  heldUp(since: number): RunId[];
  /** Runs that hold a place in a group, and have held it since before `since`. */
  holdingSince(group: string, since: number): RunId[];
  isSomebodyQueued(): boolean;

  countDrop(trigger: string): void;
  /** How many starts of a trigger were dropped since this was asked last. */
  takeDropCount(trigger: string): number;
}
