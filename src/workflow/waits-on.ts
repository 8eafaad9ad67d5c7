// Invariant 4 of docs/replay.md: a run that is neither finished nor stuck waits on something that will come.
import { type CommandId, jobId, type RunId } from "../protocol/ids.ts";
import { pendingEffect } from "./call.ts";
import { builtinName } from "./call-options.ts";
import type { Command } from "./command.ts";
import type { JournalState } from "./journal-state.ts";
import type { InspectableRun, Waiting } from "./machine-types.ts";
import { timerId } from "./turn.ts";

/** What each open command waits on. */
export function waitsOnOf(state: JournalState, run: RunId): Map<CommandId, Waiting[]> {
  return new Map([...state.open.values()].map((command) => [command.id, waitsOn(command, run)]));
}

function waitsOn(command: Command, run: RunId): Waiting[] {
  const timer = (kind: Parameters<typeof timerId>[0], attempt?: number): Waiting => ({
    kind: "timer",
    id: timerId(kind, command.id, attempt),
  });
  switch (command.kind) {
    case "sleep":
      return [timer("sleep")];
    case "wait_for_event": {
      const event: Waiting = { kind: "event", command: command.id };
      return command.dueAt === undefined ? [event] : [event, timer("wait_timeout")];
    }
    case "run": {
      const { phase, attempt } = command.call;
      const deadline = command.args.deadlineMs === undefined ? [] : [timer("deadline")];
      const effect = pendingEffect(command);
      const pending: Waiting[] = effect ? [{ kind: "effect", effect }] : [];
      switch (phase.is) {
        case "deciding":
          return [...pending, ...deadline];
        case "held":
          return [{ kind: "approval", id: phase.approval }, ...deadline];
        case "retrying":
          return [timer("retry", attempt + 1), ...deadline];
        case "attempting":
          return builtinName(command.name) === undefined
            ? [{ kind: "job", id: jobId(run, command.id, attempt) }, ...deadline]
            : [...pending, timer("attempt_timeout", attempt), ...deadline];
      }
      break;
    }
    default:
      return [];
  }
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
