// Invariant 4 of docs/replay.md: a run that is neither finished nor stuck waits on something that will come.
import type { CommandId } from "../protocol/ids.ts";
import type { Command } from "./commands/kind.ts";
import { kindOf } from "./commands/registry.ts";
import { claimedLock } from "./inherited-locks.ts";
import type { JournalState } from "./journal-state.ts";
import type { InspectableRun, Waiting } from "./machine-types.ts";
import { timerId } from "./turn.ts";

/** What each open command waits on. */
export function waitsOnOf(state: JournalState): Map<CommandId, Waiting[]> {
  return new Map([...state.open.values()].map((command) => [command.id, waitsOn(command, state)]));
}

function waitsOn(command: Command, state: JournalState): Waiting[] {
  if (state.unbegun.has(command.id)) return [whatItIsPausedFor(state)];
  const kind = kindOf(command);
  const timers = (kind.timers?.(command) ?? []).map(
    (timer): Waiting => ({ kind: "timer", id: timerId(timer.kind, command.id, timer.attempt) }),
  );
  return [...(kind.waitsOn?.(command, state) ?? []), ...timers];
}

function whatItIsPausedFor({ paused }: JournalState): Waiting {
  const lock = claimedLock(paused);
  return lock === undefined ? { kind: "operator" } : { kind: "lock", command: lock };
}

/**
 * What a run waits on, per open command. Throws when it is neither finished nor stuck and waits on nothing: the
 * engine is broken, since nothing would ever move the run again. For tests, simulation and operators.
 */
export function whatItWaitsOn(machine: InspectableRun): ReadonlyMap<CommandId, readonly Waiting[]> {
  const waiting = machine.waitsOn();
  const { state, id } = machine.summary();
  if (state !== "running" && state !== "waiting") return waiting;
  if (waiting.size === 0) throw new Error(`run ${id} is ${state} and has no open command`);
  for (const [command, on] of waiting) {
    if (on.length === 0) throw new Error(`run ${id} is ${state} and its command ${command} waits on nothing`);
  }
  return waiting;
}
