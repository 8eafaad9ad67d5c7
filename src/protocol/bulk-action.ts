// What many runs can be told at once, and which of them it is for; without schemas, so that pages know it too.
import { type RunState, unfinishedStates } from "./run-states.ts";

/**
 * `cancel` and `terminate` are what a run's own route does; `restart` begins each again from the command that it failed
 * with.
 */
export const bulkActions = ["cancel", "terminate", "pause", "resume", "retry", "restart"] as const;
export type BulkAction = (typeof bulkActions)[number];

/**
 * Runs that one request goes through, named or found by its filter: the platform bounds how many objects a request may
 * call.
 */
export const BULK_RUNS = 100;

/** The states of the runs that an action is for, where nobody says which. */
export function statesFor(action: BulkAction): readonly RunState[] {
  return action === "restart" ? ["failed"] : unfinishedStates;
}
