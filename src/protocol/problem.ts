import { z } from "zod";
import { jsonSchema } from "./json.ts";

/** RFC 9457 problem details, with our stable `code` and, for validation, JSON pointers (RFC 6901). */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  diagnostics: z.array(jsonSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
