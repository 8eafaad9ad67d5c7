// `w.start`: a run of another workflow, and what becomes of it.
//
// 1. The child's id follows from the command's, so that a start which is asked for again is the same one.
// 2. A command that waits ends with its child. One that does not ends when its child has been started; from then on the
//    child is one of the run's `children`, until it is over or the run is.
import { attributesOfConsequence, hopsOf, MAX_HOPS } from "../../events/hops.ts";
import { runIdFor } from "../../events/run-id.ts";
import { sensitiveAttribute } from "../../events/sensitive-data.ts";
import { ownStartId, priorityOf, startTriggerOf, workflowStart } from "../../events/workflow-start.ts";
import type { CommandId, RunId } from "../../protocol/ids.ts";
import type { Outcome } from "../../protocol/journal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { encodeValue, fromJson } from "../../starlark/index.ts";
import type { ChildOutcome } from "../machine-types.ts";
import { bytesBeyond, keptValue } from "../payload.ts";
import type { Command, CommandInput, Kind, Turn } from "./kind.ts";

/** What becomes of a child that still runs when its parent wants it no more. */
export const parentCloses = ["cancel", "terminate", "abandon"] as const;
export type ParentClose = (typeof parentCloses)[number];

/** A child that nobody waits for. */
export interface Child {
  run: RunId;
  close: ParentClose;
}

interface StartCommand extends Command {
  /** Undefined until it has begun. */
  child: RunId | undefined;
  isStarted: boolean;
}

interface StartArguments {
  input?: JsonValue;
  sensitive?: string[];
  id?: string;
  wait?: boolean;
  parentClose?: ParentClose;
}

const argumentsOf = ({ args }: Command) => args as StartArguments;
const waits = (command: Command) => argumentsOf(command).wait !== false;
const closeOf = (command: Command): ParentClose => argumentsOf(command).parentClose ?? "cancel";

export const startKind: Kind<StartCommand> = {
  opened: (command) => ({ ...command, child: undefined, isStarted: false }),
  noted(command, { note, data }, { children }) {
    if (note === "child_called") command.child = data.run as RunId;
    if (note === "child_started") command.isStarted = true;
    if (note === "child_finished") children.delete(command.id);
  },
  begin,
  take(turn, command, input) {
    if (input.type === "child_started") started(turn, command, input);
    if (input.type === "child_finished") finished(turn, command, input.outcome);
    return undefined;
  },
  abandon(turn, command) {
    if (command.child !== undefined)
      closeChild(turn, command.id, { run: command.child, close: closeOf(command) });
  },
  closed(command, _at, { children }) {
    const { id, end, child } = command;
    const isDetached = end?.kind === "completed" && "ok" in end.outcome && !waits(command);
    if (isDetached && child !== undefined) children.set(id, { run: child, close: closeOf(command) });
  },
  resultByHand: (command, value) =>
    waits(command) || value === null || (isJsonObject(value) && typeof value.run === "string")
      ? { value }
      : { fault: 'returns the run that it has started: give it {"run": ID}, or null' },
  waitsOn: ({ id }) => [{ kind: "child", command: id }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for the workflow ${name}`,
  shown: () => ({ state: "waiting" }),
  details: ({ child }) => (child === undefined ? {} : { child }),
};

function begin(turn: Turn, command: StartCommand): void {
  const { start, sha256Hex } = turn.options;
  const { id, input = null, sensitive = [] } = argumentsOf(command);
  const parent = { run: start.id, command: command.id };
  const event = workflowStart({
    workspace: start.workspace,
    workflow: command.name,
    id: id ?? ownStartId(parent),
    input,
    now: turn.now,
    parent: { ...parent, priority: priorityOf(start) },
    attributes: { ...attributesOfConsequence(start.event), ...sensitiveAttribute(sensitive) },
  });
  if (hopsOf(event) > MAX_HOPS) {
    const message = `start: ${MAX_HOPS} runs in a row have started one another: does ${command.name} start itself?`;
    turn.complete(command, { error: { code: "TooManyHops", message } });
    return;
  }
  const child = runIdFor(startTriggerOf(command.name), event, sha256Hex);
  turn.note("child_called", { run: child }, command.id);
  turn.effect({ kind: "start_child", command: command.id, workflow: command.name, event });
}

function started(
  turn: Turn,
  command: StartCommand,
  { refused }: Extract<CommandInput, { type: "child_started" }>,
): void {
  if (refused) turn.complete(command, { error: refused });
  else if (!waits(command)) turn.complete(command, handleOf(command));
  else if (!command.isStarted) turn.note("child_started", {}, command.id);
}

function finished(turn: Turn, command: StartCommand, outcome: ChildOutcome): void {
  if (waits(command) || outcome.neverBegan) {
    const { sensitive } = outcome;
    turn.complete(command, outcomeOf(command, outcome), sensitive === undefined ? {} : { sensitive });
    return;
  }
  // It was quicker than the news that it was started.
  turn.complete(command, handleOf(command));
  childFinished(turn, command.id, outcome);
}

/** A child that nobody waits for is over: there is nothing left to close. */
export function childFinished(turn: Turn, command: CommandId, { state }: ChildOutcome): void {
  turn.note("child_finished", { state }, command);
}

function handleOf({ child }: StartCommand): Outcome {
  return { ok: encodeValue(fromJson({ run: child ?? null })) };
}

const MAX_DETAILS_BYTES = 16 * 1024;

function outcomeOf(command: StartCommand, { state, output = null, error }: ChildOutcome): Outcome {
  const run = command.child ?? "";
  if (state === "succeeded") {
    const kept = keptValue(`${command.name}'s result`, output);
    if (kept.ok) return { ok: kept.value };
    return { error: { ...kept.error, details: { run, ...kept.error.details } } };
  }
  const details: JsonObject = { run, workflow: command.name };
  const code = state === "cancelled" ? "ChildCancelled" : "ChildFailed";
  const { code: cause = code, message = "", details: more } = error ?? ({} as Partial<ErrorData>);
  details.error = { code: cause, message };
  if (more !== undefined && bytesBeyond(MAX_DETAILS_BYTES, more) === undefined) details.error.details = more;
  return {
    error: {
      code,
      message: `${command.name} ${state === "cancelled" ? "was cancelled" : "failed"}: ${message}`,
      details,
    },
  };
}

/** Does to a child what its parent's `parent_close` says. */
export function closeChild(turn: Turn, command: CommandId, { run, close }: Child): void {
  if (close !== "abandon")
    turn.effect({ kind: "close_child", command, run, terminate: close === "terminate" });
}
