// `w.wait_for_event`: a registration in the workspace's bus, and a timer where it has a timeout.
import { parseCloudEvent } from "../../events/cloud-event.ts";
import { placesInEvent } from "../../events/sensitive-data.ts";
import { matchesType } from "../../events/type-pattern.ts";
import type { CloudEvent } from "../../protocol/cloud-event.ts";
import type { Outcome } from "../../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { decodeValue, encodeValue, toJson } from "../../starlark/index.ts";
import { keptValue, PAYLOAD_TOO_LARGE } from "../payload.ts";
import type { Command, Kind, Turn } from "./kind.ts";
import type { ResultByHand } from "./result-by-hand.ts";
import { type Patient, patient, setTimeoutOf, shownWaiting, TIMEOUT, timeoutTimers } from "./timeout.ts";

export const waitForEventKind: Kind<Patient> = {
  opened: patient,
  begin,
  take(turn, command, input) {
    if (input.type === "event") {
      const { event, seq } = input;
      turn.complete(command, outcomeOf(event), { arrival: seq, ...sensitiveIn(event) });
    }
    return undefined;
  },
  takeLate: (command, input) =>
    input.type === "event" && !consumed(command, input.event) ? waitOver(command) : undefined,
  due(turn, command, kind) {
    if (kind !== TIMEOUT) return;
    cancelWait(turn, command);
    turn.complete(command, { ok: encodeValue(null) });
  },
  resultByHand: eventByHand,
  abandon: cancelWait,
  timers: timeoutTimers,
  waitsOn: ({ id }) => [{ kind: "event", command: id }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for an event ${name}`,
  shown: shownWaiting,
};

function begin(turn: Turn, command: Patient): void {
  const { filter, match, since } = command.args;
  const problem = typeof filter === "string" ? turn.options.checkFilter?.(filter) : undefined;
  if (problem !== undefined) {
    turn.complete(command, {
      error: { code: "InvalidFilter", message: `wait_for_event: for parameter filter: ${problem}` },
    });
    return;
  }
  setTimeoutOf(turn, command);
  turn.effect({
    kind: "register_wait",
    command: command.id,
    type: command.name,
    ...(filter === undefined ? {} : { filter: filter as string }),
    ...(match === undefined ? {} : { match: match as JsonObject }),
    afterSeq: since === "now" ? "now" : turn.options.start.eventSeq,
  });
}

/** The event; or why it cannot be kept: the run has had it, and does not get it again. */
function outcomeOf(event: CloudEvent): Outcome {
  const { id, source } = event;
  const kept = keptValue(`wait_for_event: the event ${id} from ${source}`, event as JsonValue);
  if (kept.ok) return { ok: kept.value };
  return { error: { ...kept.error, details: { id, source, ...kept.error.details } } };
}

function cancelWait(turn: Turn, { id }: Command): void {
  turn.effect({ kind: "cancel_wait", command: id });
}

/** An event of a type that it waits for; its filter is what an operator may know better. */
function eventByHand({ name }: Command, value: JsonValue): ResultByHand {
  if (value === null) return { value };
  const parsed = parseCloudEvent(value);
  if (!parsed.ok) return { fault: `returns an event, or null: ${parsed.error.message}` };
  const { type } = parsed.value;
  if (!matchesType(name, type)) return { fault: `waits for an event ${name}, not for ${type}` };
  return { value: parsed.value as JsonValue, ...sensitiveIn(parsed.value) };
}

/** What the event itself calls sensitive, as its record says it. */
function sensitiveIn(event: CloudEvent): { sensitive?: string[] } {
  const sensitive = placesInEvent(event);
  return sensitive.length === 0 ? {} : { sensitive };
}

/** Whether a wait that is over was ended by this very event. */
function consumed({ end }: Patient, event: CloudEvent): boolean {
  if (end?.kind !== "completed") return false;
  const { outcome } = end;
  const taken = (
    "ok" in outcome ? toJson(decodeValue(outcome.ok)) : tooLargeIn(outcome)
  ) as Partial<CloudEvent> | null;
  return taken?.id === event.id && taken.source === event.source;
}

function tooLargeIn({ error }: Extract<Outcome, { error: unknown }>): JsonObject | null {
  return error.code === PAYLOAD_TOO_LARGE ? (error.details ?? null) : null;
}

/** Why an event is turned down: nobody waits for it here, and it stays unconsumed. */
export function waitOver({ id }: Pick<Command, "id">): ErrorData {
  return { code: "wait_over", message: `command ${id} waits for no event, or no longer` };
}
