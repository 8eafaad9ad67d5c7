import { z } from "zod";
import { flowControlShape, scheduleSchema } from "./flow-control.ts";
import { fieldSchema } from "./form.ts";
import { nameSchema } from "./ids.ts";
import { jsonSchema } from "./json.ts";

export const MAX_SOURCE_BYTES = 512 * 1024;

export const diagnosticSchema = z.object({
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  endLine: z.number().int().optional(),
  endColumn: z.number().int().optional(),
  hint: z.string().optional(),
});
export type Diagnostic = z.infer<typeof diagnosticSchema>;

/** `filter` is a CEL expression over `event`; `match` maps a path in the event (`data.service`) to a value. */
export const triggerSchema = z.object({
  /** `<workflow>/<name>`, the name being the handler's where the script gives none. */
  id: z.string(),
  type: z.string(),
  handler: z.string(),
  filter: z.string().optional(),
  match: z.record(z.string(), jsonSchema).optional(),
  /** Set for `on_schedule`: the trigger then matches only the firings of its own schedule. */
  schedule: scheduleSchema.optional(),
  ...flowControlShape,
  /** How long each of its runs may take; as long as it likes where it is left out. */
  timeoutMs: z.number().int().optional(),
  /** Of `on_start`: what a start takes. Without them it takes any JSON. */
  inputs: z.array(fieldSchema).optional(),
});
export type Trigger = z.infer<typeof triggerSchema>;

/** A trigger as the bus has it, with the events on which its filter failed: those counted as no match. */
export const triggerStatusSchema = triggerSchema.extend({
  workflow: z.string(),
  failures: z.number().int(),
  lastFailure: z
    .object({ source: z.string(), id: z.string(), at: z.number(), message: z.string() })
    .optional(),
});
export type TriggerStatus = z.infer<typeof triggerStatusSchema>;

/** Body of PUT /v1/workflows/{name}: the entry file and what it loads, by file name. */
export const workflowInputSchema = z.strictObject({
  entry: z.string().min(1).max(200),
  files: z.record(z.string().max(200), z.string()),
});
export type WorkflowInput = z.infer<typeof workflowInputSchema>;

export const workflowSchema = z.object({
  name: nameSchema,
  digest: z.string(),
  version: z.number().int(),
  entry: z.string(),
  triggers: z.array(triggerSchema),
  updatedAt: z.number(),
});
export type WorkflowView = z.infer<typeof workflowSchema>;

/** One entry of a workflow's history. Without digest: it was removed. */
export const workflowVersionSchema = z.object({
  version: z.number().int(),
  digest: z.string().optional(),
  by: z.string(),
  at: z.number(),
});
export type WorkflowVersion = z.infer<typeof workflowVersionSchema>;

/** A program as runs keep it. `digest` is the SHA-256 of its canonical form. */
export interface ProgramSource {
  digest: string;
  entry: string;
  files: Record<string, string>;
}

export const functionInputSchema = z.strictObject({
  trustScore: z.number().min(0).max(1),
  description: z.string().max(1000).default(""),
});
export const catalogFunctionSchema = functionInputSchema.extend({ name: z.string(), updatedAt: z.number() });
export type CatalogFunction = z.infer<typeof catalogFunctionSchema>;
