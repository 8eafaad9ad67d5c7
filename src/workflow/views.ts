// What people see of a run: its summary, and its commands as activities. Made from the fold of the journal alone.
import type { JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Activity, RunState, RunSummary } from "../protocol/run.ts";
import { decodeValue, toJson } from "../starlark/index.ts";
import type { Command, RunCommand } from "./command.ts";
import { durationText } from "./duration-text.ts";
import type { JournalState } from "./journal-state.ts";
import type { RunMachineOptions, RunStart } from "./machine-types.ts";
import { bytesBeyond } from "./payload.ts";

/** Whether the command waits for time or for somebody, rather than for work that is under way. */
function isWaiting(command: Command): boolean {
  if (command.kind === "sleep" || command.kind === "wait_for_event") return true;
  return command.kind === "run" && (command.call.phase.is === "held" || command.call.phase.is === "retrying");
}

export function runStateOf(state: JournalState, isStuck: boolean): RunState {
  if (state.finished) return state.finished.state;
  if (isStuck) return "stuck";
  return state.open.size > 0 && [...state.open.values()].every(isWaiting) ? "waiting" : "running";
}

export function summaryOf(state: JournalState, start: RunStart, stuck: ErrorData | undefined): RunSummary {
  const { id, source, type, subject } = start.event;
  const error = stuck ?? state.finished?.error;
  return {
    id: start.id,
    workflow: start.workflow,
    digest: start.program.digest,
    trigger: start.trigger.id,
    initiator: start.initiator,
    event: { id, source, type, ...(subject === undefined ? {} : { subject }) },
    state: runStateOf(state, stuck !== undefined),
    waitingFor: stuck ? "a program that fits its journal" : waitingFor(state),
    environments: [...state.environments],
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    ...(state.finishedAt === undefined ? {} : { finishedAt: state.finishedAt }),
    ...(error === undefined ? {} : { error: shortError(error) }),
    commands: state.commands.size,
    version: state.lastSeq,
  };
}

const MAX_MESSAGE = 2000;
const MAX_DETAILS_BYTES = 16 * 1024;

/** Summaries travel and are kept by the thousand: the whole error is with the command, and in the run's ending. */
function shortError({ code, message, details }: ErrorData): ErrorData {
  const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  const isSmall = details !== undefined && bytesBeyond(MAX_DETAILS_BYTES, details) === undefined;
  return { code, message: short, ...(isSmall ? { details } : {}) };
}

/** In words, what keeps the run from moving; "" when something is at work, or it is over. */
function waitingFor(state: JournalState): string {
  const reasons = [...state.open.values()].map((command) => reasonToWait(command, state));
  const waiting = reasons.filter((reason) => reason !== "");
  if (waiting.length === 0 || waiting.length < reasons.length) return "";
  const [first = ""] = waiting;
  return waiting.length === 1 ? first : `${first}, and ${waiting.length - 1} more`;
}

function reasonToWait(command: Command, state: JournalState): string {
  switch (command.kind) {
    case "sleep":
      return `sleeping for ${durationText(Number(command.args.ms))}`;
    case "wait_for_event":
      return `waiting for an event ${command.name}`;
    case "run":
      return reasonOfCall(command, state);
    default:
      return "";
  }
}

function reasonOfCall({ name, call }: RunCommand, state: JournalState): string {
  const { phase } = call;
  switch (phase.is) {
    case "deciding":
      return "";
    case "held": {
      const reasons = state.approvals.get(phase.approval)?.reasons.join("; ") ?? "";
      return reasons === "" ? "held by policy" : `held by policy: ${reasons}`;
    }
    case "attempting":
      return phase.takenAt === undefined ? `waiting for a runner to take ${name}` : "";
    case "retrying":
      return `waiting to retry ${name}: ${call.lastError?.message ?? ""}`;
  }
}

type ViewOptions = Pick<RunMachineOptions, "mask">;

export function activitiesOf(state: JournalState, options: ViewOptions): Activity[] {
  return [...state.commands.values()].map((command) => activityOf(command, options));
}

function activityOf(command: Command, options: ViewOptions): Activity {
  const { id, kind, name, scheduledAt, position, end } = command;
  const finishedAt = end?.at;
  return {
    command: id,
    kind,
    name,
    state: activityState(command),
    ...inputsOf(command, options),
    ...outcomeOf(command, options),
    scheduledAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(command.kind === "run" ? callDetails(command) : dueOf(command)),
    position,
  };
}

function activityState(command: Command): Activity["state"] {
  const { end } = command;
  if (end?.kind === "cancelled") return "cancelled";
  if (end) return "ok" in end.outcome ? "succeeded" : "failed";
  if (command.kind !== "run") return "waiting";
  const { phase } = command.call;
  switch (phase.is) {
    case "deciding":
      return "deciding";
    case "held":
      return "held";
    case "attempting":
      return phase.takenAt === undefined ? "queued" : "running";
    case "retrying":
      return "retrying";
  }
}

function shown(
  command: Command,
  side: "inputs" | "outputs",
  value: JsonValue,
  { mask }: ViewOptions,
): JsonValue {
  return mask ? mask({ command: command.id, reference: command.name, side, value }) : value;
}

function inputsOf(command: Command, options: ViewOptions): { inputs?: JsonValue } {
  if (command.kind === "run") return { inputs: shown(command, "inputs", command.args.inputs ?? {}, options) };
  return Object.keys(command.args).length > 0 ? { inputs: command.args } : {};
}

function outcomeOf({ end, ...command }: Command, options: ViewOptions): Pick<Activity, "outputs" | "error"> {
  if (end?.kind !== "completed") return {};
  if ("error" in end.outcome) return { error: end.outcome.error };
  const outputs = toJson(decodeValue(end.outcome.ok));
  return outputs === null
    ? {}
    : { outputs: shown({ ...command, end } as Command, "outputs", outputs, options) };
}

function dueOf(command: Exclude<Command, RunCommand>): { dueAt?: number } {
  const isTimed =
    (command.kind === "sleep" || command.kind === "wait_for_event") && command.end === undefined;
  return isTimed && command.dueAt !== undefined ? { dueAt: command.dueAt } : {};
}

function callDetails(
  command: RunCommand,
): Pick<Activity, "environment" | "attempt" | "startedAt" | "dueAt" | "approval" | "error"> {
  const { environment, attempt, startedAt, phase, lastError } = command.call;
  const isOpen = command.end === undefined;
  return {
    ...(environment === null ? {} : { environment }),
    ...(attempt === 0 ? {} : { attempt }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(isOpen && phase.is === "retrying" ? { dueAt: phase.dueAt } : {}),
    ...(isOpen && phase.is === "held" ? { approval: phase.approval } : {}),
    ...(isOpen && lastError ? { error: lastError } : {}),
  };
}
