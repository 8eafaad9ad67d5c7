// What people see of a run: its summary, and its commands as activities. Made from the fold of the journal alone.
import type { JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Activity, RunState, RunSummary } from "../protocol/run.ts";
import { decodeValue, toJson } from "../starlark/index.ts";
import type { Command } from "./commands/kind.ts";
import { kindOf } from "./commands/registry.ts";
import { lacksLocks } from "./inherited-locks.ts";
import { type JournalState, successorIn } from "./journal-state.ts";
import type { RunStart } from "./machine-types.ts";
import { parentOfRun } from "./parent.ts";
import { bytesBeyond } from "./payload.ts";
import { isPausedForPlace } from "./place.ts";
import { maskedActivity } from "./secrets/masked-views.ts";

export function runStateOf(state: JournalState, isStuck: boolean): RunState {
  if (state.finished) return state.finished.state;
  if (isStuck) return "stuck";
  return state.open.size > 0 && state.busy === 0 ? "waiting" : "running";
}

/** With its whole error: see `withShortError`. */
export function summaryOf(state: JournalState, start: RunStart, stuck: ErrorData | undefined): RunSummary {
  const { id, source, type, subject } = start.event;
  const parent = parentOfRun(start);
  const error = stuck ?? state.finished?.error;
  const successor = state.finished && successorIn(state.finished);
  return {
    id: start.id,
    workflow: start.workflow,
    digest: start.program.digest,
    trigger: start.trigger.id,
    initiator: start.initiator,
    ...(start.imported ? { imported: { ...start.imported } } : {}),
    event: { id, source, type, ...(subject === undefined ? {} : { subject }) },
    state: runStateOf(state, stuck !== undefined),
    waitingFor: stuck ? "a program that fits its journal" : waitingFor(state),
    ...(state.paused ? { paused: { ...state.paused } } : {}),
    environments: [...state.environments],
    ...(parent ? { parent } : {}),
    ...annotationsOf(state),
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    ...(start.continues ? { continues: { ...start.continues } } : {}),
    ...(successor === undefined ? {} : { continuedAs: successor }),
    ...(state.finishedAt === undefined ? {} : { finishedAt: state.finishedAt }),
    ...(error === undefined ? {} : { error }),
    commands: state.commands.size,
    version: state.lastSeq,
  };
}

function annotationsOf({ annotations }: JournalState): Pick<RunSummary, "status" | "progress" | "labels"> {
  const { status, progress, labels } = annotations;
  return {
    ...(status === undefined ? {} : { status }),
    ...(progress === undefined ? {} : { progress: { ...progress } }),
    ...(labels.size === 0 ? {} : { labels: Object.fromEntries(labels) }),
  };
}

const MAX_MESSAGE = 2000;
const MAX_DETAILS_BYTES = 16 * 1024;

/** Summaries travel and are kept by the thousand: the whole error is with the command, and in the run's ending. */
export function withShortError(summary: RunSummary): RunSummary {
  if (summary.error === undefined) return summary;
  const { code, message, details } = summary.error;
  const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  const isSmall = details !== undefined && bytesBeyond(MAX_DETAILS_BYTES, details) === undefined;
  return { ...summary, error: { code, message: short, ...(isSmall ? { details } : {}) } };
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
  const { paused, unbegun } = state;
  if (!paused || !unbegun.has(command.id)) return kindOf(command).reasonToWait?.(command, state) ?? "";
  if (isPausedForPlace(paused) || lacksLocks(paused)) return paused.reason;
  return `paused by ${paused.by}${paused.reason === "" ? "" : `: ${paused.reason}`}`;
}

export function activitiesOf(
  state: JournalState,
  { from, to } = { from: 0, to: Number.POSITIVE_INFINITY },
): Activity[] {
  const activities: Activity[] = [];
  let index = 0;
  for (const command of state.commands.values()) {
    if (index >= to) break;
    if (index >= from) activities.push(maskedActivity(activityOf(command, state), state.secrets));
    index += 1;
  }
  return activities;
}

function activityOf(command: Command, state: JournalState): Activity {
  const { id, kind, name, scheduledAt, position, end } = command;
  return {
    command: id,
    ...fiberOf(id),
    kind,
    name,
    ...stateOf(command, state),
    ...(command.operated ? { operated: { ...command.operated } } : {}),
    ...inputsOf(command),
    ...outcomeOf(command),
    scheduledAt,
    ...(end ? { finishedAt: end.at } : {}),
    ...kindOf(command).details?.(command, state),
    position,
  };
}

function fiberOf(id: Command["id"]): Pick<Activity, "fiber" | "parent"> {
  const fiber = id.slice(0, id.indexOf("#"));
  const last = fiber.lastIndexOf(".");
  return last < 0 ? { fiber } : { fiber, parent: fiber.slice(0, last) };
}

function stateOf(command: Command, state: JournalState): Pick<Activity, "state"> & Partial<Activity> {
  const { end } = command;
  if (state.unbegun.has(command.id)) return { state: "waiting" };
  if (!end) return kindOf(command).shown?.(command) ?? { state: "waiting" };
  if (end.kind === "cancelled") return { state: "cancelled" };
  return { state: "ok" in end.outcome ? "succeeded" : "failed" };
}

function inputsOf({ kind, args }: Command): { inputs?: JsonValue } {
  if (kind === "run") return { inputs: args.inputs ?? {} };
  return Object.keys(args).length > 0 ? { inputs: args } : {};
}

function outcomeOf({ end }: Command): Pick<Activity, "outputs" | "error"> {
  if (end?.kind !== "completed") return {};
  if ("error" in end.outcome) return { error: end.outcome.error };
  const outputs = toJson(decodeValue(end.outcome.ok));
  return outputs === null ? {} : { outputs };
}
