// What an activity was doing when, as its bar shows it: read from the journal, or guessed from the activity's own times.
import type { JournalRecord, NoteKind } from "../../../../src/protocol/journal.ts";
import type { Activity } from "../../../../src/protocol/run.ts";

export type PhaseKind = "deciding" | "held" | "queued" | "running" | "retrying" | "waiting";

/** A stretch of an activity's life; `to` is absent while it lasts. */
export interface Phase {
  is: PhaseKind;
  from: number;
  to?: number;
  /** Of `queued` and `running`: which attempt. */
  attempt?: number;
  /** How the attempt ended that ran here, where it did not end well. */
  failed?: true;
}

/** The phases of every command that the records name. The records are a journal from its beginning. */
export function phasesOf(records: readonly JournalRecord[]): Map<string, Phase[]> {
  const known = new Map<string, Phase[]>();
  for (const record of records) {
    if (record.type === "noted" && (record.note === "cancel_requested" || record.note === "withdrawn")) {
      for (const command of record.data.commands as string[]) end(known.get(command), record.at);
    } else if (record.type === "noted" && record.note === "finished") {
      for (const phases of known.values()) end(phases, record.at);
    } else if (record.command !== undefined) {
      fold(known, record.command, record);
    }
  }
  return known;
}

function fold(known: Map<string, Phase[]>, command: string, record: JournalRecord): void {
  const phases = known.get(command) ?? [];
  known.set(command, phases);
  if (record.type === "scheduled") {
    phases.push({ is: record.kind === "run" ? "deciding" : "waiting", from: record.at });
    return;
  }
  if (record.type === "completed") {
    end(phases, record.at, "error" in record.outcome);
    return;
  }
  const { attempt, as } = record.data as { attempt?: number; as?: string };
  const next =
    record.note === "attempt_started" ? (as === "builtin" ? "running" : "queued") : begun[record.note];
  if (record.note === "attempt_failed") end(phases, record.at, true);
  else if (next) {
    end(phases, record.at);
    phases.push({ is: next, from: record.at, ...(attempt === undefined ? {} : { attempt }) });
  }
}

/** The phase that begins with a note. */
const begun: Partial<Record<NoteKind, PhaseKind>> = {
  approval_opened: "held",
  approval_resolved: "deciding",
  job_taken: "running",
  retry_scheduled: "retrying",
};

function end(phases: Phase[] | undefined, at: number, failed = false): void {
  const last = phases?.at(-1);
  if (!last || last.to !== undefined) return;
  last.to = at;
  if (failed) last.failed = true;
}

/** The phases that the activity's own times allow to tell. */
export function roughPhases({
  kind,
  state,
  scheduledAt,
  startedAt,
  finishedAt,
}: Pick<Activity, "kind" | "state" | "scheduledAt" | "startedAt" | "finishedAt">): Phase[] {
  const to = finishedAt === undefined ? {} : { to: finishedAt };
  const failed = state === "failed" ? ({ failed: true } as const) : {};
  if (kind !== "run") return [{ is: "waiting", from: scheduledAt, ...to, ...failed }];
  const is = state === "held" || state === "retrying" || state === "deciding" ? state : "queued";
  if (startedAt === undefined) return [{ is, from: scheduledAt, ...to, ...failed }];
  return [
    { is: "queued", from: scheduledAt, to: startedAt },
    { is: is === "queued" ? "running" : is, from: startedAt, ...to, ...failed },
  ];
}
