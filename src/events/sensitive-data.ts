// The attribute by which an event says which places of its data are sensitive: a run that is started with a secret
// knows that it is one, and nobody who looks at the event sees it.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { FormField } from "../protocol/form.ts";
import { MASK } from "../protocol/mask.ts";
import { type Place, parsePlace, replacedAt } from "../protocol/place.ts";

/** Extension attribute: a JSON list of places. */
export const SENSITIVE_ATTRIBUTE = "sluicesensitive";

/** The attribute for these places; none where there are none. */
export function sensitiveAttribute(places: readonly string[]): { [SENSITIVE_ATTRIBUTE]?: string } {
  return places.length > 0 ? { [SENSITIVE_ATTRIBUTE]: JSON.stringify([...new Set(places)]) } : {};
}

/** The attribute of an event with these fields in its data, besides what it says of them already. */
export function sensitiveFields(
  event: CloudEvent,
  fields: readonly FormField[] = [],
): ReturnType<typeof sensitiveAttribute> {
  const said = sensitivePlaces(event).map((place) => place.join("."));
  // A point would part two names.
  const secret = fields
    .filter(({ type }) => type === "secret")
    .map(({ name }) => (name.includes(".") ? "*" : name));
  return sensitiveAttribute([...said, ...secret]);
}

/** Which places of the event's data are sensitive. What cannot be read says that all of it is. */
export function sensitivePlaces(event: CloudEvent): Place[] {
  const named = event[SENSITIVE_ATTRIBUTE];
  if (named === undefined) return [];
  try {
    const places: unknown = JSON.parse(String(named));
    if (Array.isArray(places)) return places.map((place) => parsePlace(String(place)));
  } catch {
    // Somebody else's, or damaged: better too little is shown.
  }
  return [[]];
}

/** The event as people may see it. */
export function maskedEvent(event: CloudEvent): CloudEvent {
  const places = sensitivePlaces(event);
  if (places.length === 0) return event;
  const { data, data_base64: octets, ...attributes } = event;
  if (octets !== undefined) return { ...attributes, data: MASK };
  return data === undefined ? attributes : { ...attributes, data: replacedAt(data, places, MASK) };
}
