// A run's activities, as many at a time as an answer holds: a run may have a hundred thousand, each with megabytes.
import type { Activity } from "../../src/protocol/run.ts";
import type { RunMachine } from "../../src/workflow/machine-types.ts";

/** In UTF-16 code units of JSON: an RPC answer holds 32 MiB at most, and a unit takes up to three bytes. */
const PAGE_LENGTH = 8 * 1024 * 1024;
/** What is shown with the run itself. */
const NEWEST = 10_000;
/** Made at once, so that what turns out not to fit was little work. */
const CHUNK = 200;

type Activities = Pick<RunMachine, "activities">;

export interface ActivityPage {
  activities: Activity[];
  /** The `after` of the following page. */
  next?: number;
}

/** Activities in the order they were called, from number `after` + 1: at most `limit`, one at least. */
export function pageOf(run: Activities, { after, limit }: { after: number; limit: number }): ActivityPage {
  const activities: Activity[] = [];
  for (let length = 0; ; ) {
    const from = after + activities.length;
    const chunk = run.activities({ from, to: from + CHUNK });
    if (chunk.length === 0) return { activities };
    for (const activity of chunk) {
      length += JSON.stringify(activity).length;
      const isFull = activities.length === limit || (activities.length > 0 && length > PAGE_LENGTH);
      if (isFull) return { activities, next: after + activities.length };
      activities.push(activity);
    }
  }
}

/** The newest of `total` activities, and how many came before them. */
export function newestOf(run: Activities, total: number): { activities: Activity[]; earlier: number } {
  const newestFirst: Activity[] = [];
  for (let length = 0, to = total; to > 0 && newestFirst.length < NEWEST; to -= CHUNK) {
    for (const activity of run.activities({ from: Math.max(0, to - CHUNK), to }).reverse()) {
      length += JSON.stringify(activity).length;
      const isFull = newestFirst.length === NEWEST || (newestFirst.length > 0 && length > PAGE_LENGTH);
      if (isFull) return inOrder(newestFirst, total);
      newestFirst.push(activity);
    }
  }
  return inOrder(newestFirst, total);
}

function inOrder(newestFirst: Activity[], total: number): { activities: Activity[]; earlier: number } {
  return { activities: newestFirst.reverse(), earlier: total - newestFirst.length };
}
