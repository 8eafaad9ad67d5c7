import { z } from "zod";

/** A message that failed too often: kept, and delivered only when an operator retries it. */
export const parkedMessageSchema = z.object({
  /** Whose outbox holds it: `bus`, `catalog`, `router`, `directory`, `run/<id>` or `environment/<name>`. */
  actor: z.string(),
  id: z.number().int(),
  receiver: z.string(),
  method: z.string(),
  attempts: z.number().int(),
  lastError: z.string(),
});
export type ParkedMessage = z.infer<typeof parkedMessageSchema>;
