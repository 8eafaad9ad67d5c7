// One simulation: a workspace with a few runs of a generated workflow, on simulated time, network, disks and runners,
// all of them unreliable; and what must hold of it.

import type { Job } from "../src/protocol/job.ts";
import type { Actors } from "./bundle.ts";
import { Clock } from "./clock.ts";
import { Cluster, type Trace } from "./cluster.ts";
import { checkEnd, isQuiet } from "./ending.ts";
import { Faults } from "./faults.ts";
import { CommitWatch, Violation } from "./invariants.ts";
import { People } from "./people.ts";
import { Random } from "./random.ts";
import { idOf, journalOf, runPlaces } from "./run-place.ts";
import { EffectLog, runRunner } from "./runners.ts";
import { generateWorkload, limitsOf, type Workload } from "./workload.ts";

const START = Date.UTC(2027, 0, 4, 9);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is not done this long after the last fault will never be done. */
const PATIENCE_MS = 30 * HOUR;
/** More than any workload takes: a simulation that does so much is caught in a circle. */
const MAX_STEPS = 100_000;

export interface Outcome {
  seed: number;
  steps: number;
  runs: number;
  faults: Faults["injected"];
  /** Simulated time, ms. */
  elapsed: number;
  /** What did not hold; undefined when all did. */
  violation?: string;
}

export interface SimulationOptions {
  actors: Actors;
  seed: number;
  /** How often things go wrong: 1 is a bad day, 0 a perfect one. */
  faultRate?: number;
  /** Only these faults happen: to run a failing seed with fewer. */
  only?: ReadonlySet<string>;
  trace?: (line: string) => void;
  replayEveryTime?: boolean;
}

/** Simulates a seed to its end. The same seed on the same code gives the same steps. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const random = new Random(options.seed);
  const workloadRandom = random.fork();
  const clock = new Clock(START);
  const faults = new Faults(random.next(), options.faultRate ?? 1, options.only);
  const trace: Trace = (line) => options.trace?.(`${time(clock.now)} ${line()}`);
  const cluster = new Cluster({
    actors: options.actors,
    clock,
    random: random.fork(),
    faults,
    trace,
    vars: options.replayEveryTime ? { SLUICE_REPLAY_EVERY_TIME: "1" } : {},
  });
  const simulation = new Simulation({ cluster, clock, random, faults, trace, workloadRandom });
  const outcome = (): Outcome => ({
    seed: options.seed,
    steps: clock.steps,
    runs: runPlaces(cluster).length,
    faults: faults.injected,
    elapsed: clock.now - START,
  });
  try {
    await simulation.run();
    return outcome();
  } catch (error) {
    // What an actor, or the simulation itself, did not expect is a finding too.
    const violation = error instanceof Violation ? error.message : `it broke down: ${stackOf(error)}`;
    trace(() => `!!! ${violation}`);
    return { ...outcome(), violation };
  } finally {
    cluster.close();
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Since the beginning. */
function time(now: number): string {
  const elapsed = now - START;
  const days = Math.floor(elapsed / DAY);
  return `${days === 0 ? "" : `${days}d `}${new Date(elapsed % DAY).toISOString().slice(11, 23)}`;
}

class Simulation {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #trace: Trace;
  readonly #workload: Workload;
  readonly #people: People;
  readonly #effects = new EffectLog();
  readonly #watch: CommitWatch;
  readonly #cancelledJobs = new Set<string>();
  #failure: unknown;
  #isOver = false;
  #driving = 0;

  constructor(parts: {
    cluster: Cluster;
    clock: Clock;
    random: Random;
    faults: Faults;
    trace: Trace;
    workloadRandom: Random;
  }) {
    const { cluster, clock, random, faults, trace } = parts;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
    this.#trace = trace;
    this.#workload = generateWorkload(parts.workloadRandom);
    this.#watch = new CommitWatch(limitsOf(this.#workload));
    this.#people = new People({
      cluster,
      clock,
      random,
      trace,
      workload: this.#workload,
      drive: (story) => this.#drive(story),
      accompany: (story) => void story().catch((error) => this.#fail(error)),
      isOver: () => this.#isOver,
    });
  }

  async run(): Promise<void> {
    this.#trace(() => `the workflow is\n${this.#workload.source}`);
    this.#cluster.onCommit = (place) => this.#guard(() => this.#watch.check(place));
    this.#cluster.onCall = (kind, method, [job]) => {
      if (kind === "JobRouter" && method === "cancelJob") this.#cancelledJobs.add(String(job));
    };
    this.#drive(() => this.#people.story());
    for (let i = 0; i < this.#random.between(1, 3); i += 1) this.#startRunner(`runner-${i}`);
    this.#clock.after(this.#random.between(MINUTE, 6 * HOUR), () => this.#faults.end());
    let end = START + 6 * HOUR + PATIENCE_MS;
    while (await this.#clock.step(end)) {
      this.#cluster.afterStep();
      if (this.#failure) throw this.#failure;
      if (this.#clock.steps > MAX_STEPS) throw new Violation(`it goes on and on: ${MAX_STEPS} steps`);
      // Once everything has come to its end, what is left settles for an hour.
      if (!this.#isOver && this.#driving === 0 && this.#clock.steps % 64 === 0 && isQuiet(this.#cluster)) {
        this.#isOver = true;
        this.#faults.end();
        end = this.#clock.now + HOUR;
      }
    }
    if (this.#driving !== 0) throw new Violation("somebody outside still waits for an answer");
    checkEnd({
      cluster: this.#cluster,
      workload: this.#workload,
      promises: this.#people.promises,
      effects: this.#effects,
      cancelledJobs: this.#cancelledJobs,
    });
  }

  #drive(story: () => Promise<void>): void {
    this.#driving += 1;
    story()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#driving -= 1;
      });
  }

  #startRunner(name: string): void {
    const ports = {
      cluster: this.#cluster,
      clock: this.#clock,
      random: this.#random.fork(),
      faults: this.#faults,
      trace: this.#trace,
      log: this.#effects,
      onExecute: (job: Job) => this.#guard(() => this.#checkScheduled(job)),
      isOver: () => this.#isOver,
    };
    runRunner(name, ports).catch((error) => this.#fail(error));
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** 2: an effect begins only when what asked for it cannot be lost any more. */
  #checkScheduled(job: Job): void {
    const run = job.idempotency_key.slice(0, job.idempotency_key.search(/[#/]/));
    const place = runPlaces(this.#cluster).find((one) => idOf(one) === run);
    const began =
      place &&
      journalOf(place).some((record) => record.type === "noted" && record.note === "attempt_started");
    if (!began) throw new Violation(`${job.id} is executed before its run has a record of it`);
  }
}
