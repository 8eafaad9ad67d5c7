// What nobody waits for any more must be told to stop, wherever it is at work.
import { type JobId, jobId, type RunId } from "../src/protocol/ids.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { Place } from "./cluster.ts";
import { Violation } from "./invariants.ts";
import { idOf, journalOf, startOf } from "./run-place.ts";

export const BY_HAND = ["skip", "complete", "fail"];

/**
 * Every job that was not over when its command ended without it (by an operator's hand, with its fiber, with its run)
 * is among those that the router was asked to cancel.
 */
export function checkStopped(place: Place, cancelled: ReadonlySet<string>): void {
  // What a fork has inherited, the run before it has to stop.
  if (startOf(place)?.continues?.how === "forked") return;
  for (const job of unwantedJobs(idOf(place) as RunId, journalOf(place))) {
    if (!cancelled.has(job))
      throw new Violation(`job ${job} was not told to stop when its command had ended`);
  }
}

function unwantedJobs(run: RunId, records: readonly JournalRecord[]): JobId[] {
  const unwanted: JobId[] = [];
  /** Attempts that the journal knows no end of, by command. */
  const open = new Map<string, JobId>();
  const drop = (commands: Iterable<string>) => {
    for (const command of [...commands]) {
      const job = open.get(command);
      if (job !== undefined) unwanted.push(job);
      open.delete(command);
    }
  };
  for (const record of records) {
    const { type, command } = record;
    if (type === "completed") open.delete(record.command);
    if (type !== "noted") continue;
    const { note, data } = record;
    if (command !== undefined) {
      if (note === "attempt_started" && data.as === "job") {
        open.set(command, jobId(run, command, Number(data.attempt)));
      }
      if (note === "attempt_failed") open.delete(command);
      if (note === "operator" && BY_HAND.includes(String(data.action))) drop([command]);
    }
    if (note === "cancel_requested" || note === "withdrawn") drop((data.commands ?? []) as string[]);
    if (note === "finished") drop(open.keys());
  }
  return unwanted;
}
