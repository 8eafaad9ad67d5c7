// What environments must show when everything has come to its end: what was deployed, how well it is said to be, and
// that freezes held.

import type { Deployment, EnvironmentView } from "../src/protocol/environment.ts";
import { HEALTH_REPORTED, type Health, type HealthChange } from "../src/protocol/health.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import { BUS } from "./asking.ts";
import type { Place } from "./cluster.ts";
import type { Ended } from "./ending.ts";
import type { DeclaredFreeze, StagingPromises } from "./environment-people.ts";
import { STAGING } from "./environment-workload.ts";
import { Violation } from "./invariants.ts";
import { DIRECTORY } from "./people.ts";
import { endOf, idOf, journalOf, startOf } from "./run-place.ts";
import { ROUTER } from "./runners.ts";
import { BY_HAND } from "./stopped-work.ts";

/** Clocks are off by seconds, and a decision is written down a moment after it was made. */
const SLACK_MS = 60_000;

export function checkEnvironments(ended: Ended, places: ReadonlyMap<string, Place>): void {
  const { cluster, promises } = ended;
  const events = new Events(cluster.place("EventBus", BUS));
  for (const place of cluster.places.values()) {
    if (place.kind !== "Environment" || !place.disk.hasTable("environment")) continue;
    const [row] = place.disk.read<{ view: string; announced: string }>("SELECT * FROM environment");
    if (!row) continue;
    const view = JSON.parse(row.view) as EnvironmentView;
    if (row.announced !== "[]")
      throw new Violation(`${place.name} has never said the end of ${row.announced}`);
    if (place.disk.read("SELECT 1 FROM timers").length > 0)
      throw new Violation(`${place.name} still has timers`);
    checkDeployments(place, view, events, { places, router: cluster.place("JobRouter", ROUTER) });
    checkHealth(place, view, events);
    checkShown(cluster.place("Directory", DIRECTORY), view);
  }
  checkDeploys(promises.staging, places);
  checkReports(promises.staging, events);
  for (const freeze of promises.staging.freezes) checkFreeze(freeze, events);
  for (const place of places.values()) checkDecisions(place, promises.staging.freezes);
}

interface StoredEvent {
  seq: number;
  receivedAt: number;
  subject?: string;
  time?: string;
  data: Record<string, unknown>;
}

class Events {
  readonly #bus: Place;

  constructor(bus: Place) {
    this.#bus = bus;
  }

  of(type: string): StoredEvent[] {
    return this.#bus.disk
      .read<{ seq: number; received_at: number; body: string }>(
        "SELECT seq, received_at, body FROM events WHERE type = ? ORDER BY seq",
        type,
      )
      .map(({ seq, received_at, body }) => ({ ...JSON.parse(body), seq, receivedAt: received_at }));
  }
}

/** Every call that ended well there and says what it deployed is remembered, once; the newest of each app is shown. */
function checkDeployments(
  { name, disk }: Place,
  view: EnvironmentView,
  events: Events,
  { places, router }: { places: ReadonlyMap<string, Place>; router: Place },
): void {
  const rows = disk.read<{ key: string; body: string }>("SELECT key, body FROM deployments");
  const known = new Map(rows.map(({ key, body }) => [key, JSON.parse(body) as Deployment]));
  const made = new Map([...places.values()].flatMap((place) => deploymentsOf(place, view.name, router)));
  for (const [key, { app, revision, at, isInherited }] of made) {
    const one = known.get(key);
    // What a fork has inherited, the run before it has deployed.
    if (!one && isInherited) continue;
    if (one?.app !== app || one.revision !== revision || one.at !== at)
      throw new Violation(
        `${name} should know that ${key} deployed ${app} ${revision}: ${JSON.stringify(one)}`,
      );
  }
  for (const key of known.keys()) {
    if (!made.has(key)) throw new Violation(`${name} knows of the deployment ${key}, which nobody made`);
  }
  const said = events.of("dev.sluice.environment.deployed").filter(({ subject }) => subject === view.name);
  if (said.length !== known.size)
    throw new Violation(`${name} knows of ${known.size} deployments, and has told of ${said.length}`);
  for (const app of new Set([...known.values()].map((one) => one.app))) {
    const newest = Math.max(...[...known.values()].filter((one) => one.app === app).map(({ at }) => at));
    const shown = view.deployments.filter((one) => one.app === app);
    if (shown.length !== 1 || shown[0]?.at !== newest)
      throw new Violation(`${name} shows ${JSON.stringify(shown)}, and ${app} was deployed at ${newest}`);
  }
}

