// What must be true when everything has come to its end: all that was expected has happened, once, and nothing is left.
import { type JournalRow, recordsOf } from "../durable-objects/workflow-run/journal-row.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import { finishedStates } from "../src/protocol/run.ts";
import type { ProgramSource } from "../src/protocol/workflow.ts";
import { decodeValue, toJson } from "../src/starlark/index.ts";
import { awaitsPlace } from "../src/workflow/place.ts";
import { BUS } from "./asking.ts";
import type { Cluster, Place } from "./cluster.ts";
import { checkEnvironments } from "./environment-ending.ts";
import { checkOutcomes, checkReplay, Violation, Workflows } from "./invariants.ts";
import { DIRECTORY, type Promises } from "./people.ts";
import { endOf, idOf, journalOf, parentIdOf, partOf, roleOf, runPlaces, startOf } from "./run-place.ts";
import type { EffectLog } from "./runners.ts";
import { checkStopped } from "./stopped-work.ts";
import { checkPaced, checkScheduled } from "./trigger-ending.ts";
import type { Plan, Workload } from "./workload.ts";

/** What a start was answered for stays in the outbox of its run, which sends it no more. */
const UNTOLD = "outbox WHERE parked <> 2";

export interface Ended {
  cluster: Cluster;
  workload: Workload;
  promises: Promises;
  effects: EffectLog;
  /** Jobs that the router was asked to cancel. */
  cancelledJobs: ReadonlySet<string>;
}

/** Whether nothing is under way any more, as far as that can be told. */
export function isQuiet(cluster: Cluster): boolean {
  for (const { kind, disk } of cluster.places.values()) {
    if (disk.hasTable("outbox") && disk.read(`SELECT 1 FROM ${UNTOLD} LIMIT 1`).length > 0) return false;
    if (kind === "EventBus" && disk.hasTable("starts") && waitingStarts(disk).length > 0) return false;
  }
  return runPlaces(cluster).every((place) => endOf(place) !== undefined);
}

function waitingStarts(disk: Place["disk"]) {
  return disk.read<{ run: string; state: string; reason: string }>(
    "SELECT run, state, reason FROM starts WHERE state IN ('gathering', 'limited', 'queued')",
  );
}

export function checkEnd(ended: Ended): void {
  const { cluster, promises } = ended;
  const places = new Map(runPlaces(cluster).map((place) => [idOf(place), place]));
  for (const id of promises.runs) {
    if (!places.has(id)) throw new Violation(`${id} was promised and never began`);
  }
  const workflows = new Workflows();
  for (const place of places.values()) checkRun(place, places, workflows, ended);
  for (const place of places.values()) checkStopped(place, ended.cancelledJobs);
  checkChildren(places);
  checkChains(cluster, places);
  checkAccepted(places, ended);
  checkAnswers(places, promises);
  checkNothingLeft(cluster);
  checkDirectory(cluster, places);
  checkPaced(ended, places);
  checkScheduled(ended, places);
  checkEnvironments(ended, places);
}

function checkRun(
  place: Place,
  places: ReadonlyMap<string, Place>,
  workflows: Workflows,
  { workload, promises, effects }: Ended,
): void {
  const { name } = place;
  const records = journalOf(place);
  const start = startOf(place);
  const end = endOf(place);
  if (!end || !start)
    throw new Violation(`${name} has not come to its end: ${JSON.stringify(records.at(-1))}`);
  checkOutcomes(name, records);
  const program = partOf<ProgramSource>(place, "program") as ProgramSource;
  checkReplay(name, start, workflows.of(name, start, program), rowsOf(place));
  const role = roleOf(start);
  const plan = workload.plans.get(role);
  // Whoever cancels these lets them clean up, however often the message comes.
  const mayCleanUp = !end.restarted && !awaitsPlace(records) && !awaitsLocks(records);
  const isGentle = (plan?.ends === "wanted" || role === "paced") && mayCleanUp;
  if (isGentle && records.some((record) => record.type === "noted" && record.note === "terminated")) {
    throw new Violation(`${name} (${role}) was terminated, and should have been cancelled`);
  }
  if (end.state === "cancelled" && mayBeCancelled(place, places, plan, promises)) return;
  // What triggers of their own start is looked at with them.
  if (!plan) return;
  if (end.state !== finalStateOf(plan))
    throw new Violation(`${name} (${role}) ${end.state}: ${JSON.stringify(end)}`);
  if (plan.ends === "failed") return;
  if ((plan.ends === "continued") !== (end.continued !== undefined)) {
    throw new Violation(`${name} (${role}) ended with ${JSON.stringify(end)}`);
  }
  if (end.continued && !places.has(end.continued.run)) {
    throw new Violation(`${name} goes on as ${end.continued.run}, which has never begun`);
  }
  if (!end.continued && JSON.stringify(end.output) !== JSON.stringify(plan.output)) {
    throw new Violation(
      `${name} (${role}) returned ${JSON.stringify(end.output)}, and should have returned ${JSON.stringify(plan.output)}`,
    );
  }
  // What a fork was spared, the run before it has done.
  if (start.continues?.how === "forked") return;
  const id = idOf(place);
  const done = new Set(effects.executed.filter(({ key }) => key.startsWith(id)).map(({ tag }) => tag));
  const missing = plan.effects.filter((tag) => !done.has(tag));
  if (missing.length > 0) throw new Violation(`${name} (${role}) succeeded without doing ${missing}`);
}

