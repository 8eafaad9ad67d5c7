// The life of a `run` command: policy, approval, attempts. Each function decides one thing that can happen to it;
// what no longer fits the command's phase (late, repeated) changes nothing.

import { isWithinDepth } from "../../../events/json-depth.ts";
import { priorityOf } from "../../../events/workflow-start.ts";
import { nameOfReference } from "../../../protocol/function-reference.ts";
import { type ApprovalId, approvalId, jobId } from "../../../protocol/ids.ts";
import type { JobOutcome } from "../../../protocol/job.ts";
import { MAX_PAYLOAD_BYTES } from "../../../protocol/job.ts";
import type { Outcome } from "../../../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../../protocol/json.ts";
import type { ErrorData, Result } from "../../../protocol/result.ts";
import { CANCELLED } from "../../error-data.ts";
import { MAX_LOST_ATTEMPTS, MAX_OUTCOME_DEPTH, QUEUE_TIMEOUT_MS } from "../../limits.ts";
import type { InProcessEffect, JobEnding, JobRequest, PolicyAnswer, RunStart } from "../../machine-types.ts";
import { bytesBeyond, keptValue, PAYLOAD_TOO_LARGE } from "../../payload.ts";
import { approvalEvent } from "../../run-events.ts";
import type { Turn } from "../kind.ts";
import type { RunCommand } from "./command.ts";
import { backoffMs, builtinName, callOptions } from "./options.ts";

/** The code the router gives a job whose runner stopped reporting. */
const RUNNER_LOST = "RunnerLost";

/** How an attempt ended. `isLost`: its runner died, which says nothing about the Function. */
interface AttemptEnd {
  attempt: number;
  outcome: JobOutcome;
  /** ms since the epoch. */
  at: number;
  isLost: boolean;
  resolved?: string;
  sensitive?: string[];
}

export function beginCall(turn: Turn, command: RunCommand): void {
  const { deadlineMs } = callOptions(command);
  if (deadlineMs !== undefined) turn.setTimer("deadline", command.id, command.scheduledAt + deadlineMs);
  turn.effect(decideEffect(command));
}

/** The in-process effect that this command waits for, if it waits for one. */
export function pendingEffect(command: RunCommand): InProcessEffect | undefined {
  const { phase } = command.call;
  if (phase.is === "deciding") return decideEffect(command);
  if (phase.is === "attempting") return builtinEffect(command);
  return undefined;
}

function decideEffect(command: RunCommand): InProcessEffect {
  const { inputs, environment } = callOptions(command);
  return {
    kind: "decide",
    command: command.id,
    round: command.call.round,
    reference: command.name,
    inputs,
    ...(environment === undefined ? {} : { environment }),
    approvals: [...command.call.approvals],
  };
}

function builtinEffect(command: RunCommand): InProcessEffect | undefined {
  const name = builtinName(command.name);
  if (name === undefined) return undefined;
  const { inputs } = callOptions(command);
  return { kind: "call_builtin", command: command.id, attempt: command.call.attempt, name, inputs };
}

export function policyDecided(
  turn: Turn,
  command: RunCommand,
  round: number,
  result: Result<PolicyAnswer>,
): void {
  const { call } = command;
  if (call.phase.is !== "deciding" || call.round !== round) return;
  if (!result.ok) {
    turn.complete(command, { error: result.error });
    return;
  }
  const { decision, environment, trustScore, input, sensitive = [] } = result.value;
  const { verdict, reasons, bundle } = decision;
  // First: what follows is told to people. Of what this run's own calls have found out the catalog may not have heard
  // yet.
  noteSensitive(turn, command, [...new Set([...sensitive, ...foundSensitive(turn, command)])], {});
  turn.note(
    "policy_decision",
    { round, verdict, reasons, bundle, environment, trustScore, input },
    command.id,
  );
  if (verdict === "execute") startAttempt(turn, command);
  else if (call.approvals.at(-1)?.decision === "deny") turn.complete(command, { error: denied(command) });
  else if (verdict === "hold") hold(turn, command, reasons);
  else turn.complete(command, { error: rejected(command, reasons, bundle) });
}

function rejected(command: RunCommand, reasons: string[], bundle: string): ErrorData {
  return {
    code: "PolicyRejected",
    message: `policy rejected ${command.name}: ${reasons.join("; ") || "no reason given"}`,
    details: { reasons, bundle },
  };
}

function denied(command: RunCommand): ErrorData {
  const { by, comment } = command.call.approvals.at(-1) ?? { by: "", comment: "" };
  return {
    code: "ApprovalDenied",
    message: `${by} denied ${command.name}${comment === "" ? "" : `: ${comment}`}`,
    details: { by, comment },
  };
}

function hold(turn: Turn, command: RunCommand, reasons: string[]): void {
  const { start } = turn.options;
  const id = approvalId(start.id, command.id, command.call.round);
  turn.note("approval_opened", { approval: id, round: command.call.round, reasons }, command.id);
  putApproval(turn, id);
  const approval = turn.state.approvals.get(id);
  if (approval) turn.effect({ kind: "emit", event: approvalEvent(start, "requested", approval, turn.now) });
}

