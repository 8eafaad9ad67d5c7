// The runner protocol of docs/runner-protocol.md.
import { z } from "zod";
import { jsonSchema } from "./json.ts";
import { MAX_PLACES } from "./place.ts";

export const LONG_POLL_SECONDS = 25;
export const DEFAULT_LEASE_SECONDS = 30;
/** The lease a job carries until its runner's first heartbeat proves that the hand-over arrived. */
export const HANDOVER_LEASE_SECONDS = 10;
export const MAX_LOG_CHUNK_BYTES = 256 * 1024;
/** Arguments, inputs, outputs and outcomes: JSON text of at most this many bytes. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

const placesSchema = z.array(z.string().max(200)).max(MAX_PLACES);

export const jobErrorSchema = z.object({
  code: z.string().min(1).max(100),
  message: z.string().max(10_000),
  details: z.record(z.string(), jsonSchema).optional(),
  retryable: z.boolean().optional(),
});

/** The error code by which a runner reports that it stopped a job because it was told to. */
export const CANCELLED_CODE = "Cancelled";

export const jobOutcomeSchema = z.union([
  z.strictObject({ ok: z.record(z.string(), jsonSchema) }),
  z.strictObject({ error: jobErrorSchema }),
]);
export type JobOutcome = z.infer<typeof jobOutcomeSchema>;
/** Why a job ended. `lost`: the lease ran out or nobody took it in time: the attempt failed, not the Function. */
export type JobCause = "completed" | "lost" | "cancelled";

/** Which jobs a runner takes: those whose tags it has all of. */
export const runnerTagsSchema = z.array(z.string().min(1).max(64)).max(32);

export const runnerInfoSchema = z.object({
  name: z.string().min(1).max(100),
  version: z.string().max(50),
  platform: z.string().max(50),
  tags: runnerTagsSchema,
  capacity: z.number().int().min(1).max(100),
});
export type RunnerInfo = z.infer<typeof runnerInfoSchema>;

export const jobRequestSchema = z.object({
  runner: runnerInfoSchema,
  wait_s: z.number().min(0).max(LONG_POLL_SECONDS).default(LONG_POLL_SECONDS),
});

/** The function a job runs. `resolved` is a commit or digest once known; runners report it at their first heartbeat. */
export const functionReferenceSchema = z.object({ reference: z.string(), resolved: z.string().optional() });

export const jobSchema = z.object({
  id: z.string(),
  attempt: z.number().int(),
  lease: z.string(),
  lease_seconds: z.number(),
  function: functionReferenceSchema,
  inputs: z.record(z.string(), jsonSchema),
  /** Places in `inputs` that are secret: they must not get into the log. */
  sensitive_inputs: placesSchema.optional(),
  environment: z.string().optional(),
  timeout_s: z.number(),
  idempotency_key: z.string(),
  traceparent: z.string().optional(),
  run_url: z.string(),
});
export type Job = z.infer<typeof jobSchema>;

export const progressSchema = z.object({
  done: z.number(),
  total: z.number().optional(),
  message: z.string().max(500).optional(),
});
export type Progress = z.infer<typeof progressSchema>;
export const heartbeatSchema = z.object({
  lease: z.string(),
  log: z.object({ offset: z.number().int().min(0), text: z.string() }).optional(),
  progress: progressSchema.optional(),
  resolved: z.string().max(200).optional(),
  /** Inputs that the function itself calls sensitive; to be told before it begins. */
  sensitive_inputs: placesSchema.optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;
export const heartbeatAnswerSchema = z.object({ cancel: z.boolean(), lease_expires_at: z.number() });

export const completeSchema = z.object({
  lease: z.string(),
  outcome: jobOutcomeSchema,
  /** Places in the outputs that are sensitive. */
  sensitive_outputs: placesSchema.optional(),
});
export type Completion = z.infer<typeof completeSchema>;
export const releaseSchema = z.object({ lease: z.string(), reason: z.string().max(500) });

export const runnerStatusSchema = runnerInfoSchema.extend({
  lastSeenAt: z.number(),
  jobs: z.array(z.object({ id: z.string(), function: z.string(), since: z.number() })),
});
export type RunnerStatus = z.infer<typeof runnerStatusSchema>;

/** A job that waits for a runner. */
export const queuedViewSchema = z.object({
  id: z.string(),
  run: z.string(),
  function: z.string(),
  priority: z.number().int(),
  queuedAt: z.number(),
});
export type QueuedView = z.infer<typeof queuedViewSchema>;
