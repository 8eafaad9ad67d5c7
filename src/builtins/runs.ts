// What a run does to other runs of its workspace, and what their answers are to its script.
import { z } from "zod";
import { nameSchema, type RunId, runIdSchema } from "../protocol/ids.ts";
import type { JobOutcome } from "../protocol/job.ts";
import { type Result, refuse } from "../protocol/result.ts";
import { MAX_SIGNAL_BYTES } from "../protocol/signal.ts";
import { bytesBeyond } from "../workflow/payload.ts";
import { checkInputs, failure, idempotencyKey, type RunRequest, type RunsBuiltin } from "./builtin.ts";

const signalSchema = z.strictObject({
  run: runIdSchema,
  name: nameSchema,
  data: z.json().default(null),
});

/**
 * `builtin://signal`: a signal to a run. Inputs `run`, `name` and optionally `data`; outputs the signal's `id` and the
 * `run` that has it. Errors: those of `outcomeOf`, and `PayloadTooLarge`.
 */
export const signal: RunsBuiltin = {
  kind: "runs",
  request(call) {
    const inputs = checkInputs("signal", signalSchema, call.inputs);
    if ("outcome" in inputs) return inputs;
    const { run, name, data } = inputs.value;
    const bytes = bytesBeyond(MAX_SIGNAL_BYTES, data);
    if (bytes !== undefined) {
      const message = `the signal's data is ${bytes} bytes of JSON, the limit is ${MAX_SIGNAL_BYTES}`;
      return { outcome: failure("PayloadTooLarge", message) };
    }
    const by = call.run;
    // The same on every attempt: a run takes an id once.
    const id = idempotencyKey(call);
    return { request: { type: "signal", run: run as RunId, id, name, data, by } };
  },
};

const cancelSchema = z.strictObject({
  run: runIdSchema,
  reason: z.string().max(2000).default(""),
});

/**
 * `builtin://cancel`: asks a run to stop; its cleanup runs. Inputs `run` and optionally `reason`; outputs the `run` that
 * was asked. Errors: those of `outcomeOf`.
 */
export const cancel: RunsBuiltin = {
  kind: "runs",
  request(call) {
    const inputs = checkInputs("cancel", cancelSchema, call.inputs);
    if ("outcome" in inputs) return inputs;
    const { run, reason } = inputs.value;
    return { request: { type: "cancel", run: run as RunId, by: call.run, reason } };
  },
};

/** Runs that go on in each other's place: more than these are not gone through for one request. */
export const MAX_SUCCESSORS = 100;

/** The one who asks goes on from `last`: it is over, and known, which the one in its place need not be yet. */
export function tooManySuccessors(last: RunId): Result<never> {
  return refuse(
    "too_many_successors",
    `the run has gone on as another more than ${MAX_SUCCESSORS} times: ask ${last}, which the request has come to`,
    { run: last },
  );
}

/** What a run's refusal is to the script that asked, and whether it may be another one later. */
const refusals: ReadonlyMap<string, { code: string; retryable: boolean }> = new Map([
  ["unknown_run", { code: "UnknownRun", retryable: false }],
  ["run_finished", { code: "RunFinished", retryable: false }],
  ["run_expired", { code: "RunFinished", retryable: false }],
  ["too_many_successors", { code: "TooManySuccessors", retryable: false }],
  ["run_stuck", { code: "RunStuck", retryable: true }],
  ["invalid_signal", { code: "InvalidSignal", retryable: false }],
  ["too_many_signals", { code: "TooManySignals", retryable: true }],
]);

/** What the call comes to: `answer` has the run that did it, which may be one that goes on in the place of the other. */
export function outcomeOf(request: RunRequest, answer: Result<RunId>): JobOutcome {
  if (answer.ok) {
    return { ok: request.type === "signal" ? { id: request.id, run: answer.value } : { run: answer.value } };
  }
  const { code, message, details } = answer.error;
  const known = refusals.get(code) ?? { code: "RunRefused", retryable: false };
  return failure(known.code, `builtin://${request.type} of ${request.run}: ${message}`, {
    retryable: known.retryable,
    ...(details && { details }),
  });
}
