import { z } from "zod";
import { eventReceiptSchema } from "./cloud-event.ts";
import { scheduleSchema } from "./flow-control.ts";

/** A schedule as people see it. */
export const scheduleViewSchema = scheduleSchema.extend({
  /** The trigger's id, `<workflow>/<name>`. */
  id: z.string(),
  workflow: z.string(),
  /** The next times, ms since the epoch; none while it is paused. Jitter comes on top. */
  next: z.array(z.number()),
  /** The last time it fired for, and the arrival number of that event. */
  last: z.object({ time: z.number(), seq: z.number().int() }).optional(),
  paused: z.object({ at: z.number(), by: z.string(), reason: z.string() }).optional(),
});
export type ScheduleView = z.infer<typeof scheduleViewSchema>;

/** Body of a schedule's `/pause` and `/resume`. */
export const scheduleReasonSchema = z.strictObject({ reason: z.string().max(1000).default("") });

const backfilledTimeSchema = z.object({
  /** The time it fired for, ms since the epoch. */
  time: z.number(),
  receipt: eventReceiptSchema,
});

/** What a backfill has done: the times that it fired for, and those that had been fired for before, oldest first. */
export const backfilledSchema = z.object({
  fired: z.array(backfilledTimeSchema),
  before: z.array(backfilledTimeSchema),
});
export type Backfilled = z.infer<typeof backfilledSchema>;