interface Made {
  app: string;
  revision: string;
  at: number;
  isInherited: boolean;
}

/** What a run's calls have deployed to an environment, by what the environment knows it by. */
function deploymentsOf(place: Place, environment: string, router: Place): [string, Made][] {
  const isInherited = startOf(place)?.continues?.how === "forked";
  const calls = new Map<string, { app: string; revision: string }>();
  const made: [string, Made][] = [];
  for (const record of journalOf(place)) {
    if (record.type === "noted" && record.command !== undefined) {
      const { note, data, command } = record;
      // By hand it has an outcome, and has deployed nothing.
      if (note === "operator" && BY_HAND.includes(String(data.action))) calls.delete(command);
      if (note !== "policy_decision" || data.environment !== environment) continue;
      const { app, revision } = inputsOf(data);
      if (typeof app === "string" && typeof revision === "string") calls.set(command, { app, revision });
    }
    if (record.type !== "completed" || !("ok" in record.outcome)) continue;
    const call = calls.get(record.command);
    if (!call) continue;
    const at = endOfJob(router, idOf(place), record.command) ?? record.at;
    made.push([`${idOf(place)}/${record.command}`, { ...call, at, isInherited }]);
  }
  return made;
}

/** When a call's job ended, by the router: the run may have heard of it much later. A builtin's has none. */
function endOfJob(router: Place, run: string, command: string): number | undefined {
  const [job] = router.disk.read<{ finished_at: number }>(
    `SELECT finished_at FROM jobs WHERE run = ? AND command = ? AND state = 'finished' AND cause = 'completed'
     ORDER BY attempt DESC LIMIT 1`,
    run,
    command,
  );
  return job?.finished_at;
}

function inputsOf(data: Record<string, unknown>): Record<string, unknown> {
  const { input } = data as { input: { function: { inputs: Record<string, unknown> } } };
  return input.function.inputs;
}

/** Of each app the newest observation holds, in whatever order reports have come. */
function checkHealth({ name, disk }: Place, view: EnvironmentView, events: Events): void {
  const newest = new Map<string, Omit<Health, "since" | "source">>();
  for (const { data, receivedAt, seq } of events.of(HEALTH_REPORTED)) {
    if (data.environment !== view.name) continue;
    const { app, status, revision, observed_at, stale_after_s } = data as Record<string, string>;
    const observedAt = Math.min(Date.parse(observed_at ?? "") || receivedAt, receivedAt);
    const report = {
      app: String(app),
      status: status as Health["status"],
      ...(revision !== undefined && { revision }),
      observedAt,
      staleAt: observedAt + Number(stale_after_s) * 1000,
      seq,
    };
    const known = newest.get(report.app);
    if (!known || known.observedAt <= observedAt) newest.set(report.app, report);
  }
  if (newest.size !== view.health.length)
    throw new Violation(
      `${name} shows the health of ${view.health.length} apps, and ${newest.size} were reported`,
    );
  const changes = disk.read<{ body: string }>("SELECT body FROM health_changes");
  for (const { since, source: _, ...shown } of view.health) {
    const expected = newest.get(shown.app);
    const isNewest = Object.entries(shown).every(([key, value]) => expected?.[key as "seq"] === value);
    if (!expected || !isNewest || since > shown.observedAt)
      throw new Violation(
        `${name} shows ${JSON.stringify(shown)}, and the newest is ${JSON.stringify(expected)}`,
      );
    const isNoted = changes
      .map(({ body }) => JSON.parse(body) as HealthChange)
      .some((change) => change.app === shown.app && change.status === shown.status && change.since === since);
    if (!isNoted) throw new Violation(`${name} does not know when ${shown.app} became ${shown.status}`);
  }
}

