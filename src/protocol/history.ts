// A run's history as a file: what it began with, then its journal. docs/journal.md is the format's specification.
import { z } from "zod";
import { jsonSchema } from "./json.ts";
import { triggerSchema } from "./workflow.ts";

/** Bumped when an older reader could misread a newer file. */
export const HISTORY_FORMAT = 1;

/** The first line of the file, and the answer of GET /v1/runs/{id}/history. */
export const historyHeadSchema = z.object({
  history: z.literal(HISTORY_FORMAT),
  run: z.looseObject({
    id: z.string(),
    workspace: z.string(),
    workflow: z.string(),
    program: z.object({ digest: z.string() }),
    trigger: triggerSchema,
    event: z.looseObject({
      specversion: z.literal("1.0"),
      id: z.string(),
      source: z.string(),
      type: z.string(),
      data: jsonSchema.optional(),
    }),
    eventSeq: z.number().int(),
    initiator: z.string(),
  }),
  program: z.object({ digest: z.string(), entry: z.string(), files: z.record(z.string(), z.string()) }),
});
export type HistoryHead = z.infer<typeof historyHeadSchema>;
