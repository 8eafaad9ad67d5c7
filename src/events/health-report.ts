// Reports of health: events like any other, which say of themselves what environment and app they are about.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import { HEALTH_REPORTED, type Health, healthReportSchema } from "../protocol/health.ts";
import type { JsonObject } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";

/** A report as an environment takes it. Times are ms since the epoch. */
export interface HealthReport {
  environment: string;
  app: string;
  status: Health["status"];
  message?: string;
  revision?: string;
  observedAt: number;
  staleAfterMs: number;
  source: string;
}

export function isHealthReport({ type }: Pick<CloudEvent, "type">): boolean {
  return type === HEALTH_REPORTED;
}

/**
 * What an event of this type reports. `receivedAt` is when it was seen where it does not say so, and bounds what it
 * says: a clock that is ahead must not silence all that comes later. Refuses `invalid_event` with pointers.
 */
export function readHealthReport(event: CloudEvent, receivedAt: number): Result<HealthReport> {
  const read = healthReportSchema.safeParse(event.data);
  if (!read.success) {
    const errors = read.error.issues.map(({ path, message }) => ({
      pointer: ["/data", ...path.map(String)].join("/"),
      message,
    }));
    const [first] = errors;
    return refuse("invalid_event", `${event.type}: ${first?.pointer} is not valid: ${first?.message}`, {
      errors: errors as JsonObject[],
    });
  }
  const { observed_at, stale_after_s, message, revision, ...named } = read.data;
  const saidAt = Date.parse(observed_at ?? event.time ?? "");
  return ok({
    ...named,
    ...(message !== undefined && { message }),
    ...(revision !== undefined && { revision }),
    observedAt: Number.isNaN(saidAt) ? receivedAt : Math.min(saidAt, receivedAt),
    staleAfterMs: stale_after_s * 1000,
    source: event.source,
  });
}
