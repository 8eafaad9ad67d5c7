// A run as its disk tells: for those who watch.

import { type JournalRow, recordsOf } from "../durable-objects/workflow-run/journal-row.ts";
import { WORKFLOW_START } from "../src/events/workflow-start.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { RunStart } from "../src/workflow/index.ts";
import { endOf as endOfJournal, type FinishedNote } from "../src/workflow/journal-state.ts";
import { parentOfRun } from "../src/workflow/parent.ts";
import type { Cluster, Place } from "./cluster.ts";

/** The runs that have begun. */
export function runPlaces(cluster: Cluster): Place[] {
  return [...cluster.places.values()].filter(
    (place) => place.kind === "WorkflowRun" && place.disk.hasTable("parts") && startOf(place) !== undefined,
  );
}

export function idOf({ name }: Place): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

const starts = new WeakMap<Place, RunStart>();

/** What the run began with; undefined before that is committed. */
export function startOf(place: Place): RunStart | undefined {
  const known = starts.get(place);
  if (known) return known;
  const start = partOf<RunStart>(place, "start");
  if (start && !place.disk.isDirty) starts.set(place, start);
  return start;
}

export function partOf<T>({ disk }: Place, name: string): T | undefined {
  const [row] = disk.read<{ value: string }>("SELECT value FROM parts WHERE name = ?", name);
  return row && (JSON.parse(row.value) as T);
}

/** Which of the workload's plans the run follows. */
export function roleOf({ event, trigger }: RunStart): string {
  const data = event.data as Record<string, unknown> | undefined;
  if (event.type === WORKFLOW_START) return String(data?.fn);
  if (trigger.handler !== "main") return trigger.handler;
  return data && "round" in data ? "main" : "first";
}

/** The run that has started this one. */
export function parentIdOf(place: Place): string | undefined {
  const start = startOf(place);
  return start && parentOfRun(start)?.run;
}

const journals = new WeakMap<Place, { count: number; records: JournalRecord[] }>();

export function journalOf(place: Place): JournalRecord[] {
  const known = journals.get(place) ?? { count: 0, records: [] };
  // Uncommitted records may still be taken back: what is read in such a moment is not kept.
  const rows = place.disk.read<JournalRow>(
    "SELECT seq, record AS text FROM journal WHERE seq > ? ORDER BY seq",
    known.count,
  );
  if (rows.length === 0) return known.records;
  const records = [...known.records, ...rows.flatMap(recordsOf)];
  if (!place.disk.isDirty) journals.set(place, { count: records.length, records });
  return records;
}

/** How a run has ended; undefined while it goes on. */
export function endOf(place: Place): FinishedNote | undefined {
  return endOfJournal(journalOf(place).at(-1))?.data;
}
