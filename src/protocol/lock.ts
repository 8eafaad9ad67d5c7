// Locks: who holds one, and who waits for it.
import { z } from "zod";

export const lockKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, "a lock's key is 1 to 200 visible ASCII characters");

const claimSchema = z.object({
  run: z.string(),
  command: z.string(),
  workflow: z.string(),
  /** How many may hold the lock together, as this one asked for it. */
  limit: z.number().int(),
  requestedAt: z.number(),
  /** Absent while it waits. */
  grantedAt: z.number().optional(),
});

export const lockSchema = z.object({
  key: z.string(),
  holders: z.array(claimSchema),
  /** The next first; at most 100. */
  waiting: z.array(claimSchema),
  waitingCount: z.number().int(),
  version: z.number().int(),
});
export type LockView = z.infer<typeof lockSchema>;
