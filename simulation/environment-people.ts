// Those who look after environments: who deploys to them, who freezes them, and who reports how well it went.
import type { CloudEvent, EventReceipt } from "../src/protocol/cloud-event.ts";
import type { EnvironmentInput, EnvironmentView } from "../src/protocol/environment.ts";
import { HEALTH_REPORTED, healthStatuses } from "../src/protocol/health.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type { Result } from "../src/protocol/result.ts";
import { type AskingPorts, ask, BUS, operator } from "./asking.ts";
import { type Deploy, type Deployments, STAGING } from "./environment-workload.ts";
import { Violation } from "./invariants.ts";
import { Random } from "./random.ts";

const MINUTE = 60_000;
/** What comes twice, or late, has come by then. */
const LATE_MS = 2 * MINUTE;

/** A freeze that was acknowledged. Times are ms since the epoch, by the right clock. */
export interface DeclaredFreeze {
  name: string;
  from: number;
  to: number;
  /** Since when the environment certainly has it. */
  knownAt: number;
  /** When somebody began, and had ended, to take it away. */
  lifted: { from: number; to: number } | undefined;
}

/** What those who look after the environment were told, and may rely on. */
export interface StagingPromises {
  /** What runs were asked to deploy. */
  readonly deploys: Map<string, Deploy>;
  readonly freezes: DeclaredFreeze[];
  /** Arrival numbers of reports of health. */
  readonly reports: number[];
}

type Settings = Pick<EnvironmentInput, "tier" | "risk" | "freezes">;

/** Insists until the environment is stored, and governs. */
export async function putEnvironment(ports: AskingPorts, name: string, settings: Settings): Promise<void> {
  for (;;) {
    const put = await ask<Result<unknown>>(ports, "Environment", placeOf(name), "put", {
      workspace: "default",
      name,
      value: { ...settings, labels: {}, targets: [] },
      by: operator,
    });
    if (put.ok) return;
    // It is stored, and the catalog will hear of it: who insists is told when it has.
    if (put.error.code !== "unavailable") throw new Violation(`refused: ${JSON.stringify(put.error)}`);
    await ports.clock.sleep(5000);
  }
}

function placeOf(environment: string): string {
  return `default/environments/${environment}`;
}

/** All that happens to the environment, until nothing more will. */
export async function keepStaging(
  outer: AskingPorts,
  deployments: Deployments,
  promises: StagingPromises,
): Promise<void> {
  const random = new Random(deployments.seed);
  const ports = { ...outer, random: random.fork() };
  await putEnvironment(ports, STAGING, withFreezes([]));
  await Promise.all([
    deployAll({ ...outer, random: random.fork() }, deployments.deploys, promises),
    freezeAll({ ...outer, random: random.fork() }, deployments.freezes, promises),
    reportAll({ ...outer, random: random.fork() }, deployments.reports, promises),
  ]);
}

function withFreezes(freezes: Settings["freezes"]): Settings {
  return { tier: "staging", risk: "medium", freezes };
}

async function post(ports: AskingPorts, type: string, id: string, data: JsonObject): Promise<EventReceipt> {
  const event: CloudEvent = { specversion: "1.0", id, source: "/keepers", type, data };
  const times = ports.random.chance(0.2) ? 2 : 1;
  let first: EventReceipt | undefined;
  for (let time = 0; time < times; time += 1) {
    const [receipt] = await ask<EventReceipt[]>(ports, "EventBus", BUS, "ingest", [event], "dora");
    if (!receipt || (first && first.seq !== receipt.seq)) {
      throw new Violation(`the event ${id} was answered with ${JSON.stringify(receipt)}`);
    }
    first ??= receipt;
  }
  if (!first) throw new Violation(`the event ${id} was not sent`);
  return first;
}

async function deployAll(ports: AskingPorts, deploys: Deploy[], promises: StagingPromises): Promise<void> {
  const { clock, random } = ports;
  for (const [index, deploy] of deploys.entries()) {
    const { started } = await post(ports, "sim.deploy", `deploy-${index}`, { ...deploy });
    const [first, ...others] = started;
    if (!first || others.length > 0) throw new Violation(`deploy-${index} started ${started.length} runs`);
    promises.deploys.set(first.run, deploy);
    await clock.sleep(random.between(0, 12 * MINUTE));
  }
}

async function freezeAll(
  ports: AskingPorts,
  freezes: Deployments["freezes"],
  promises: StagingPromises,
): Promise<void> {
  const { clock, random } = ports;
  for (const [index, { afterMs, inMs, forMs, isLifted }] of freezes.entries()) {
    await clock.sleep(afterMs);
    const name = `freeze-${index}`;
    const from = clock.now + inMs;
    const to = from + forMs;
    const freeze = { name, from: textOf(from), to: textOf(to), reason: "the holidays" };
    await settle(ports, [freeze]);
    const declared: DeclaredFreeze = { name, from, to, knownAt: clock.now, lifted: undefined };
    promises.freezes.push(declared);
    await clock.sleep(isLifted ? random.between(0, forMs) : to + LATE_MS - clock.now);
    const begun = clock.now;
    await settle(ports, []);
    declared.lifted = { from: begun, to: clock.now };
  }
}

/** Puts freezes until they are what there is: what came twice, and late, may have replaced them. */
async function settle(ports: AskingPorts, freezes: Settings["freezes"]): Promise<void> {
  for (;;) {
    await putEnvironment(ports, STAGING, withFreezes(freezes));
    await ports.clock.sleep(LATE_MS);
    if (JSON.stringify((await view(ports)).freezes) === JSON.stringify(freezes)) return;
  }
}

async function view(ports: AskingPorts): Promise<EnvironmentView> {
  const answer = await ask<Result<EnvironmentView>>(ports, "Environment", placeOf(STAGING), "view");
  if (!answer.ok) throw new Violation(`an environment that was stored is not there: ${answer.error.message}`);
  return answer.value;
}

/** Sees how well something is that is deployed; says it late, with a wrong clock, or of something else. */
async function reportAll(ports: AskingPorts, count: number, promises: StagingPromises): Promise<void> {
  const { clock, random } = ports;
  for (let index = 0; index < count; index += 1) {
    await clock.sleep(random.between(0, 8 * MINUTE));
    const { deployments } = await view(ports);
    const { app, revision } = random.pick([...deployments, { app: "ghost", revision: "r0" }]);
    const observedAt = clock.now + random.pick([0, -random.between(0, 20) * MINUTE, 5 * MINUTE]);
    const { seq } = await post(ports, HEALTH_REPORTED, `health-${index}`, {
      environment: STAGING,
      app,
      status: random.pick(healthStatuses),
      ...(random.chance(0.7) && { revision }),
      ...(random.chance(0.6) && { observed_at: textOf(observedAt) }),
      stale_after_s: random.between(60, 7200),
    });
    promises.reports.push(seq);
  }
}

function textOf(time: number): string {
  return new Date(time).toISOString();
}
