// The run that has started this one, and gets what becomes of it.
import { type Parent, parentOfStart } from "../events/workflow-start.ts";
import type { StartView } from "../protocol/start.ts";
import type { ChildOutcome, RunStart } from "./machine-types.ts";

/** Undefined where nobody has, and for a fork: its result is for whoever asked for the fork. */
export function parentOfRun(start: Pick<RunStart, "trigger" | "event" | "hasNoParent">): Parent | undefined {
  return start.hasNoParent ? undefined : parentOfStart(start);
}

/** What a parent hears of a run that it has asked for, and that does not begin. */
export function outcomeOfUnbegun({ state, reason }: Pick<StartView, "state" | "reason">): ChildOutcome {
  const message = `its start was ${state}: ${reason}`;
  return { state: "cancelled", neverBegan: true, error: { code: "NeverBegan", message } };
}
