import { z } from "zod";
import { jsonSchema } from "./json.ts";
import { runStates } from "./run-states.ts";

export { finishedStates, type RunState, runStates } from "./run-states.ts";
export const runStateSchema = z.enum(runStates);

const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean().optional(),
  details: z.record(z.string(), jsonSchema).optional(),
});

/** One command as people see it: a row of the timeline. Sensitive values are already masked. */
export const activitySchema = z.object({
  command: z.string(),
  /** The fiber that called it: `0` for the handler's own, `0.2` for the second that it started. */
  fiber: z.string(),
  /** The fiber that started this fiber; absent for the handler's own. */
  parent: z.string().optional(),
  kind: z.string(),
  name: z.string(),
  state: z.enum([
    "deciding",
    "held",
    "queued",
    "running",
    "retrying",
    "waiting",
    "succeeded",
    "failed",
    "cancelled",
  ]),
  environment: z.string().optional(),
  inputs: jsonSchema.optional(),
  outputs: jsonSchema.optional(),
  error: errorSchema.optional(),
  attempt: z.number().int().optional(),
  scheduledAt: z.number(),
  startedAt: z.number().optional(),
  finishedAt: z.number().optional(),
  /** When a sleep, a retry or a wait's timeout fires, in the host's clock. */
  dueAt: z.number().optional(),
  approval: z.string().optional(),
  form: z.string().optional(),
  /** The run that it started. */
  child: z.string().optional(),
  progress: z
    .object({ done: z.number(), total: z.number().optional(), message: z.string().optional() })
    .optional(),
  /** The last thing an operator did to it by hand. */
  operated: z.object({ action: z.string(), by: z.string(), reason: z.string() }).optional(),
  position: z.object({ file: z.string(), line: z.number(), column: z.number() }),
});
export type Activity = z.infer<typeof activitySchema>;

const runProgressSchema = z.object({ done: z.number(), total: z.number().optional() });

/** What the directory keeps of a run, and lists show. `version` grows with every change: the newest wins. */
export const runSummarySchema = z.object({
  id: z.string(),
  workflow: z.string(),
  /** SHA-256 of the program's canonical form. */
  digest: z.string(),
  trigger: z.string(),
  initiator: z.string(),
  /** It happened somewhere else: who brought it here, to be looked at, and when. */
  imported: z.object({ by: z.string(), at: z.number() }).optional(),
  /** The run and its command that started this one, where one did. */
  parent: z.object({ run: z.string(), command: z.string() }).optional(),
  event: z.object({ id: z.string(), source: z.string(), type: z.string(), subject: z.string().optional() }),
  state: runStateSchema,
  /** In words, what it waits for: "soaking", "held by policy: …". Empty when it does not wait. */
  waitingFor: z.string(),
  /** While it is paused: nothing new begins. */
  paused: z
    .object({
      by: z.string(),
      reason: z.string(),
      at: z.number(),
      /** Nobody has paused it: it waits for its place in the concurrency group of its trigger. */
      place: z.literal(true).optional(),
      /** The same, for locks that the run before it held: the commands that claim them, the next one first. */
      locks: z.array(z.string()).optional(),
    })
    .optional(),
  environments: z.array(z.string()),
  /** What the run says it is doing. */
  status: z.string().optional(),
  progress: runProgressSchema.optional(),
  labels: z.record(z.string(), z.string()).optional(),
  /** The run that this one goes on from, and the one that goes on from here. */
  continues: z.object({ run: z.string(), how: z.enum(["continued", "forked"]) }).optional(),
  continuedAs: z.string().optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
  finishedAt: z.number().optional(),
  error: errorSchema.optional(),
  commands: z.number().int(),
  version: z.number().int(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

/** GET /v1/runs/{id} */
export const runDetailSchema = runSummarySchema.extend({
  /** The newest, at most 10,000, in the order they were called. */
  activities: z.array(activitySchema),
  /** How many came before those: GET /v1/runs/{id}/activities has them all. */
  earlierActivities: z.number().int().optional(),
  /** When it was brought back from the archive, to be looked at. */
  restoredAt: z.number().optional(),
  /** What the handler returned. */
  output: jsonSchema.optional(),
  /** What the run has put out so far, by name. */
  outputs: z.record(z.string(), jsonSchema).optional(),
  traceback: z.string().optional(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

export const logLineSchema = z.object({
  seq: z.number().int(),
  at: z.number(),
  command: z.string().optional(),
  attempt: z.number().int().optional(),
  stream: z.enum(["script", "function"]),
  text: z.string(),
  /** It goes on the line before it of the same command and attempt, which was too long for one. */
  continues: z.literal(true).optional(),
});
export type LogLine = z.infer<typeof logLineSchema>;
