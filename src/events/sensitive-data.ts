// The attribute by which an event says which places of its data are sensitive: a run that is started with a secret
// knows that it is one, and nobody who looks at the event sees it.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { FormField } from "../protocol/form.ts";
import { MASK } from "../protocol/mask.ts";
import { MAX_PLACES, type Place, parsePlace, replacedAt } from "../protocol/place.ts";

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

/**
 * Which places of the event's data are sensitive, each once. What cannot be read says that all of it is, and so do more
 * than `MAX_PLACES`: anybody may have sent them.
 */
export function sensitivePlaces(event: CloudEvent): Place[] {
  const named = event[SENSITIVE_ATTRIBUTE];
  if (named === undefined) return [];
  try {
    const places: unknown = JSON.parse(String(named));
    if (Array.isArray(places) && places.every((place) => typeof place === "string")) {
      const distinct = new Set(places);
      if (distinct.size <= MAX_PLACES) return [...distinct].map(parsePlace);
    }
  } catch {
    // Somebody else's, or damaged: better too little is shown.
  }
  return [[]];
}

/** The same as places in the event itself, for what holds all of it: `data.token`, `data_base64`. */
export function placesInEvent(event: CloudEvent): string[] {
  const places = sensitivePlaces(event);
  const octets = places.length > 0 && event.data_base64 !== undefined ? ["data_base64"] : [];
  return [...places.map((place) => ["data", ...place].join(".")), ...octets];
}

/** The event as people may see it. */
export function maskedEvent(event: CloudEvent): CloudEvent {
  const places = sensitivePlaces(event);
  if (places.length === 0) return event;
  const { data, data_base64: octets, ...attributes } = event;
  if (octets !== undefined) return { ...attributes, data: MASK };
  return data === undefined ? attributes : { ...attributes, data: replacedAt(data, places, MASK) };
}
