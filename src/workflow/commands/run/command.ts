// What a `run` command has come through, as the journal tells it.
//
//     deciding ─▶ attempting ─▶ finished
//       │  ▲         │  ▲
//       ▼  │         ▼  │
//       held       retrying          it can be cancelled anywhere
import { nameOfReference } from "../../../protocol/function-reference.ts";
import type { ApprovalId } from "../../../protocol/ids.ts";
import { approvalId } from "../../../protocol/ids.ts";
import type { NotedRecord } from "../../../protocol/journal.ts";
import type { JsonObject } from "../../../protocol/json.ts";
import type { ErrorData } from "../../../protocol/result.ts";
import type { ApprovalGiven } from "../../machine-types.ts";
import type { Command, RunFold } from "../kind.ts";

export type CallPhase =
  | { is: "deciding" }
  | { is: "held"; approval: ApprovalId }
  /** `takenAt`: when a runner took the job, or the builtin began. */
  | { is: "attempting"; startedAt: number; takenAt: number | undefined }
  | { is: "retrying"; dueAt: number };

export interface CallProgress {
  phase: CallPhase;
  /** Times policy was asked, the current one included. */
  round: number;
  approvals: ApprovalGiven[];
  /** Of the last decision. */
  environment: string | null;
  trustScore: number;
  /** Number of the current or last attempt; 0 before the first. */
  attempt: number;
  /** Attempts that failed and count. */
  failures: number;
  /** Attempts that ended because their runner died, which do not count. */
  losses: number;
  lastError: ErrorData | undefined;
  /** When the first attempt was taken. */
  startedAt: number | undefined;
  /** Inputs that the function's runner has called sensitive. */
  sensitiveInputs: ReadonlySet<string>;
}

export interface RunCommand extends Command {
  call: CallProgress;
}

const none: ReadonlySet<string> = new Set();

export function opened(command: Command): RunCommand {
  const call: CallProgress = {
    phase: { is: "deciding" },
    round: 1,
    approvals: [],
    environment: null,
    trustScore: 0,
    attempt: 0,
    failures: 0,
    losses: 0,
    lastError: undefined,
    startedAt: undefined,
    sensitiveInputs: none,
  };
  return { ...command, call };
}

export function noted(command: RunCommand, { note, data, at }: NotedRecord, run: RunFold): void {
  const { call } = command;
  switch (note) {
    case "policy_decision":
      call.environment = (data.environment ?? null) as string | null;
      call.trustScore = Number(data.trustScore);
      if (call.environment !== null) run.environments.add(call.environment);
      break;
    case "approval_opened":
      openApproval(command, data, at, run);
      break;
    case "approval_resolved":
      resolveApproval(command, data, at, run);
      break;
    case "attempt_started":
      call.attempt = Number(data.attempt);
      call.phase = { is: "attempting", startedAt: at, takenAt: undefined };
      // A builtin waits for no runner.
      if (data.as === "builtin") taken(call, at);
      break;
    case "job_taken":
      taken(call, at);
      break;
    case "inputs_sensitive":
      learnSensitive(command, data.inputs as string[], run);
      break;
    case "attempt_failed":
      call.lastError = data.error as unknown as ErrorData;
      if (data.lost === true) call.losses += 1;
      else call.failures += 1;
      break;
    case "retry_scheduled":
      call.phase = { is: "retrying", dueAt: run.dueAt(Number(data.delayMs), at) };
      break;
    default:
      break;
  }
}

function learnSensitive({ name, call }: RunCommand, inputs: readonly string[], run: RunFold): void {
  call.sensitiveInputs = new Set([...call.sensitiveInputs, ...inputs]);
  const its = nameOfReference(name);
  run.sensitiveInputs.set(its, new Set([...(run.sensitiveInputs.get(its) ?? []), ...inputs]));
}

/** An approval that is open when its command ends is withdrawn. */
export function closed({ call }: RunCommand, at: number, run: RunFold): void {
  if (call.phase.is !== "held") return;
  const approval = run.approvals.get(call.phase.approval);
  if (approval?.state === "pending") Object.assign(approval, { state: "withdrawn", resolvedAt: at });
}

function taken(call: CallProgress, at: number): void {
  if (call.phase.is !== "attempting") return;
  call.phase.takenAt = at;
  call.startedAt ??= at;
}

function openApproval(command: RunCommand, data: JsonObject, at: number, run: RunFold): void {
  const { start } = run.options;
  const id = approvalId(start.id, command.id, Number(data.round));
  const { environment, trustScore } = command.call;
  run.approvals.set(id, {
    id,
    run: start.id,
    workflow: start.workflow,
    command: command.id,
    function: command.name,
    inputs: command.args.inputs ?? {},
    ...(environment === null ? {} : { environment }),
    reasons: data.reasons as string[],
    trustScore,
    initiator: start.initiator,
    openedAt: at,
    state: "pending",
  });
  command.call.phase = { is: "held", approval: id };
}

function resolveApproval({ call }: RunCommand, data: JsonObject, at: number, run: RunFold): void {
  const by = String(data.by);
  const comment = String(data.comment);
  const decision = data.decision === "approve" ? "approve" : "deny";
  const approval = run.approvals.get(data.approval as ApprovalId);
  if (approval) {
    const state = decision === "approve" ? "approved" : "denied";
    Object.assign(approval, { state, resolvedBy: by, resolvedAt: at, comment });
  }
  call.approvals.push({ decision, by, comment, at: new Date(at).toISOString() });
  call.round += 1;
  call.phase = { is: "deciding" };
}
