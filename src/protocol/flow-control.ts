// What a trigger says about when, and how many at a time, its matched events start runs.
import { z } from "zod";

/** When a schedule fires: by a cron expression in a time zone, or at every multiple of an interval. */
export const scheduleSchema = z.object({
  cron: z.string().optional(),
  /** Milliseconds; the times are the multiples of it since 1970-01-01T00:00Z. */
  everyMs: z.number().int().optional(),
  /** IANA name. */
  timezone: z.string(),
  /** A firing is put off by a part of this, another one at each time. Milliseconds. */
  jitterMs: z.number().int(),
  /** Which of the times that were missed are made up for. */
  backfill: z.enum(["none", "latest", "all"]),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/**
 * How runs of one group follow each other when more want to start than may run at once. `queue`: oldest first;
 * `newest_first`: newest first; `newest`: the newest, and those older than it are dropped when it starts;
 * `cancel_queued`: a new one drops those that wait; `cancel_running`: it cancels those that run, too; `skip`: what
 * finds no place is dropped.
 */
export const concurrencyModes = [
  "queue",
  "newest_first",
  "newest",
  "cancel_queued",
  "cancel_running",
  "skip",
] as const;
export type ConcurrencyMode = (typeof concurrencyModes)[number];

/** `key` is a CEL expression over `event` in each of these: what it comes out as tells groups apart. */
export const concurrencySchema = z.object({
  key: z.string().optional(),
  /** Triggers that name the same group share it. Default: the trigger's id. */
  group: z.string().optional(),
  mode: z.enum(concurrencyModes),
  limit: z.number().int(),
});
export type Concurrency = z.infer<typeof concurrencySchema>;

/** The longest `perMs` that a workflow may ask for. */
export const MAX_RATE_PERIOD_MS = 31 * 24 * 3600_000;

export const rateLimitSchema = z.object({
  count: z.number().int(),
  perMs: z.number().int(),
  key: z.string().optional(),
  /** What becomes of a start over the limit: it waits for its turn, or it is dropped. */
  over: z.enum(["wait", "drop"]),
});
export type RateLimit = z.infer<typeof rateLimitSchema>;

export const debounceSchema = z.object({
  /** A start waits until no event has come for this long… */
  quietMs: z.number().int(),
  /** …but no longer than this, since its first event. */
  maxWaitMs: z.number().int().optional(),
  key: z.string().optional(),
});
export type Debounce = z.infer<typeof debounceSchema>;

export const batchSchema = z.object({
  /** A batch starts when it has this many events, or this long after its first. */
  max: z.number().int(),
  withinMs: z.number().int(),
  key: z.string().optional(),
});
export type Batch = z.infer<typeof batchSchema>;

export const flowControlShape = {
  concurrency: concurrencySchema.optional(),
  rateLimit: rateLimitSchema.optional(),
  debounce: debounceSchema.optional(),
  batch: batchSchema.optional(),
  /** Of starts that wait for the same place or permit, those of higher priority go first. Default 0. */
  priority: z.number().int().optional(),
};

/** What a trigger says about the pace of its starts. */
export interface FlowControl {
  concurrency?: Concurrency | undefined;
  rateLimit?: RateLimit | undefined;
  debounce?: Debounce | undefined;
  batch?: Batch | undefined;
  priority?: number | undefined;
}
