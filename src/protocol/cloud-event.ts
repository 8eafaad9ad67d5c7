import { z } from "zod";
import type { JsonValue } from "./json.ts";
import { type StartView, startStates } from "./start.ts";

/**
 * A CloudEvent 1.0.2 in the JSON form every part of Sluice handles: context attributes and extensions at the
 * top level, `data` as JSON (binary payloads arrive as `data_base64`).
 */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  subject?: string;
  time?: string;
  datacontenttype?: string;
  dataschema?: string;
  data?: JsonValue;
  data_base64?: string;
  /** Extension attributes: lower-case letters and digits; string, number or boolean. */
  [extension: string]: JsonValue | undefined;
}

/** What the bus answers for each event it took. */
export const eventReceiptSchema = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  /** Arrival number in its bus; the order `wait_for_event` looks back in. */
  seq: z.number().int(),
  duplicate: z.boolean(),
  started: z.array(z.object({ run: z.string(), workflow: z.string(), trigger: z.string() })),
  /** Starts that wait, by the trigger's flow control, or were dropped by it; GET /v1/queue/{run} tells on. */
  queued: z
    .array(
      z.object({
        run: z.string(),
        workflow: z.string(),
        trigger: z.string(),
        state: z.enum(startStates),
        reason: z.string(),
      }),
    )
    .optional(),
  woke: z.array(z.object({ run: z.string(), command: z.string() })),
  /** How many more than are listed, where lists are cut. */
  more: z
    .object({
      started: z.number().int().optional(),
      queued: z.number().int().optional(),
      woke: z.number().int().optional(),
    })
    .optional(),
  /** Triggers of this type that the event was not for, and why. */
  unmatched: z.array(z.object({ trigger: z.string(), reason: z.string() })).optional(),
  /**
   * Runs that waited for events of this type and that this one was not for: the nearest ones, why, and how many in all.
   */
  notWoken: z
    .object({
      total: z.number().int(),
      nearest: z.array(z.object({ run: z.string(), command: z.string(), reason: z.string() })),
    })
    .optional(),
  /** Triggers (by id) and waits (by run and command) of this type that could not be decided, and why. */
  skipped: z.array(z.object({ by: z.string(), reason: z.string() })).optional(),
});
export type EventReceipt = z.infer<typeof eventReceiptSchema>;

/** An event as the bus keeps it, with what it did when it arrived. */
export interface StoredEvent {
  seq: number;
  receivedAt: number;
  initiator: string;
  event: CloudEvent;
  receipt: EventReceipt;
}

/** An event with what has become of it up to now. */
export interface EventStory extends StoredEvent {
  /** The starts that wait or have waited for it. */
  starts: StartView[];
  /** The waits that it has gone to, also those that began after it came. */
  woken: { run: string; command: string }[];
}

export const MAX_EVENT_BYTES = 1024 * 1024;
export const MAX_BATCH_EVENTS = 100;
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;
