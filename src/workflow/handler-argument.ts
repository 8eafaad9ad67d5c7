import { isBatch } from "../events/start-event.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { RunStart } from "./machine-types.ts";

/** What a handler is called with: the event; where the trigger asks for batches, the list of their events. */
export function handlerArgument({ trigger, event }: Pick<RunStart, "trigger" | "event">): JsonValue {
  if (!trigger.batch) return event as JsonValue;
  // A run that was started by hand, say by a test, gets a list all the same.
  return isBatch(event) ? event.data.events : [event as JsonValue];
}
