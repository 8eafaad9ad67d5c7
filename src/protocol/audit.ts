import { z } from "zod";
import { jsonSchema } from "./json.ts";

/** Who did what, when, and to what. `subject` is its name or id. */
export const auditEntrySchema = z.object({
  at: z.number(),
  by: z.string(),
  action: z.string(),
  subject: z.string(),
  data: z.record(z.string(), jsonSchema),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
