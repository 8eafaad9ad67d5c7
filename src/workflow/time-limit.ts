// The time limit that a trigger sets its runs (`timeout=`): a timer of the host's, which asks the script to stop as a
// person would. What a replay needs of it is in that note alone.
import type { CommandId } from "../protocol/ids.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import { durationText } from "./duration-text.ts";
import type { FinishedNote } from "./journal-state.ts";
import { KEEPER } from "./place.ts";
import type { OpenTurn } from "./turn.ts";

/** The timer's kind, and its id: a run has one. */
export const TIME_LIMIT = "time_limit";

/**
 * From now on the run has the time that its trigger gives it. It is not scaled, as deadlines are not: what the run does
 * elsewhere takes its time on any clock.
 */
export function startTimeLimit(turn: OpenTurn): void {
  const { timeoutMs } = turn.options.start.trigger;
  if (timeoutMs === undefined) return;
  turn.changes.timers.set(TIME_LIMIT, { id: TIME_LIMIT, kind: TIME_LIMIT, dueAt: turn.now + timeoutMs });
}

/** The data of the note that asks a run to stop whose time is over. */
export function timeIsOver(timeoutMs: number): JsonObject {
  return { by: KEEPER, reason: `its time limit of ${durationText(timeoutMs)} is over`, timeoutMs };
}

export function timedOut(timeoutMs: number): ErrorData {
  return {
    code: "RunTimedOut",
    message: `the run was not over within its time limit of ${durationText(timeoutMs)}`,
    details: { timeoutMs },
  };
}

/** The end of a run that was stopped so: nobody has cancelled it, it has failed to be over in time. */
export function timedOutNote(timeoutMs: number, stopped: readonly CommandId[]): FinishedNote {
  const [command = null, ...others] = stopped;
  return {
    state: "failed",
    error: timedOut(timeoutMs),
    // Where it waited for one thing alone, that is what it has failed with.
    command: others.length === 0 ? command : null,
  };
}
