// The run that has started this one, and gets what becomes of it.
import { type Parent, parentOf } from "../events/workflow-start.ts";
import type { RunStart } from "./machine-types.ts";

/** Undefined where nobody has, and for a fork: its result is for whoever asked for the fork. */
export function parentOfRun({
  event,
  hasNoParent,
}: Pick<RunStart, "event" | "hasNoParent">): Parent | undefined {
  return hasNoParent ? undefined : parentOf(event);
}
