// A workflow whose event starts itself would run for ever. Every event that a run emits therefore carries how
// many runs lie between it and the outside, and a chain ends at the limit.
import type { CloudEvent } from "../protocol/cloud-event.ts";

/** Extension attribute: 0 or absent for an event from outside, 1 for what a run emits that such an event started. */
const HOPS_ATTRIBUTE = "sluicehops";
/** Events that have come through this many runs are stored, but start nothing. */
export const MAX_HOPS = 32;

/** How many runs an event has come through. What is no count counts as none. */
export function hopsOf(event: CloudEvent): number {
  const value = event[HOPS_ATTRIBUTE];
  // In binary mode attributes travel in headers, as text.
  const hops = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof hops === "number" && Number.isInteger(hops) && hops > 0 ? hops : 0;
}

/** The attribute of an event that has come through so many runs; none for one from outside. */
export function hopsAttribute(hops: number): { [HOPS_ATTRIBUTE]?: number } {
  return hops > 0 ? { [HOPS_ATTRIBUTE]: hops } : {};
}

/** The attribute to give an event that is emitted by a run which `trigger` started. */
export function nextHops(trigger: CloudEvent): { [HOPS_ATTRIBUTE]: number } {
  return { [HOPS_ATTRIBUTE]: hopsOf(trigger) + 1 };
}

/** Extension attribute: the runs that this event starts may act in a change freeze, if policy says so. */
export const BYPASS_ATTRIBUTE = "sluicebypass";

/**
 * The attributes of an event by which a script causes something: it has come through one more run, and an emergency
 * bypass goes with it. Sluice's own events take `nextHops` alone, since whoever reacts to them was not asked for.
 */
export function attributesOfConsequence(trigger: CloudEvent): Pick<CloudEvent, string> {
  return {
    ...nextHops(trigger),
    ...(trigger[BYPASS_ATTRIBUTE] === true ? { [BYPASS_ATTRIBUTE]: true } : {}),
  };
}
