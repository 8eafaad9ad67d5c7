import { z } from "@hono/zod-openapi";

/** A point in time as one writes it in an address: ISO 8601, with `Z` or an offset. */
export const instantSchema = z.iso.datetime({ offset: true });

/** Since the epoch. */
export function millisecondsOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}