/** Lists show the same; only when an app was last seen to be what it is may be told late. */
function checkShown({ disk }: Place, { name, version, deployments, freezes, health }: EnvironmentView): void {
  const [row] = disk.read<{ version: number; body: string }>(
    "SELECT version, body FROM environments WHERE name = ?",
    name,
  );
  const shown = row && (JSON.parse(row.body) as EnvironmentView);
  const statuses = (list: readonly Health[]) => list.map(({ app, status }) => `${app} ${status}`).sort();
  const isSame =
    shown &&
    row.version === version &&
    JSON.stringify([shown.deployments, shown.freezes, statuses(shown.health)]) ===
      JSON.stringify([deployments, freezes, statuses(health)]);
  if (!isSame) throw new Violation(`the directory shows ${name} as ${row?.body}, at version ${version}`);
}

function checkDeploys({ deploys }: StagingPromises, places: ReadonlyMap<string, Place>): void {
  for (const [run, { step }] of deploys) {
    const place = places.get(run);
    if (!place) throw new Violation(`${run} was to deploy, and has never begun`);
    const end = endOf(place);
    const expected = step === "broken" ? "Broken" : "deployed";
    if (end?.state !== "succeeded" || end.output !== expected)
      throw new Violation(`${place.name} (deploy) should have come to ${expected}: ${JSON.stringify(end)}`);
  }
}

function checkReports({ reports }: StagingPromises, events: Events): void {
  const known = new Set(events.of(HEALTH_REPORTED).map(({ seq }) => seq));
  for (const seq of reports) if (!known.has(seq)) throw new Violation(`the report ${seq} of health is lost`);
}

/** The begin of a freeze that was certainly in force is said once, and so is its end; of none more often. */
function checkFreeze({ name, from, to, knownAt, lifted }: DeclaredFreeze, events: Events): void {
  const [began, ended] = ["frozen", "thawed"].map(
    (what) => events.of(`dev.sluice.environment.${what}`).filter(({ data }) => data.name === name).length,
  );
  const wasInForce = Math.max(from, knownAt) + SLACK_MS < Math.min(to, lifted?.from ?? to);
  if (began !== ended || (began ?? 0) > 1 || (wasInForce && began === 0))
    throw new Violation(`the begin of ${name} was said ${began} times, and its end ${ended} times`);
}

/** While a freeze is known to hold nothing is let through, and nothing is rejected but for a freeze. */
function checkDecisions(place: Place, freezes: readonly DeclaredFreeze[]): void {
  for (const record of journalOf(place)) {
    const verdict = verdictOf(record);
    if (verdict === undefined) continue;
    const { at } = record;
    const holds = freezes.find(
      ({ from, to, knownAt, lifted }) =>
        at > Math.max(from, knownAt) + SLACK_MS && at < Math.min(to, lifted?.from ?? to) - SLACK_MS,
    );
    if (verdict === "execute" && holds)
      throw new Violation(`${place.name} deploys at ${at}, and ${holds.name} was in force`);
    const mayHold = freezes.some(
      ({ from, to, lifted }) => at >= from - SLACK_MS && at <= Math.min(to, lifted?.to ?? to) + SLACK_MS,
    );
    if (verdict !== "execute" && !mayHold)
      throw new Violation(`${place.name} was told to ${verdict} at ${at}, and no freeze was in force`);
  }
}

function verdictOf(record: JournalRecord): string | undefined {
  const isDecision = record.type === "noted" && record.note === "policy_decision";
  return isDecision && record.data.environment === STAGING ? String(record.data.verdict) : undefined;
}
