// A runner: polls for jobs, runs as many at once as it has capacity for, and answers for each of them.

import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import packageJson from "../package.json" with { type: "json" };
import { type Job, LONG_POLL_SECONDS, type RunnerInfo, runnerInfoSchema } from "../src/protocol/job.ts";
import { backoffMs, untilAnswered } from "./backoff.ts";
import { RunnerClient, ServerRefused, ServerUnreachable } from "./client.ts";
import { FunctionResolver } from "./functions/function-resolver.ts";
import { GitSource } from "./functions/git-source.ts";
import { parseReplacement } from "./functions/replacements.ts";
import { type LeaseRecord, LeaseStore } from "./lease-store.ts";
import { isOnPath, machineEnvironment } from "./machine-environment.ts";
import { groupIsAlive } from "./process-group.ts";
import { deliverLeft, type JobHost, runJob } from "./run-job.ts";

/** Polls end between this and the longest, so that a fleet does not ask all at once. */
const SHORTEST_POLL_SECONDS = 20;
/** What a killed runner left behind gets this long to be ended by its watcher. */
const ORPHANS_END_WITHIN_MS = 10_000;
/** After this the lease of a job that was left has run out, and nobody needs it handed back. */
const HAND_BACK_FOR_MS = 60_000;

export interface RunnerOptions {
  /** The server, `https://sluice.example`. */
  url: string;
  /** A token with the role `runner`. */
  token: string;
  /** What people see; unique among the runners of one token. Default: the host's name. */
  name?: string;
  /** Jobs come only to runners that have all of their tags. Default: none. */
  tags?: readonly string[];
  /** How many jobs run at once. Default: 1. */
  capacity?: number;
  /** Rules like `gitlab.com/cd=./functions/cd`; the longest matching prefix wins. */
  replacements?: readonly string[];
  /** What `./` in references and rules is relative to, and what references may not leave. Default: the current folder. */
  root?: string;
  /** Where leases, work folders and fetched Functions are kept. Default: `.sluice/runner` below the root. */
  stateDir?: string;
  /** Variables for every job, and `vars.…` in expressions. */
  variables?: Readonly<Record<string, string>>;
  /** Names of this process's environment variables that jobs get besides the harmless ones. */
  passEnvironment?: readonly string[];
  /** After `signal`: how long running jobs may take to finish before they are handed back. Default: 30 s. */
  graceMs?: number;
  /** Between asking a Function to end (TERM) and ending it (KILL). Default: 5 s. */
  killGraceMs?: number;
  /** Aborted to stop the runner. */
  signal: AbortSignal;
  /** Receives what the runner has to say, one line at a time. */
  log: (line: string) => void;
}

function infoOf(options: RunnerOptions): RunnerInfo {
  return runnerInfoSchema.parse({
    name: options.name ?? hostname(),
    version: packageJson.version,
    platform: `${process.platform}-${process.arch}`,
    tags: [...(options.tags ?? [])],
    capacity: options.capacity ?? 1,
  });
}

/** Waits until what a killed runner left running has ended: a job that is handed back must have nobody working on it. */
async function orphansEnd(records: readonly LeaseRecord[]): Promise<void> {
  const giveUpAt = Date.now() + ORPHANS_END_WITHIN_MS;
  for (const { group } of records) {
    while (group !== undefined && groupIsAlive(group) && Date.now() < giveUpAt) await sleep(50);
  }
}

/** Hands back what an earlier process of this runner had begun and not finished. */
async function handBackLeft(
  { id, lease }: LeaseRecord,
  client: RunnerClient,
  leases: LeaseStore,
  signal: AbortSignal,
): Promise<void> {
  try {
    await untilAnswered(() => client.release(id, { lease, reason: "the runner was restarted" }), {
      giveUpAt: Date.now() + HAND_BACK_FOR_MS,
      signal,
    });
  } catch (error) {
    // Refused: the lease has run out meanwhile, and the job is in other hands.
    if (!(error instanceof ServerRefused) && !(error instanceof ServerUnreachable)) throw error;
  }
  await leases.remove(id);
}

