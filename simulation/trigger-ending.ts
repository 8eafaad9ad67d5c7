// What must have become of the events of triggers with a say in their runs' pace, and of the times of schedules.
import { SCHEDULE_FIRED } from "../src/events/schedule-event.ts";
import { isBatch } from "../src/events/start-event.ts";
import { awaitsPlace } from "../src/workflow/place.ts";
import { BUS } from "./asking.ts";
import type { Place } from "./cluster.ts";
import type { Ended } from "./ending.ts";
import { Violation } from "./invariants.ts";
import { endOf, idOf, journalOf, startOf } from "./run-place.ts";
import { PACED_TRIGGERS, type PacedTrigger } from "./trigger-workload.ts";

interface StartRow {
  run: string;
  state: string;
  reason: string;
  events: number;
  merged: number;
  place_group: string | null;
  /** The run that it goes on for. */
  continues: string | null;
  arrival: number;
  changed_at: number;
}

/** Modes in which whatever asks for a place gets one. */
const PATIENT = ["queue", "newest_first"];
/** Modes in which a run that claims a place while others wait or run may be refused. */
const DROPPING = ["skip", "cancel_queued", "cancel_running", "newest"];

/** Each event of the paced trigger stands behind one start, and each start has become what its rules make of it. */
export function checkPaced({ cluster, workload, promises }: Ended, places: ReadonlyMap<string, Place>): void {
  const { paced } = workload;
  if (!paced) return;
  const { disk } = cluster.place("EventBus", BUS);
  const rows = disk.read<StartRow>(
    "SELECT * FROM starts WHERE trigger_id IN (SELECT value FROM json_each(?)) ORDER BY arrival",
    JSON.stringify(PACED_TRIGGERS),
  );
  // A run that goes on for another has a row to hold its place by.
  const starts = rows.filter(({ continues }) => continues === null);
  const behind = disk.read<{ seq: number; run: string }>(
    "SELECT seq, run FROM start_events JOIN starts USING (run) WHERE continues IS NULL",
  );
  for (const seq of promises.paced) {
    const runs = behind.filter((one) => one.seq === seq);
    if (runs.length !== 1) throw new Violation(`event ${seq} stands behind ${runs.length} starts`);
  }
  for (const row of rows) checkStart(row, isBegun(row), places);
  const begun = starts.filter(isBegun);
  const all = [...places.values()].filter((place) =>
    PACED_TRIGGERS.includes(startOf(place)?.trigger.id ?? ""),
  );
  const runs = all.filter((place) => startOf(place)?.continues === undefined);
  if (runs.length !== begun.length) {
    throw new Violation(`${begun.length} starts have begun, and ${runs.length} runs are there`);
  }
  checkEndings(all, paced);
  checkEvents(runs, begun, paced);
  checkLoss(starts, begun, paced);
  checkRate(begun, paced);
}

function isBegun({ state }: StartRow): boolean {
  return state === "started" || state === "finished";
}

function checkStart(
  { run, state, place_group, continues }: StartRow,
  hasBegun: boolean,
  places: ReadonlyMap<string, Place>,
): void {
  if (hasBegun && !places.has(run))
    throw new Violation(`the start of ${run} is ${state}, and it has never begun`);
  // A run that is restarted is there before it has its place, and ends where it gets none.
  if (!hasBegun && continues === null && places.has(run))
    throw new Violation(`the start of ${run} is ${state}, and it has begun`);
  if (state === "started" && place_group !== null) {
    throw new Violation(`${run} is over, and its place in ${place_group} was never given back`);
  }
}

function checkEndings(runs: readonly Place[], { concurrency, continues }: PacedTrigger): void {
  for (const place of runs) {
    const end = endOf(place);
    const mayBeCancelled =
      end?.restarted !== undefined ||
      (awaitsPlace(journalOf(place))
        ? wasRefused(place, concurrency)
        : concurrency?.mode === "cancel_running");
    if (end?.state === "succeeded" && end.output === "paced") continue;
    if (end?.state === "succeeded" && continues && end.continued) continue;
    if (end?.state !== "cancelled" || !mayBeCancelled)
      throw new Violation(`${place.name} (paced) ended with ${JSON.stringify(end)}`);
  }
}

