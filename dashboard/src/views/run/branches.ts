// The order of the timeline: what a branch called stands together, below the call during which it began.
import type { Activity } from "../../../../src/protocol/run.ts";

export interface Row<A> {
  activity: A;
  /** How many branches it lies in. */
  depth: number;
  /** Whether it is the first of its branch. */
  opens: boolean;
}

function depthOf(fiber: string): number {
  return fiber.split(".").length - 1;
}

/** Activities come in the order of their calls; each branch is put, whole, where its first call was. */
export function inBranches<A extends Pick<Activity, "fiber">>(activities: readonly A[]): Row<A>[] {
  type Item = A | string;
  const members = new Map<string, Item[]>();
  const place = (fiber: string): Item[] => {
    const found = members.get(fiber);
    if (found) return found;
    const made: Item[] = [];
    members.set(fiber, made);
    const last = fiber.lastIndexOf(".");
    if (last >= 0) place(fiber.slice(0, last)).push(fiber);
    return made;
  };
  for (const activity of activities) place(activity.fiber).push(activity);

  const rows: Row<A>[] = [];
  const walk = (fiber: string) => {
    let opens = fiber.includes(".");
    for (const item of members.get(fiber) ?? []) {
      if (typeof item === "string") walk(item);
      else {
        rows.push({ activity: item, depth: depthOf(fiber), opens });
        opens = false;
      }
    }
  };
  for (const fiber of members.keys()) if (!fiber.includes(".")) walk(fiber);
  return rows;
}
