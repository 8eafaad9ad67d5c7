// What an operator does to a run by hand. Every intervention is a record that says who and why, and then what would
// have happened anyway: an outcome, an attempt. So a replay needs to know nothing of operators.
import { isWithinDepth } from "../events/json-depth.ts";
import { MAX_PAYLOAD_BYTES } from "../protocol/job.ts";
import type { Outcome } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Command, OutcomeFacts } from "./commands/kind.ts";
import { kindOf } from "./commands/registry.ts";
import { anyResult, type ResultByHand } from "./commands/result-by-hand.ts";
import { doWithoutLocks, lacksLocks } from "./inherited-locks.ts";
import type { JournalState } from "./journal-state.ts";
import { MAX_OUTCOME_DEPTH } from "./limits.ts";
import { bytesBeyond, keptValue } from "./payload.ts";
import { isPausedForPlace } from "./place.ts";
import type { OpenTurn } from "./turn.ts";

/** Who, and why. */
export interface Operator {
  by: string;
  reason: string;
}

interface Intervention {
  operation: Operation;
  /** It is done to many runs at once: whoever asked for it did not look at this one. */
  toMany: boolean;
}

/**
 * Decides an intervention. Returns why it is refused: `already_paused`, `not_paused`, `command_not_open`,
 * `waits_for_place`, `waits_for_lock`, `nothing_to_retry`, `invalid_outcome`, `payload_too_large`.
 */
export function operate(
  turn: OpenTurn,
  state: JournalState,
  { operation, toMany }: Intervention,
  operator: Operator,
): ErrorData | undefined {
  switch (operation.action) {
    case "pause":
      if (state.paused) return refused("already_paused", `${state.paused.by} has paused the run before`);
      turn.note("operator", { action: "pause", ...operator });
      return undefined;
    case "resume":
      if (!state.paused) return refused("not_paused", "the run is not paused");
      // What ends a pause of many runs is not meant for the run that only waits for its turn.
      if (toMany && isPausedForPlace(state.paused)) {
        const message = `the run is ${state.paused.reason}: resume it by itself to have it go first`;
        return refused("waits_for_place", message);
      }
      if (toMany && lacksLocks(state.paused)) {
        const message = `the run is ${state.paused.reason}: resume it by itself to have it go on without it`;
        return refused("waits_for_lock", message);
      }
      resume(turn, state, operator);
      return undefined;
    case "retry":
      return retry(turn, state, operation.command, operator);
    default:
      return end(turn, state, operation, operator);
  }
}

function resume(turn: OpenTurn, { paused }: JournalState, operator: Operator): void {
  turn.note("operator", { action: "resume", ...operator });
  // One that was only to go before others still waits for what it locks.
  if (!isPausedForPlace(paused)) doWithoutLocks(turn, paused, operator);
}

function retry(
  turn: OpenTurn,
  state: JournalState,
  id: string | undefined,
  operator: Operator,
): ErrorData | undefined {
  const commands = [...state.open.values()].filter(
    (command) => (id === undefined || command.id === id) && kindOf(command).canRetry?.(command) === true,
  );
  if (commands.length === 0) {
    const what = id === undefined ? "no command of the run waits" : `command ${id} does not wait`;
    return refused("nothing_to_retry", `${what} for its next attempt`);
  }
  for (const command of commands) {
    turn.note("operator", { action: "retry", ...operator }, command.id);
    kindOf(command).retryNow?.(turn, command);
  }
  return undefined;
}

type Ending = Extract<Operation, { action: "skip" | "complete" | "fail" }>;

function end(
  turn: OpenTurn,
  state: JournalState,
  operation: Ending,
  operator: Operator,
): ErrorData | undefined {
  const command = [...state.open.values()].find(({ id }) => id === operation.command);
  if (!command) {
    return refused("command_not_open", `the run has no command ${operation.command} that has not ended`);
  }
  const given = givenBy(command, operation, operator);
  if ("refused" in given) return given.refused;
  turn.note("operator", { action: operation.action, ...operator }, command.id);
  turn.end(command, given.outcome, given.facts);
  return undefined;
}

function givenBy(
  command: Command,
  operation: Ending,
  { by, reason }: Operator,
): { outcome: Outcome; facts?: OutcomeFacts } | { refused: ErrorData } {
  if (operation.action === "fail") {
    const message = operation.message || `${by} let it fail${reason === "" ? "" : `: ${reason}`}`;
    return { outcome: { error: { code: operation.code, message, details: { by, reason } } } };
  }
  // First: what looks at a value, or encodes it, goes as deep as it does.
  if (operation.action === "complete" && !isWithinDepth(operation.value, MAX_OUTCOME_DEPTH)) {
    const message = `the value is nested more than ${MAX_OUTCOME_DEPTH} levels deep`;
    return { refused: refused("invalid_outcome", message) };
  }
  const { skippedAs = null, resultByHand = anyResult } = kindOf(command);
  const given: ResultByHand =
    operation.action === "skip" ? { value: skippedAs } : resultByHand(command, operation.value, by);
  if ("fault" in given) {
    return { refused: refused("invalid_outcome", `command ${command.id} (${command.kind}) ${given.fault}`) };
  }
  const { value, sensitive } = given;
  const bytes = bytesBeyond(MAX_PAYLOAD_BYTES, value);
  if (bytes !== undefined) {
    const message = `the value is ${bytes} bytes of JSON, the limit is ${MAX_PAYLOAD_BYTES}`;
    return { refused: refused("payload_too_large", message) };
  }
  const kept = keptValue("the value", value);
  if (!kept.ok) return { refused: refused("payload_too_large", kept.error.message) };
  return {
    outcome: { ok: kept.value },
    ...(sensitive === undefined ? {} : { facts: { sensitive } }),
  };
}

function refused(code: string, message: string, details?: JsonObject): ErrorData {
  return { code, message, ...(details ? { details } : {}) };
}