/** The next job; undefined when the runner is to stop. Keeps asking through every failure but a refused token. */
async function nextJob(
  client: RunnerClient,
  info: RunnerInfo,
  options: RunnerOptions,
): Promise<Job | undefined> {
  const { signal, log } = options;
  for (let failures = 0; !signal.aborted; ) {
    const jitter = Math.random() * (LONG_POLL_SECONDS - SHORTEST_POLL_SECONDS);
    const waitSeconds = Math.round((SHORTEST_POLL_SECONDS + jitter) * 10) / 10;
    try {
      const job = await client.request(info, waitSeconds, signal);
      if (failures > 0) log("the server answers again");
      failures = 0;
      if (job) return job;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof ServerUnreachable)) throw error;
      failures += 1;
      if (failures === 1) log(`${error.message}; asking again until it does`);
      await sleep(backoffMs(failures), undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

/**
 * Runs a runner until `signal` is aborted: then it asks for no more jobs, lets the running ones finish within the
 * grace period, and hands back the rest.
 *
 * @throws Error when an option is wrong, another runner of the name runs here, or the server refuses the token
 */
export async function startRunner(options: RunnerOptions): Promise<void> {
  const { signal, log } = options;
  const info = infoOf(options);
  const root = resolve(options.root ?? ".");
  const stateDir = resolve(root, options.stateDir ?? join(".sluice", "runner"));
  const own = join(stateDir, encodeURIComponent(info.name));
  const replacements = (options.replacements ?? []).map((rule) => parseReplacement(rule, root));
  const client = new RunnerClient(options);
  const leases = await LeaseStore.open(join(own, "leases"));
  const handBack = new AbortController();
  const running = new Set<Promise<void>>();
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    const left = await leases.left();
    if (left.length > 0)
      log(`taking up what an earlier process left: ${left.map(({ id }) => id).join(", ")}`);
    await orphansEnd(left);
    for (const record of left) if (!record.outcome) await handBackLeft(record, client, leases, signal);
    const workRoot = join(own, "work");
    await rm(workRoot, { recursive: true, force: true });
    const environment: Record<string, string> = {
      ...machineEnvironment(process.env, options.passEnvironment),
      SLUICE_RUNNER_DIR: root,
    };
    const host: JobHost = {
      client,
      leases,
      workRoot,
      environment,
      resolver: new FunctionResolver({
        workspace: root,
        replacements,
        git: new GitSource({ cacheDir: join(stateDir, "functions") }),
      }),
      variables: { ...options.variables },
      hasBash: await isOnPath("bash", environment.PATH),
      killGraceMs: options.killGraceMs,
      signal: handBack.signal,
      say: log,
    };
    const begin = (work: Promise<void>) => {
      const counted = work.finally(() => running.delete(counted));
      running.add(counted);
    };
    for (const record of left) {
      if (record.outcome) begin(deliverLeft({ ...record, outcome: record.outcome }, host));
    }
    log(`${info.name} asks ${options.url} for jobs, ${info.capacity} at once`);
    for (;;) {
      if (running.size >= info.capacity && !signal.aborted) {
        await Promise.race([...running, stopped]);
        continue;
      }
      const job = await nextJob(client, info, options);
      if (!job) break;
      log(`${job.id}: ${job.function.reference}`);
      begin(runJob(job, host));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await drain(running, handBack, options);
    await leases.close();
  }
}

async function drain(running: Set<Promise<void>>, handBack: AbortController, options: RunnerOptions) {
  if (running.size === 0) return;
  const graceMs = options.graceMs ?? 30_000;
  options.log(`stopping: ${running.size} running, up to ${Math.round(graceMs / 1000)} s to finish`);
  const timer = setTimeout(() => handBack.abort(), graceMs);
  await Promise.all(running);
  clearTimeout(timer);
}
