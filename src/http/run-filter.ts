// How runs are chosen, for lists of them and for what is done to many at once.
import { z } from "@hono/zod-openapi";
import type { RunFilter } from "../../durable-objects/rpc/directory.ts";
import { nameSchema, runIdSchema } from "../protocol/ids.ts";
import { runStateSchema } from "../protocol/run.ts";
import { searchFault } from "../protocol/run-words.ts";
import { instantSchema, millisecondsOf } from "./instant.ts";

const labelSchema = z
  .string()
  .max(300)
  .regex(/^[^=]+=/, "a label is key=value");

/** All that are given must hold of a run. */
export const runFilterSchema = z.object({
  state: z.union([runStateSchema, z.array(runStateSchema).min(1)]).optional(),
  workflow: nameSchema.optional(),
  environment: nameSchema.optional(),
  initiator: z.string().max(200).optional(),
  parent: runIdSchema.optional().describe("Only runs that this one started"),
  label: z
    .union([labelSchema, z.array(labelSchema).min(1).max(8)])
    .refine((labels) => Object.keys(labelsOf([labels].flat())).length === new Set([labels].flat()).size, {
      error: "a run has one value for a label: give each key once",
    })
    .optional()
    .describe("`key=value`; several must all be there, so a key has one value"),
  text: z
    .string()
    .max(200)
    .optional()
    .describe(
      "Words, each the beginning of one in the run's id, workflow, trigger, initiator, state, event (subject, " +
        "type, source), environments, labels, status, what it waits for, or error; the first ten count",
    ),
  from: instantSchema.optional().describe("Created at this instant (ISO 8601) or later"),
  to: instantSchema.optional().describe("Created before this instant"),
});

/** What is done to many runs must not be done to more of them than the filter says. */
export const bulkFilterSchema = runFilterSchema.strict().extend({
  text: runFilterSchema.shape.text
    .superRefine((text, context) => {
      const message = text === undefined ? undefined : searchFault(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .describe("Words as in lists of runs: at least one, and at most ten"),
});

/** The filter as the directory takes it. */
export function runFilterOf({ state, label, from, to, ...rest }: z.infer<typeof runFilterSchema>) {
  return {
    ...rest,
    state: state === undefined ? undefined : [state].flat(),
    labels: label === undefined ? undefined : labelsOf([label].flat()),
    from: millisecondsOf(from),
    to: millisecondsOf(to),
  } satisfies { [Name in keyof RunFilter]?: RunFilter[Name] | undefined };
}

function labelsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]),
  );
}
