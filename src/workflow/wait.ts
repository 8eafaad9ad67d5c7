// The commands that wait: for a time, or for an event.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { decodeValue, encodeValue, fromJson, toJson } from "../starlark/index.ts";
import type { SleepCommand, WaitCommand } from "./command.ts";
import { completeCommand } from "./endings.ts";
import type { Turn } from "./turn.ts";

export function beginSleep(turn: Turn, command: SleepCommand): void {
  turn.setTimer("sleep", command.id, command.dueAt);
}

export function beginWait(turn: Turn, command: WaitCommand): void {
  const { filter, match, since } = command.args;
  const problem = typeof filter === "string" ? turn.options.checkFilter?.(filter) : undefined;
  if (problem !== undefined) {
    completeCommand(turn, command, {
      error: { code: "InvalidFilter", message: `wait_for_event: for parameter filter: ${problem}` },
    });
    return;
  }
  if (command.dueAt !== undefined) turn.setTimer("wait_timeout", command.id, command.dueAt);
  turn.effect({
    kind: "register_wait",
    command: command.id,
    type: command.name,
    ...(filter === undefined ? {} : { filter: filter as string }),
    ...(match === undefined ? {} : { match: match as JsonObject }),
    afterSeq: since === "now" ? "now" : turn.options.start.eventSeq,
  });
}

/** The time of a sleep or of a wait's patience is over: the call returns None. */
export function timeIsUp(turn: Turn, command: SleepCommand | WaitCommand): void {
  if (command.kind === "wait_for_event") turn.effect({ kind: "cancel_wait", command: command.id });
  completeCommand(turn, command, { ok: encodeValue(null) });
}

export function eventArrived(turn: Turn, command: WaitCommand, event: CloudEvent): void {
  completeCommand(turn, command, { ok: encodeValue(fromJson(event as JsonValue)) });
}

/** Whether a wait that is over was ended by this very event. */
export function consumed({ end }: WaitCommand, event: CloudEvent): boolean {
  if (end?.kind !== "completed" || !("ok" in end.outcome)) return false;
  const taken = toJson(decodeValue(end.outcome.ok)) as Partial<CloudEvent> | null;
  return taken?.id === event.id && taken.source === event.source;
}
