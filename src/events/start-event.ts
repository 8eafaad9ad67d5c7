// The event that a run gets when more than one stands behind it.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { JsonValue } from "../protocol/json.ts";
import { MAX_PLACES } from "../protocol/place.ts";
import { hopsAttribute, hopsOf } from "./hops.ts";
import { placesInEvent, sensitiveAttribute } from "./sensitive-data.ts";
import type { QueuedStart } from "./starts.ts";

/** Extension attribute: earlier events that this one stands for (`debounce`), or starts that it superseded. */
const MERGED = "sluicemerged";
/** Extension attribute: starts of the same trigger that were dropped since the run before. */
const DROPPED = "sluicedropped";
const EVENTS_BATCHED = "dev.sluice.events.batched";

/** An event with what became of others on its account. */
export function withHistory(
  event: CloudEvent,
  { merged, dropped }: { merged: number; dropped: number },
): CloudEvent {
  return {
    ...event,
    ...(merged > 0 && { [MERGED]: merged }),
    ...(dropped > 0 && { [DROPPED]: dropped }),
  };
}

/** The one event of a batch: `data.events` are those it holds, oldest first. `run` makes its id. */
export function batchEvent(
  start: { workspace: string; trigger: string; run: string },
  events: readonly CloudEvent[],
): CloudEvent {
  const last = events.at(-1);
  const hops = Math.max(0, ...events.map(hopsOf));
  return {
    specversion: "1.0",
    id: start.run,
    source: `/workspaces/${start.workspace}/batches`,
    type: EVENTS_BATCHED,
    subject: start.trigger,
    ...(last?.time !== undefined && { time: last.time }),
    datacontenttype: "application/json",
    ...hopsAttribute(hops),
    ...sensitiveAttribute(placesInBatch(events)),
    // Nobody's freeze is lifted by somebody else's emergency.
    ...(events.every((event) => event.sluicebypass === true) && { sluicebypass: true }),
    data: { events: events as unknown as JsonValue },
  };
}

/** Where in a batch's data its events are sensitive; the data of all of them where that would be too many places. */
function placesInBatch(events: readonly CloudEvent[]): string[] {
  const places = events.flatMap((event, index) =>
    placesInEvent(event).map((place) => `events.${index}.${place}`),
  );
  return places.length > MAX_PLACES ? ["events.*.data", "events.*.data_base64"] : places;
}

/** What a run's handler gets: the event, or all those of a batch as one, with what became of others on its account. */
export function eventOfStart(
  { trigger, seq, seqs, merged = 0, dropped = 0 }: QueuedStart,
  { workspace, run, eventAt }: { workspace: string; run: string; eventAt: (seq: number) => CloudEvent },
): CloudEvent {
  const event =
    seqs === undefined
      ? eventAt(seq)
      : batchEvent({ workspace, trigger: trigger.id, run }, seqs.map(eventAt));
  return withHistory(event, { merged, dropped });
}

/** True for what `batchEvent` makes; a run that continued with other data holds no batch any more. */
export function isBatch(event: CloudEvent): event is CloudEvent & { data: { events: JsonValue[] } } {
  const { data } = event;
  return (
    event.type === EVENTS_BATCHED && Array.isArray((data as { events?: unknown } | null | undefined)?.events)
  );
}