export function approvalResolved(
  turn: Turn,
  command: RunCommand,
  given: { approval: ApprovalId; decision: "approve" | "deny"; comment: string; by: string },
): void {
  const { phase } = command.call;
  if (phase.is !== "held") return;
  const { approval: id, decision, comment, by } = given;
  turn.note("approval_resolved", { approval: id, decision, comment, by }, command.id);
  putApproval(turn, phase.approval);
  const approval = turn.state.approvals.get(phase.approval);
  if (approval) {
    turn.effect({ kind: "emit", event: approvalEvent(turn.options.start, "resolved", approval, turn.now) });
  }
  turn.effect(decideEffect(command));
}

/** Sends out an approval as it now is. */
export function putApproval(turn: Turn, id: ApprovalId): void {
  const approval = turn.state.approvals.get(id);
  if (approval) turn.effect({ kind: "put_approval", approval: { ...approval } });
}

/** Nobody wants the outcome any more: a job is called back. */
export function abandon(turn: Turn, { id, name, call }: RunCommand): void {
  if (call.phase.is !== "attempting" || builtinName(name) !== undefined) return;
  turn.effect({ kind: "cancel_job", job: jobId(turn.options.start.id, id, call.attempt) });
}

function startAttempt(turn: Turn, command: RunCommand): void {
  const attempt = command.call.attempt + 1;
  const builtin = builtinName(command.name);
  turn.note("attempt_started", { attempt, as: builtin === undefined ? "job" : "builtin" }, command.id);
  const effect = builtinEffect(command);
  if (effect) {
    turn.setTimer("attempt_timeout", command.id, turn.now + callOptions(command).timeoutMs, attempt);
    turn.effect(effect);
  } else {
    turn.effect({ kind: "enqueue_job", job: jobOf(turn.options.start, command) });
  }
}

function jobOf(start: RunStart, command: RunCommand): JobRequest {
  const { inputs, sensitive, timeoutMs, tags } = callOptions(command);
  const { attempt, environment } = command.call;
  const { traceparent } = start.event;
  const priority = priorityOf(start);
  return {
    id: jobId(start.id, command.id, attempt),
    run: start.id,
    command: command.id,
    attempt,
    reference: command.name,
    inputs,
    ...(sensitive === undefined ? {} : { sensitive }),
    ...(environment === null ? {} : { environment }),
    timeoutMs,
    queueTimeoutMs: QUEUE_TIMEOUT_MS,
    tags,
    ...(priority === 0 ? {} : { priority }),
    idempotencyKey: `${start.id}#${command.id}`,
    ...(typeof traceparent === "string" ? { traceparent } : {}),
  };
}

export function jobTaken(turn: Turn, command: RunCommand, attempt: number, runner: string): void {
  const { call } = command;
  if (call.phase.is !== "attempting" || call.attempt !== attempt || call.phase.takenAt !== undefined) return;
  turn.note("job_taken", { attempt, runner }, command.id);
}

/**
 * Keeps which inputs are sensitive, and tells what has been told already again, without them. Said once is said for all
 * attempts; answers what was not said before. Names that the call has no input for are nothing to keep, or a runner could
 * fill the journal with them.
 */
function noteSensitive(
  turn: Turn,
  command: RunCommand,
  inputs: readonly string[],
  said: { attempt?: number },
): string[] {
  const given = callOptions(command).inputs;
  const isNew = inputs.filter(
    (name) => Object.hasOwn(given, name) && !command.call.sensitiveInputs.has(name),
  );
  if (isNew.length === 0) return isNew;
  turn.note("inputs_sensitive", { ...said, inputs: isNew }, command.id);
  const { start } = turn.options;
  for (let round = 1; round <= command.call.round; round++) {
    putApproval(turn, approvalId(start.id, command.id, round));
  }
  return isNew;
}

/** What this run has found to be sensitive of the same function. */
function foundSensitive({ state }: Turn, { name }: RunCommand): Iterable<string> {
  // Rare: spares the others reading the reference.
  if (state.sensitiveInputs.size === 0) return [];
  return state.sensitiveInputs.get(nameOfReference(name)) ?? [];
}

/** A runner says so: the next calls of the function know it beforehand. */
export function inputsSensitive(
  turn: Turn,
  command: RunCommand,
  { attempt, inputs }: { attempt: number; inputs: string[] },
): void {
  const { call } = command;
  if (call.phase.is !== "attempting" || call.attempt !== attempt) return;
  const isNew = noteSensitive(turn, command, inputs, { attempt });
  if (isNew.length === 0) return;
  turn.effect({ kind: "learn_sensitive", reference: command.name, inputs: isNew });
}

export function jobFinished(turn: Turn, command: RunCommand, job: Omit<JobEnding, "command">): void {
  const { phase } = command.call;
  const { attempt, outcome, cause, resolved, sensitive, at = turn.now } = job;
  const takenAt = phase.is === "attempting" ? phase.takenAt : undefined;
  const runnerLost = cause === "lost" && "error" in outcome && outcome.error.code === RUNNER_LOST;
  // A runner that lets an attempt run past its timeout loses its lease too, but this attempt had its time.
  const overran = takenAt !== undefined && at - takenAt >= callOptions(command).timeoutMs;
  attemptEnded(turn, command, {
    attempt,
    outcome,
    at,
    isLost: runnerLost && !overran,
    ...(resolved === undefined || resolved === "" ? {} : { resolved }),
    ...(sensitive === undefined || sensitive.length === 0 ? {} : { sensitive }),
  });
}

