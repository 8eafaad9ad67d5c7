// Runners that execute the Functions of the simulation, and die, freeze, and come back late with what they have.
import { CANCELLED_CODE, type Job, type JobOutcome } from "../src/protocol/job.ts";
import type { Result } from "../src/protocol/result.ts";
import { attempt } from "./asking.ts";
import type { Clock } from "./clock.ts";
import type { Cluster, Trace } from "./cluster.ts";
import type { Faults } from "./faults.ts";
import type { Random } from "./random.ts";

export const ROUTER = "default/pools/default";
const HEARTBEAT_MS = 10_000;
const MINUTE = 60_000;
/** How long a Function goes on that waits to be told to stop: longer than any workload lets it. */
const ENDLESS_MS = 240 * MINUTE;

/** What runners did and were told, for the invariants. */
export class EffectLog {
  /** Function executions, in order. */
  readonly executed: { key: string; tag: string; at: number }[] = [];
  /** Outcomes that the router said it has taken, by job and lease. */
  readonly accepted = new Map<string, { key: string; job: string; outcome: JobOutcome }>();
  /** How often a Function has failed for a key, accepted. */
  readonly failures = new Map<string, number>();
}

export interface RunnerPorts {
  cluster: Cluster;
  clock: Clock;
  random: Random;
  faults: Faults;
  trace: Trace;
  log: EffectLog;
  /** Called when a Function is about to do its work. */
  onExecute(job: Job): void;
  isOver(): boolean;
}

const cancelled: JobOutcome = { error: { code: CANCELLED_CODE, message: "as I was told" } };

function outcomeOf(job: Job, log: EffectLog): JobOutcome {
  const { reference } = job.function;
  const failed = log.failures.get(job.idempotency_key) ?? 0;
  if (reference.includes("/flaky@") && failed < 2) {
    return { error: { code: "Flaky", message: "not this time", retryable: true } };
  }
  if (reference.includes("/broken@")) {
    return { error: { code: "Broken", message: "for good", retryable: false } };
  }
  return { ok: { tag: job.inputs.tag ?? null } };
}

/** Serves jobs until the simulation is over. */
export async function runRunner(name: string, ports: RunnerPorts): Promise<void> {
  const { clock, random, faults, trace } = ports;
  const runner = { name, version: "0", platform: "simulation", tags: [], capacity: 1 };
  while (!ports.isOver()) {
    const job = await attempt(() =>
      ports.cluster.call<Job | null>("JobRouter", ROUTER, "request", {
        runner,
        subject: "runner",
        waitMs: 25_000,
      }),
    );
    if (!job) {
      // Mostly there is nothing to do, and asking for it is most of what a simulation would spend its time on.
      await clock.sleep(random.chance(0.3) ? random.between(10, 2000) : random.between(MINUTE, 5 * MINUTE));
      continue;
    }
    if (faults.strikes("runner-dies", job.id, clock.now)) {
      trace(() => `*** ${name} dies with ${job.id}`);
      await clock.sleep(random.between(1000, 60_000));
      continue;
    }
    await serve(name, job, ports);
  }
}

async function serve(name: string, job: Job, ports: RunnerPorts): Promise<void> {
  const { clock, random, faults, trace, log } = ports;
  const beat = () =>
    attempt(() =>
      ports.cluster.call<Result<{ cancel: boolean }>>("JobRouter", ROUTER, "heartbeat", job.id, {
        lease: job.lease,
        resolved: "c0ffee",
      }),
    );
  const first = await beat();
  if (first && (!first.ok || first.value.cancel)) return;
  if (faults.strikes("runner-freezes", job.id, clock.now)) {
    trace(() => `*** ${name} freezes with ${job.id}`);
    await clock.sleep(random.between(5000, 120_000));
  }
  ports.onExecute(job);
  const tag = String(job.inputs.tag);
  log.executed.push({ key: job.idempotency_key, tag, at: clock.now });
  const isEndless = job.function.reference.includes("/endless@");
  const workMs = isEndless ? ENDLESS_MS : random.between(0, 40_000);
  for (let left = workMs; left > 0; left -= HEARTBEAT_MS) {
    await clock.sleep(Math.min(left, HEARTBEAT_MS));
    const answer = left > HEARTBEAT_MS ? await beat() : undefined;
    if (answer && !answer.ok) return;
    if (answer?.ok && answer.value.cancel) {
      // Some say so, of others no more is heard.
      if (random.chance(0.5)) await report(job, cancelled, ports);
      return;
    }
  }
  if (!isEndless) await report(job, outcomeOf(job, log), ports);
}

async function report(job: Job, outcome: JobOutcome, ports: RunnerPorts): Promise<void> {
  const { clock, random, log, cluster } = ports;
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await attempt(() =>
      cluster.call<Result<unknown>>("JobRouter", ROUTER, "complete", job.id, { lease: job.lease, outcome }),
    );
    if (answer) {
      if (answer.ok) accept(job, outcome, log);
      return;
    }
    await clock.sleep(random.between(100, 5000));
  }
}

function accept(job: Job, outcome: JobOutcome, log: EffectLog): void {
  const key = job.idempotency_key;
  const id = `${job.id} ${job.lease}`;
  if (log.accepted.has(id)) return;
  log.accepted.set(id, { key, job: job.id, outcome });
  if ("error" in outcome) log.failures.set(key, (log.failures.get(key) ?? 0) + 1);
}
