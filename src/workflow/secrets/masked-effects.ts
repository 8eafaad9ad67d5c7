// What a run tells others, as it leaves: masked, except for whom the true values are meant. A job's runner, a child and
// the run that goes on from here get them, and learn which they are.
import { SENSITIVE_ATTRIBUTE, sensitiveAttribute, sensitivePlaces } from "../../events/sensitive-data.ts";
import type { CloudEvent } from "../../protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { jsonParts, placesOf } from "../../protocol/place.ts";
import { isSameJson } from "../canonical-json.ts";
import type { ChildOutcome, Effect } from "../machine-types.ts";
import { maskedApproval, maskedForm } from "./masked-views.ts";
import type { RunSecrets } from "./run-secrets.ts";

export function maskedEffect(effect: Effect, secrets: RunSecrets): Effect {
  switch (effect.kind) {
    case "emit":
      return { ...effect, event: maskedConsequence(effect.event, secrets) };
    case "put_approval":
      return { ...effect, approval: maskedApproval(effect.approval, secrets) };
    case "put_form":
      return { ...effect, form: maskedForm(effect.form, secrets) };
    case "record_deployment":
      return secrets.mask.members(effect, ["app", "revision"]);
    case "register_wait":
      return asksForSecret(effect, secrets) ? { ...effect, isSensitive: true } : effect;
    case "start_child":
      return { ...effect, event: markedEvent(effect.event, secrets) };
    case "continue_as":
      return { ...effect, event: markedEvent(effect.event, secrets) };
    case "tell_parent":
      return { ...effect, outcome: markedOutcome(effect.outcome, secrets) };
    default:
      return effect;
  }
}

/** An event for whoever listens. Its identity stays, or it would not be the same when it is sent again. */
export function maskedConsequence(event: CloudEvent, secrets: RunSecrets): CloudEvent {
  return secrets.mask.members(event, ["subject", "data"]);
}

/** What another run is asked, which keeps it for everybody. What it is called by stays. */
export function maskedRequest<Request extends { data?: JsonValue } | { reason?: string }>(
  request: Request,
  { mask }: RunSecrets,
): Request {
  return mask.members(request as Request & { data?: JsonValue; reason?: string }, ["data", "reason"]);
}

/** An event by which another run is given secrets: it says where they are. */
function markedEvent(event: CloudEvent, secrets: RunSecrets): CloudEvent {
  const { [SENSITIVE_ATTRIBUTE]: _, ...rest } = event;
  const named = sensitivePlaces(event).map((place) => place.join("."));
  return { ...rest, ...sensitiveAttribute([...named, ...placesWithSecrets(event.data, secrets)]) };
}

/** A parent gets what its child returned, and why it failed in words that anybody may read. */
function markedOutcome(outcome: ChildOutcome, secrets: RunSecrets): ChildOutcome {
  const { output, error } = outcome;
  const sensitive = placesWithSecrets(output, secrets);
  return {
    ...outcome,
    ...(error && { error: secrets.error(error) }),
    ...(sensitive.length > 0 && { sensitive }),
  };
}

function placesWithSecrets(value: JsonValue | undefined, secrets: RunSecrets): string[] {
  if (value === undefined) return [];
  return placesOf(value, (part) => isSecret(part, secrets), jsonParts);
}

/** Whether a secret stands in this text or number, or in the names of this dict. */
function isSecret(part: JsonValue, { mask }: RunSecrets): boolean {
  if (typeof part === "string" || typeof part === "number") return mask.value(part) !== part;
  const names = part !== null && typeof part === "object" && !Array.isArray(part) ? Object.keys(part) : [];
  return names.some((name) => mask.text(name) !== name);
}

/** The bus has to compare with what is asked for, but must not tell it. */
function asksForSecret(
  { filter = "", match = {} }: Extract<Effect, { kind: "register_wait" }>,
  { mask }: RunSecrets,
): boolean {
  return mask.text(filter) !== filter || !isSameJson(mask.value(match), match);
}

/** What the run began with, as it may leave it: in an export, in the archive. */
export function maskedStart<Start extends { event: CloudEvent; signals?: unknown[] }>(
  start: Start,
  secrets: RunSecrets,
): Start & { masked?: true } {
  if (secrets.isEmpty) return start;
  const { mask } = secrets;
  const event = { ...mask.members(start.event, ["subject"]), ...secrets.startContent(start.event) };
  const signals = start.signals as JsonObject[] | undefined;
  return { ...start, event, ...(signals && { signals: mask.value(signals) }), masked: true };
}