export function builtinFinished(turn: Turn, command: RunCommand, attempt: number, outcome: JobOutcome): void {
  attemptEnded(turn, command, { attempt, outcome, at: turn.now, isLost: false });
}

function attemptEnded(turn: Turn, command: RunCommand, end: AttemptEnd): void {
  const { call } = command;
  if (call.phase.is !== "attempting" || call.attempt !== end.attempt) return;
  if (builtinName(command.name) !== undefined) turn.dropTimer("attempt_timeout", command.id, end.attempt);
  const outcome = keptOutcome(end.outcome);
  if ("ok" in outcome) succeeded(turn, command, outcome.ok, end);
  else failed(turn, command, outcome.error, end);
}

/** As the journal keeps it. What it cannot keep is an error: the script is told, instead of the run being lost. */
function keptOutcome(outcome: JobOutcome): Outcome {
  if (!isWithinDepth(outcome as JsonValue, MAX_OUTCOME_DEPTH)) {
    return {
      error: {
        code: "PayloadTooDeep",
        message: `the function's outcome is nested more than ${MAX_OUTCOME_DEPTH} levels deep`,
        retryable: false,
      },
    };
  }
  const bytes = bytesBeyond(MAX_PAYLOAD_BYTES, outcome as JsonValue);
  if (bytes !== undefined) {
    return {
      error: {
        code: PAYLOAD_TOO_LARGE,
        message: `the function's outcome is ${bytes} bytes of JSON, the limit is ${MAX_PAYLOAD_BYTES}`,
        details: { bytes, limit: MAX_PAYLOAD_BYTES },
        retryable: false,
      },
    };
  }
  if ("error" in outcome) return { error: errorOf(outcome) };
  const kept = keptValue("the function's outcome", outcome.ok);
  return kept.ok ? { ok: kept.value } : { error: { ...kept.error, retryable: false } };
}

function errorOf({ error }: Extract<JobOutcome, { error: unknown }>): ErrorData {
  const { code, message, details, retryable } = error;
  return {
    code,
    message,
    ...(details === undefined ? {} : { details }),
    ...(retryable === undefined ? {} : { retryable }),
  };
}

function succeeded(turn: Turn, command: RunCommand, outputs: JsonValue, end: AttemptEnd): void {
  const { resolved, sensitive } = end;
  turn.complete(
    command,
    { ok: outputs },
    {
      ...(resolved === undefined ? {} : { resolved }),
      ...(sensitive === undefined ? {} : { sensitive }),
    },
  );
  const { environment } = command.call;
  const { app, revision } = callOptions(command).inputs;
  if (environment === null || typeof app !== "string" || typeof revision !== "string") return;
  turn.effect({
    kind: "record_deployment",
    environment,
    command: command.id,
    app,
    revision,
    function: command.name,
    by: turn.options.start.initiator,
    at: end.at,
  });
}

function failed(turn: Turn, command: RunCommand, error: ErrorData, end: AttemptEnd): void {
  const { call } = command;
  const { retry } = callOptions(command);
  const note = { attempt: end.attempt, error: { ...error } as JsonObject };
  if (end.isLost && call.losses < MAX_LOST_ATTEMPTS) {
    turn.note("attempt_failed", { ...note, lost: true }, command.id);
    startAttempt(turn, command);
    return;
  }
  const isFinal =
    error.retryable === false ||
    error.code === CANCELLED ||
    retry.final.includes(error.code) ||
    call.failures + 1 >= retry.attempts;
  if (isFinal) {
    turn.complete(command, { error }, end.resolved === undefined ? {} : { resolved: end.resolved });
    return;
  }
  const delayMs = backoffMs(retry, call.failures + 1);
  turn.note("attempt_failed", { ...note, lost: false }, command.id);
  turn.note("retry_scheduled", { attempt: end.attempt + 1, delayMs }, command.id);
  if (call.phase.is === "retrying") turn.setTimer("retry", command.id, call.phase.dueAt, end.attempt + 1);
}

/** One of the command's timers is due. */
export function callTimer(turn: Turn, command: RunCommand, kind: string, attempt: number): void {
  const { call } = command;
  switch (kind) {
    case "retry":
      if (call.phase.is === "retrying" && call.attempt + 1 === attempt) startAttempt(turn, command);
      break;
    case "attempt_timeout":
      builtinFinished(turn, command, attempt, {
        error: {
          code: "Timeout",
          message: `${command.name} took longer than ${callOptions(command).timeoutMs / 1000} s`,
        },
      });
      break;
    case "deadline":
      turn.giveUp(command, {
        code: "DeadlineExceeded",
        message: `${command.name} did not end within ${Number(command.args.deadlineMs) / 1000} s`,
      });
      break;
    default:
      break;
  }
}
