// For which runs an operation on many is, and how that is said.
import { type BulkAction, statesFor } from "../../../../src/protocol/bulk-action.ts";
import { finishedStates, runStates } from "../../../../src/protocol/run-states.ts";
import type { Run } from "../../api/client.ts";
import type { RunFilter } from "../../api/queries.ts";

/** The runs that somebody has picked, or all that a filter finds. */
export type Scope = { picked: readonly Run[] } | { filter: RunFilter };

/** Of the states that the filter finds, those in which a run can do it: the others need not be read. */
export function statesToAsk(action: BulkAction, filter: RunFilter): Run["state"][] {
  return (filter.state ?? runStates).filter((state) => statesFor(action).includes(state));
}

/** Why the run would refuse, as far as a list can tell; undefined where it would not. */
export function whyNot(action: BulkAction, run: Run): string | undefined {
  if (action === "restart") {
    if (run.state !== "failed") return `it is ${run.state}, and has not failed`;
    return run.parent && "another run has started it: restart that one";
  }
  if (finishedStates.includes(run.state)) return `it is over: ${run.state}`;
  if (action === "cancel" && run.state === "stuck") return "it is stuck, and can only be terminated";
  if (action === "pause" && run.paused) return `${run.paused.by} has paused it before`;
  if (action === "resume" && !run.paused) return "it is not paused";
  return undefined;
}

/** Whether nothing but the operation says which runs it is for. */
export function isEveryRun(scope: Scope): boolean {
  return "filter" in scope && Object.keys(scope.filter).length === 0;
}

/** The conditions of a filter, in words. */
export function conditionsOf(filter: RunFilter, timeText: (iso: string) => string): string[] {
  const { state, text, from, to, ...named } = filter;
  return [
    ...(state ? [state.join(" or ")] : []),
    ...(text ? [`found by “${text}”`] : []),
    ...Object.entries(named).map(([name, value]) => `${name} ${value}`),
    ...(from ? [`begun from ${timeText(from)}`] : []),
    ...(to ? [`begun before ${timeText(to)}`] : []),
  ];
}

export function countOf(runs: number): string {
  return `${runs.toLocaleString()} ${runs === 1 ? "run" : "runs"}`;
}