/** A run that claimed a place, and was told that others have it: not the one that it begins again, which is over. */
function wasRefused(place: Place, concurrency: PacedTrigger["concurrency"]): boolean {
  if (!concurrency || !DROPPING.includes(concurrency.mode)) return false;
  const refusal = journalOf(place).findLast(
    (record) => record.type === "noted" && record.note === "terminated",
  );
  const others = String(refusal?.type === "noted" && refusal.data.reason).match(/run_[0-9a-f]{32}/g) ?? [];
  return others.some((run) => run !== startOf(place)?.continues?.run);
}

/** A batch holds its events, each once; any other run says how many events it stands for. */
function checkEvents(runs: readonly Place[], begun: readonly StartRow[], { gathers }: PacedTrigger): void {
  for (const place of runs) {
    const event = startOf(place)?.event;
    const row = begun.find(({ run }) => run === idOf(place));
    if (!event || !row) continue;
    const count =
      gathers === "batch"
        ? isBatch(event)
          ? event.data.events.length
          : 0
        : Number(event.sluicemerged ?? 0) + 1;
    const expected = gathers === "batch" ? row.events : row.events + row.merged;
    if (count !== expected)
      throw new Violation(`${place.name} stands for ${count} events, and should for ${expected}`);
  }
}

/** Nothing is dropped where the rules do not say so, and never the newest where they do. */
function checkLoss(
  starts: readonly StartRow[],
  begun: readonly StartRow[],
  { concurrency, rateLimit }: PacedTrigger,
): void {
  if (rateLimit?.over === "drop" || concurrency?.mode === "skip") {
    if (starts.length > 0 && begun.length === 0) throw new Violation("every start was dropped");
    return;
  }
  const lost = starts.filter((start) => !begun.includes(start));
  if (lost[0] && (!concurrency || PATIENT.includes(concurrency.mode))) {
    throw new Violation(`the start of ${lost[0].run} was ${lost[0].state}: ${lost[0].reason}`);
  }
  for (const group of new Set(starts.map(({ place_group }) => place_group))) {
    const newest = starts.filter(({ place_group }) => place_group === group).at(-1);
    // A permit may let an older one go last.
    if (newest && !begun.includes(newest) && !rateLimit) {
      throw new Violation(`the newest start of ${group} was ${newest.state}: ${newest.reason}`);
    }
  }
}

/** Never more starts in a period than its limit, by the clock of the one who gives the permits. */
function checkRate(begun: readonly StartRow[], { concurrency, rateLimit }: PacedTrigger): void {
  // Where there is a place to wait for as well, a row says when that was found.
  if (!rateLimit || concurrency) return;
  const times = begun.map(({ changed_at }) => changed_at).sort((a, b) => a - b);
  for (const [index, at] of times.entries()) {
    const later = times[index + rateLimit.count];
    if (later !== undefined && later - at < rateLimit.perMs) {
      throw new Violation(`${rateLimit.count + 1} runs have started within ${later - at} ms`);
    }
  }
}

/** Every time that came while the schedule was on has started one run, and no other time has. */
export function checkScheduled({ workload, promises }: Ended, places: ReadonlyMap<string, Place>): void {
  const { scheduled } = workload;
  const { schedule: on, byHand } = promises;
  if (!scheduled || !on) return;
  const times: number[] = [];
  let manual = 0;
  for (const place of places.values()) {
    const event = startOf(place)?.event;
    if (event?.type !== SCHEDULE_FIRED) continue;
    const { scheduled_at, manual: isManual } = event.data as { scheduled_at: string; manual: boolean };
    if (isManual) manual += 1;
    else times.push(Date.parse(scheduled_at));
    const end = endOf(place);
    if (end?.state !== "succeeded" || end.output !== scheduled_at) {
      throw new Violation(`${place.name} (nightly) ended with ${JSON.stringify(end)}`);
    }
  }
  if (manual !== byHand.size)
    throw new Violation(`fired by hand ${byHand.size} times, and ${manual} runs are there`);
  const { everyMs, overlap } = scheduled;
  const first = Math.ceil(on.from / everyMs) * everyMs;
  for (let time = first; time <= on.to - LATE_MS; time += everyMs) {
    const count = times.filter((one) => one === time).length;
    const isRight = overlap === "skip" ? count <= 1 : count === 1;
    if (!isRight)
      throw new Violation(`the schedule has fired ${count} times for ${new Date(time).toISOString()}`);
  }
  if (new Set(times).size !== times.length)
    throw new Violation("the schedule has fired twice for the same time");
}

/** An alarm may come late, and clocks may be off. */
const LATE_MS = 2 * 60_000;
