// Forms: what a run asks people, and what they answer.
import { z } from "zod";
import { type JsonValue, jsonSchema } from "./json.ts";

export const fieldTypes = [
  "string",
  "text",
  "number",
  "boolean",
  "choice",
  "multi_choice",
  "date",
  /** A string that nobody gets to see again. */
  "secret",
] as const;

export const fieldSchema = z.object({
  name: z.string(),
  type: z.enum(fieldTypes),
  label: z.string().optional(),
  help: z.string().optional(),
  required: z.boolean().optional(),
  default: jsonSchema.optional(),
  /** Of a choice: what there is to choose from. */
  options: z.array(z.string()).optional(),
  /** Of a number the least, of a text its least length, of a multi_choice how few, of a date the first. */
  min: z.union([z.number(), z.string()]).optional(),
  max: z.union([z.number(), z.string()]).optional(),
  /** RE2; the whole text must match. */
  pattern: z.string().optional(),
});
export type FormField = z.infer<typeof fieldSchema>;

export const formStates = ["pending", "filled", "expired", "withdrawn"] as const;

export const formSchema = z.object({
  id: z.string(),
  run: z.string(),
  workflow: z.string(),
  command: z.string(),
  title: z.string(),
  description: z.string().optional(),
  fields: z.array(fieldSchema),
  /** Who may fill it in; whoever is an operator where there are none. */
  assignees: z.array(z.string()),
  initiator: z.string(),
  openedAt: z.number(),
  /** When nobody has to answer any more. */
  dueAt: z.number().optional(),
  state: z.enum(formStates),
  filledBy: z.string().optional(),
  closedAt: z.number().optional(),
  values: z.record(z.string(), jsonSchema).optional(),
});
export type Form = z.infer<typeof formSchema>;
export type FormState = Form["state"];

export type FormValues = Record<string, JsonValue>;
export const formAnswerSchema = z.strictObject({ values: z.record(z.string().max(64), jsonSchema) });
