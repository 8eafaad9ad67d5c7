// When a start may go on that has to wait for a permit (`rate_limit`), for quiet (`debounce`) or for company (`batch`).
import type { Batch, Debounce, RateLimit } from "../protocol/flow-control.ts";

/**
 * When the next permit is free: at once, or when the permit that was given `count` permits ago is `perMs` old. So no
 * stretch of that length holds more than `count`. `grantedAt`: when that one was given, undefined when fewer were.
 */
export function permitAt({ perMs }: Pick<RateLimit, "perMs">, grantedAt: number | undefined): number {
  return grantedAt === undefined ? Number.NEGATIVE_INFINITY : grantedAt + perMs;
}

/** When a start that collects events goes on by itself. */
export function gatheredAt(
  rules: { debounce?: Debounce | undefined; batch?: Batch | undefined },
  events: { firstAt: number; lastAt: number },
): number {
  const { debounce, batch } = rules;
  if (batch) return events.firstAt + batch.withinMs;
  if (!debounce) return events.lastAt;
  const quietAt = events.lastAt + debounce.quietMs;
  return debounce.maxWaitMs === undefined ? quietAt : Math.min(quietAt, events.firstAt + debounce.maxWaitMs);
}

/** Characters of JSON that the events of one batch have together: its run keeps them as one value. */
export const MAX_BATCH_LENGTH = 400_000;
