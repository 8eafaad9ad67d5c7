import type { CloudEvent } from "../../src/protocol/cloud-event.ts";

let count = 0;

/** A valid event, another one at each call. */
export function anEvent(overrides: Partial<CloudEvent> = {}): CloudEvent {
  count += 1;
  return {
    specversion: "1.0",
    id: `event-${count}`,
    source: "/tests",
    type: "com.example.happened",
    data: { service: "shop" },
    ...overrides,
  };
}
