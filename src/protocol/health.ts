// How well what is deployed is, as others report it.
import { z } from "zod";
import { nameSchema } from "./ids.ts";

/** The type of the CloudEvents that report it, from outside as well: the one of `dev.sluice.` that is. */
export const HEALTH_REPORTED = "dev.sluice.deployment.health";

export const healthStatuses = [
  "healthy",
  "progressing",
  "degraded",
  "suspended",
  "missing",
  "unknown",
] as const;

const MAX_STALE_SECONDS = 31 * 24 * 3600;
/** How long a report holds that does not say so: senders that report changes alone say nothing for long. */
export const DEFAULT_STALE_SECONDS = 24 * 3600;

/** `data` of a report. */
export const healthReportSchema = z.object({
  environment: nameSchema,
  app: z.string().min(1).max(300),
  status: z.enum(healthStatuses),
  message: z.string().max(10_000).optional(),
  /** Which revision was seen; left out by senders that do not know. */
  revision: z.string().min(1).max(300).optional(),
  /** ISO 8601. When it was seen; the event's time where it is left out. */
  observed_at: z.iso.datetime({ offset: true }).optional(),
  /** After so many seconds without another report it is stale. */
  stale_after_s: z.number().int().min(1).max(MAX_STALE_SECONDS).default(DEFAULT_STALE_SECONDS),
});

/** What is known of an app in an environment: the newest report, and since when its status is that. */
export const healthSchema = z.object({
  app: z.string(),
  status: z.enum(healthStatuses),
  message: z.string().optional(),
  revision: z.string().optional(),
  since: z.number(),
  observedAt: z.number(),
  staleAt: z.number(),
  /** The event's source and arrival number. */
  source: z.string(),
  seq: z.number().int(),
});
export type Health = z.infer<typeof healthSchema>;

/** A change of status: what `since` began with. */
export const healthChangeSchema = healthSchema.omit({ observedAt: true, staleAt: true });
export type HealthChange = z.infer<typeof healthChangeSchema>;