/** Whether it waited for locks of the run before it when it ended. */
function awaitsLocks(records: readonly JournalRecord[]): boolean {
  const last = records.findLast(
    (record) => record.type === "noted" && record.note === "operator" && !record.command,
  );
  return last?.type === "noted" && last.data.action === "pause" && last.data.locks !== undefined;
}

function finalStateOf({ ends }: Plan): string {
  return ends === "continued" || ends === "wanted" ? "succeeded" : ends;
}

/** Whether somebody had a reason to cancel it: a person, or the end of the run that wanted it. */
function mayBeCancelled(
  place: Place,
  places: ReadonlyMap<string, Place>,
  plan: Plan | undefined,
  promises: Promises,
): boolean {
  if (promises.cancelled.has(idOf(place)) || plan?.ends === "wanted" || plan?.ends === "cancelled")
    return true;
  const parent = places.get(parentIdOf(place) ?? "");
  return parent !== undefined && endOf(parent)?.state === "cancelled" && !isAbandoned(place, parent);
}

/** Its parent had said that it is to go on without it. */
function isAbandoned(place: Place, parent: Place): boolean {
  const records = journalOf(parent);
  const called = records.find(
    (record) => record.type === "noted" && record.note === "child_called" && record.data.run === idOf(place),
  );
  return records.some(
    (record) =>
      record.type === "scheduled" &&
      record.command === called?.command &&
      JSON.stringify(record.args).includes('"parentClose":"abandon"'),
  );
}

/** Every child that was called has begun exactly one run; each has a parent that has called it. */
function checkChildren(places: ReadonlyMap<string, Place>): void {
  const called = new Map<string, string>();
  for (const [id, place] of places) {
    const records = journalOf(place);
    const refused = new Set(
      records.flatMap((record) =>
        record.type === "completed" && "error" in record.outcome ? [record.command] : [],
      ),
    );
    const completed = new Set(
      records.flatMap((record) => (record.type === "completed" ? [record.command] : [])),
    );
    for (const record of records) {
      if (record.type !== "noted" || record.note !== "child_called" || record.command === undefined) continue;
      const child = String(record.data.run);
      called.set(child, id);
      // One whose start was withdrawn may or may not have begun, and one that failed did so by itself.
      const isCertain = completed.has(record.command) && !refused.has(record.command);
      if (isCertain && !places.has(child))
        throw new Violation(`${id} started ${child}, which has never begun`);
    }
  }
  for (const [id, place] of places) {
    const parent = parentIdOf(place);
    if (parent === undefined || startOf(place)?.continues) continue;
    if (!called.has(id))
      throw new Violation(`${id} says that ${parent} has started it, which knows nothing of it`);
  }
}

/** Each emitted event has started one run. What a fork has inherited, it has not emitted itself. */
function checkChains(cluster: Cluster, places: ReadonlyMap<string, Place>): void {
  let [least, most] = [0, 0];
  for (const place of places.values()) {
    const emitted = emittedBy(journalOf(place));
    most += emitted;
    if (startOf(place)?.continues?.how !== "forked") least += emitted;
  }
  const chains = [...places.values()].filter((place) => startOf(place)?.trigger.handler === "chain").length;
  const bus = cluster.place("EventBus", BUS).disk;
  const [row] = bus.read<{ n: number }>("SELECT COUNT(*) AS n FROM events WHERE type = 'sim.chain'");
  if (row?.n !== chains || chains < least || chains > most) {
    throw new Violation(
      `${least} to ${most} events were emitted, ${row?.n} have come, and started ${chains} runs`,
    );
  }
}

function emittedBy(records: readonly JournalRecord[]): number {
  const emits = new Set(
    records.flatMap((record) =>
      record.type === "scheduled" && record.name === "builtin://emit" ? [record.command] : [],
    ),
  );
  return records.filter(
    (record) => record.type === "completed" && emits.has(record.command) && "ok" in record.outcome,
  ).length;
}

/** 3: what the router said it had taken is what the run went on with, unless it had gone on without. */
function checkAccepted(places: ReadonlyMap<string, Place>, { promises, effects }: Ended): void {
  const oks = new Map<string, number>();
  for (const { key, job, outcome } of effects.accepted.values()) {
    if (!("ok" in outcome)) continue;
    oks.set(key, (oks.get(key) ?? 0) + 1);
    const id = key.slice(0, key.search(/[#/]/));
    const place = places.get(id);
    if (!place) continue;
    const command = key.slice(id.length + 1);
    const record = journalOf(place).find((one) => one.type === "completed" && one.command === command);
    if (record?.type === "completed" && "ok" in record.outcome) continue;
    if (endOf(place)?.state === "cancelled" || promises.cancelled.has(id)) continue;
    throw new Violation(`the accepted outcome of ${job} is not in the journal: ${JSON.stringify(record)}`);
  }
  for (const [key, count] of oks) {
    if (count > 1) throw new Violation(`${key} has ${count} accepted outcomes`);
  }
}

/** 3: what somebody was told had been taken as the answer is what the run went on with. */
function checkAnswers(places: ReadonlyMap<string, Place>, { answers }: Promises): void {
  for (const [form, answer] of answers) {
    const place = [...places].find(([id]) => form.startsWith(`${id}~`))?.[1];
    const isTaken =
      place && journalOf(place).some((record) => record.type === "completed" && answerIn(record) === answer);
    if (!isTaken)
      throw new Violation(`the form ${form} was answered with ${answer}, and the run knows nothing of it`);
  }
}

function answerIn({ outcome }: Extract<JournalRecord, { type: "completed" }>): unknown {
  const value = "ok" in outcome ? toJson(decodeValue(outcome.ok)) : null;
  return typeof value === "object" && value !== null && "answer" in value ? value.answer : undefined;
}

function checkNothingLeft(cluster: Cluster): void {
  for (const { name, disk, kind } of cluster.places.values()) {
    if (!disk.hasTable("outbox")) continue;
    const [message] = disk.read<{
      receiver: string;
      method: string;
      parked: number;
      last_error: string | null;
    }>(`SELECT receiver, method, parked, last_error FROM ${UNTOLD} ORDER BY parked DESC LIMIT 1`);
    if (message) {
      const state = message.parked !== 0 ? "parked" : "not sent";
      throw new Violation(
        `${name} has ${state} ${message.method} to ${message.receiver}: ${message.last_error}`,
      );
    }
    if (kind === "WorkflowRun") checkRunIsClean(name, disk);
    if (kind === "Lock") {
      const [claim] = disk.read<{ run: string; state: string }>(
        "SELECT run, state FROM claims WHERE state <> 'over' LIMIT 1",
      );
      if (claim) throw new Violation(`${name}: ${claim.run} is still ${claim.state}`);
    }
    if (kind === "EventBus") {
      const [start] = waitingStarts(disk);
      if (start) throw new Violation(`the start of ${start.run} is still ${start.state}: ${start.reason}`);
      const [wait] = disk.read<{ run: string; command: string; state: string }>(
        "SELECT run, command, state FROM waits WHERE state IN ('looking', 'open', 'sent') LIMIT 1",
      );
      if (wait) throw new Violation(`the wait ${wait.command} of ${wait.run} is still ${wait.state}`);
    }
    if (kind === "JobRouter") {
      const [job] = disk.read<{ id: string; state: string }>(
        "SELECT id, state FROM jobs WHERE state <> 'finished'",
      );
      if (job) throw new Violation(`job ${job.id} is still ${job.state}`);
    }
  }
}

function checkRunIsClean(name: string, disk: Place["disk"]): void {
  if (!disk.hasTable("journal")) return;
  for (const [what, rows] of [
    ["timers", "timers"],
    ["an inbox", "parts WHERE name LIKE 'inbox/%'"],
  ]) {
    if (disk.read(`SELECT 1 FROM ${rows} LIMIT 1`).length > 0)
      throw new Violation(`${name} has ended, and still has ${what}`);
  }
}

/** The read model shows what is true. */
function checkDirectory(cluster: Cluster, places: ReadonlyMap<string, Place>): void {
  const { disk } = cluster.place("Directory", DIRECTORY);
  const runs = disk.read<{ id: string; state: string }>("SELECT id, state FROM runs");
  const shown = new Map(runs.map(({ id, state }) => [id, state]));
  for (const [id, place] of places) {
    const state = endOf(place)?.state;
    if (shown.get(id) !== state)
      throw new Violation(`the directory shows ${id} as ${shown.get(id)}, it is ${state}`);
  }
  const open = runs.find(({ state }) => !finishedStates.some((finished) => finished === state));
  if (open) throw new Violation(`the directory shows ${open.id} as ${open.state}, and there is no such run`);
  for (const table of ["approvals", "forms"]) {
    const [pending] = disk.read<{ id: string }>(`SELECT id FROM ${table} WHERE state = 'pending'`);
    if (pending) throw new Violation(`${pending.id} is pending among the ${table}, and nothing waits for it`);
  }
}

/** The rows of a run's journal: a power cut leaves all records of a row, or none. */
function rowsOf({ disk }: Place): JournalRecord[][] {
  return disk.read<JournalRow>("SELECT seq, record AS text FROM journal ORDER BY seq").map(recordsOf);
}
