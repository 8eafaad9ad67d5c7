// One simulation: a workspace with a few runs of a generated workflow, on simulated time, network, disks and runners,
// all of them unreliable; and what must hold of it.

import type { CloudEvent, EventReceipt } from "../src/protocol/cloud-event.ts";
import type { Job } from "../src/protocol/job.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { Approval } from "../src/protocol/policy.ts";
import type { Result } from "../src/protocol/result.ts";
import type { RunSummary } from "../src/protocol/run.ts";
import { finishedStates } from "../src/protocol/run.ts";
import type { ProgramSource } from "../src/protocol/workflow.ts";
import type { RunStart } from "../src/workflow/index.ts";
import type { Actors } from "./bundle.ts";
import { Clock } from "./clock.ts";
import { Cluster, type Place, type Trace } from "./cluster.ts";
import { Faults } from "./faults.ts";
import { CommitWatch, checkOutcomes, checkReplay, Violation } from "./invariants.ts";
import { Random } from "./random.ts";
import { attempt, EffectLog, runRunner } from "./runners.ts";
import { generateWorkload, type Workload } from "./workload.ts";

const START = Date.UTC(2027, 0, 4, 9);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** What is not done this long after the last fault will never be done. */
const PATIENCE_MS = 30 * HOUR;
/** More than any workload takes: a simulation that does so much is caught in a circle. */
const MAX_STEPS = 400_000;

const BUS = "default/bus/0";
const CATALOG = "default/catalog";
const DIRECTORY = "default/directory";
const operator = { subject: "olivia", role: "operator", tokenId: "t1" };

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
  trace?: Trace;
  replayEveryTime?: boolean;
}

/** Simulates a seed to its end. The same seed on the same code gives the same steps. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const random = new Random(options.seed);
  const workloadRandom = random.fork();
  const clock = new Clock(START);
  const faults = new Faults(random.next(), options.faultRate ?? 1, options.only);
  const trace: Trace = (line) => options.trace?.(`${time(clock.now)} ${line}`);
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
    runs: simulation.runs.size,
    faults: faults.injected,
    elapsed: clock.now - START,
  });
  try {
    await simulation.run();
    return outcome();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    trace(`!!! ${error.message}`);
    return { ...outcome(), violation: error.message };
  } finally {
    cluster.close();
  }
}

function time(now: number): string {
  return new Date(now).toISOString().slice(8, 23).replace("T", " ");
}

class Simulation {
  /** Runs that must come to be, by id: whether the generated workflow or the chain. */
  readonly runs = new Map<string, "main" | "chain">();
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #trace: Trace;
  readonly #workload: Workload;
  readonly #effects = new EffectLog();
  readonly #cancelled = new Set<string>();
  readonly #watch = new CommitWatch();
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
    this.#cluster = parts.cluster;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#faults = parts.faults;
    this.#trace = parts.trace;
    this.#workload = generateWorkload(parts.workloadRandom);
  }

  async run(): Promise<void> {
    this.#trace(`the workflow is\n${this.#workload.source}`);
    this.#cluster.onCommit = (place) => this.#guard(() => this.#watch.check(place));
    this.#drive(() => this.#story());
    for (let i = 0; i < this.#random.between(1, 3); i += 1) this.#startRunner(`runner-${i}`);
    this.#clock.after(this.#random.between(MINUTE, 6 * HOUR), () => this.#faults.end());
    let end = START + 6 * HOUR + PATIENCE_MS;
    while (await this.#clock.step(end)) {
      this.#cluster.afterStep();
      if (this.#failure) throw this.#failure;
      if (this.#clock.steps > MAX_STEPS) throw new Violation(`it goes on and on: ${MAX_STEPS} steps`);
      // Once everything has come to its end, what is left settles for an hour.
      if (!this.#isOver && this.#driving === 0 && this.#clock.steps % 64 === 0 && this.#isQuiet()) {
        this.#isOver = true;
        this.#faults.end();
        end = this.#clock.now + HOUR;
      }
    }
    this.#checkEnd();
  }

  // ------------------------------------------------------------ from outside

  #drive(story: () => Promise<void>): void {
    this.#driving += 1;
    story()
      .catch((error) => {
        this.#failure ??= error;
      })
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
    runRunner(name, ports).catch((error) => {
      this.#failure ??= error;
    });
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** As a client with patience: until there is an answer. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      const answer = await attempt(call);
      if (answer !== undefined) return answer;
      await this.#clock.sleep(this.#random.between(100, 5000));
    }
  }

  async #story(): Promise<void> {
    const { call } = this.#bound();
    for (;;) {
      const put = await this.#insist(() =>
        call<Result<unknown>>("Environment", "default/environments/production", "put", {
          workspace: "default",
          name: "production",
          value: { tier: "production", risk: "high", labels: {}, targets: [], freezes: [] },
          by: operator,
        }),
      );
      if (put.ok) break;
      // It is stored, and the catalog will hear of it: who insists is told when it has.
      if (put.error.code !== "unavailable") throw new Violation(`refused: ${JSON.stringify(put.error)}`);
      await this.#clock.sleep(5000);
    }
    const input = { entry: "main.star", files: { "main.star": this.#workload.source } };
    for (;;) {
      const put = await this.#insist(() =>
        call<Result<unknown>>("Catalog", CATALOG, "putWorkflow", { name: "sim", input, by: operator }),
      );
      if (!put.ok) throw new Violation(`the workflow was refused: ${JSON.stringify(put.error)}`);
      // The catalog answers in good time even when the bus does not know the triggers yet.
      const triggers = await this.#insist(() => call<unknown[]>("EventBus", BUS, "triggers"));
      if (triggers.length === 2) break;
      await this.#clock.sleep(5000);
    }
    this.#drive(() => this.#decideApprovals());
    const cases = this.#random.between(1, 5);
    for (let i = 0; i < cases; i += 1) {
      this.#drive(() => this.#playCase(`case-${i}`));
      await this.#clock.sleep(this.#random.between(0, 10 * MINUTE));
    }
  }

  /** Posts what starts a run and what it waits for, each at least once, and may change its mind. */
  async #playCase(name: string): Promise<void> {
    const start = this.#event("sim.start", name, { case: name });
    const receipt = await this.#post(start);
    const [run, ...others] = receipt.started;
    if (!run || others.length > 0) throw new Violation(`${name} started ${receipt.started.length} runs`);
    this.runs.set(run.run, "main");
    if (this.#random.chance(0.2)) this.#drive(() => this.#pauseFor(run.run, this.#random.between(0, HOUR)));
    for (const tag of this.#workload.signals) {
      await this.#clock.sleep(this.#random.between(0, 20 * MINUTE));
      await this.#post(this.#event("sim.signal", `${name}-${tag}`, { case: name, tag }));
    }
    if (this.#random.chance(0.15)) await this.#cancel(run.run);
  }

  #event(type: string, id: string, data: Record<string, string>): CloudEvent {
    return { specversion: "1.0", id, source: "/simulation", type, data };
  }

  async #post(event: CloudEvent): Promise<EventReceipt> {
    const { call } = this.#bound();
    const post = () => this.#insist(() => call<EventReceipt[]>("EventBus", BUS, "ingest", [event], "alice"));
    const [receipt] = await post();
    const [again] = this.#random.chance(0.2) ? await post() : [receipt];
    if (!receipt || JSON.stringify(again?.started) !== JSON.stringify(receipt.started)) {
      throw new Violation(`the same event twice was answered differently: ${event.id}`);
    }
    return receipt;
  }

  async #pauseFor(run: string, ms: number): Promise<void> {
    const { call } = this.#bound();
    for (const action of ["pause", "resume"]) {
      await this.#clock.sleep(this.#random.between(0, ms));
      await this.#insist(() =>
        call("WorkflowRun", `default/runs/${run}`, "operate", {
          by: operator,
          reason: "",
          operation: { action },
        }),
      );
    }
    // The pause may have come twice, and late: after what should have ended it.
    await this.#clock.sleep(5 * MINUTE);
    await this.#insist(() =>
      call("WorkflowRun", `default/runs/${run}`, "operate", {
        by: operator,
        reason: "",
        operation: { action: "resume" },
      }),
    );
  }

  async #cancel(run: string): Promise<void> {
    const { call } = this.#bound();
    await this.#clock.sleep(this.#random.between(0, HOUR));
    // Before the first answer it may be done already.
    this.#cancelled.add(run);
    for (;;) {
      const answer = await this.#insist(() =>
        call<Result<RunSummary>>("WorkflowRun", `default/runs/${run}`, "cancel", {
          by: operator,
          reason: "second thoughts",
          terminate: false,
        }),
      );
      if (answer.ok || answer.error.code !== "unknown_run") return;
      // The bus has not told the run yet that it exists.
      await this.#clock.sleep(1000);
    }
  }

  /** A person who looks at what waits for a decision, now and then. */
  async #decideApprovals(): Promise<void> {
    const { call } = this.#bound();
    this.#driving -= 1;
    while (!this.#isOver) {
      const pending = await this.#insist(() =>
        call<Approval[]>("Directory", DIRECTORY, "approvals", { state: "pending", limit: 100 }),
      );
      for (const { id, run, inputs, function: reference } of pending) {
        const decision = reference.includes("/denied@") ? "deny" : "approve";
        this.#trace(`olivia wants to ${decision} ${JSON.stringify(inputs)}`);
        await this.#insist(() =>
          call("WorkflowRun", `default/runs/${run}`, "resolveApproval", {
            approval: id,
            decision,
            comment: "",
            by: operator,
          }),
        );
      }
      await this.#clock.sleep(this.#random.between(MINUTE, 10 * MINUTE));
    }
    this.#driving += 1;
  }

  #bound() {
    return { call: this.#cluster.call.bind(this.#cluster) as Cluster["call"] };
  }

  // ------------------------------------------------------------- what holds

  /** 2: an effect begins only when what asked for it cannot be lost any more. */
  #checkScheduled(job: Job): void {
    const run = job.idempotency_key.slice(0, job.idempotency_key.search(/[#/]/));
    const place = [...this.#runPlaces()].find(({ name }) => name.endsWith(run));
    const began =
      place &&
      journalOf(place).some((record) => record.type === "noted" && record.note === "attempt_started");
    if (!began) throw new Violation(`${job.id} is executed before its run has a record of it`);
  }

  #runPlaces(): Place[] {
    return [...this.#cluster.places.values()].filter(
      ({ kind, disk }) => kind === "WorkflowRun" && disk.hasTable("journal"),
    );
  }

  #isQuiet(): boolean {
    const places = this.#runPlaces();
    const chains = places.length - [...this.runs.values()].length;
    return (
      chains >= this.#expectedChains(places) &&
      places.every((place) => endOf(place) !== undefined) &&
      places.length >= this.runs.size
    );
  }

  #expectedChains(places: readonly Place[]): number {
    return places.reduce(
      (sum, place) =>
        sum +
        journalOf(place).filter(
          (record) =>
            record.type === "scheduled" &&
            record.name === "builtin://emit" &&
            isCompleted(place, record.command),
        ).length,
      0,
    );
  }

  #checkEnd(): void {
    if (this.#driving !== 0) throw new Violation("somebody outside still waits for an answer");
    const places = this.#runPlaces();
    for (const id of this.runs.keys()) {
      if (!places.some(({ name }) => name.endsWith(id)))
        throw new Violation(`${id} was promised and never began`);
    }
    for (const place of places) this.#checkRun(place);
    const chains = places.filter(({ name }) => !this.runs.has(idOf(name)));
    const expected = this.#expectedChains(places);
    if (chains.length !== expected) {
      throw new Violation(`${expected} events were emitted, and started ${chains.length} runs`);
    }
    this.#checkAccepted(places);
    this.#checkNothingLeft();
    this.#checkDirectory(places);
  }

  #checkRun(place: Place): void {
    const { name } = place;
    const records = journalOf(place);
    const end = endOf(place);
    if (!end) throw new Violation(`${name} has not come to its end: ${lastOf(records)}`);
    checkOutcomes(name, records);
    const part = (key: string) =>
      JSON.parse(
        place.disk.read<{ value: string }>("SELECT value FROM parts WHERE name = ?", key)[0]?.value ?? "null",
      );
    checkReplay(name, part("start") as RunStart, part("program") as ProgramSource, records);
    const id = idOf(name);
    if (this.#cancelled.has(id) && end.state === "cancelled") return;
    if (end.state !== "succeeded") throw new Violation(`${name} ${end.state}: ${JSON.stringify(end)}`);
    const output = this.runs.get(id) === "main" ? this.#workload.output : "chain";
    if (JSON.stringify(end.output) !== JSON.stringify(output)) {
      throw new Violation(
        `${name} returned ${JSON.stringify(end.output)}, and should have returned ${JSON.stringify(output)}`,
      );
    }
    const done = new Set(
      this.#effects.executed.filter(({ key }) => key.startsWith(id)).map(({ tag }) => tag),
    );
    const missing =
      this.runs.get(id) === "main" ? this.#workload.effects.filter((tag) => !done.has(tag)) : [];
    if (missing.length > 0) throw new Violation(`${name} succeeded without doing ${missing}`);
  }

  /** 3: what the router said it had taken is what the run went on with, unless it had gone on without. */
  #checkAccepted(places: readonly Place[]): void {
    const oks = new Map<string, number>();
    for (const { key, job, outcome } of this.#effects.accepted.values()) {
      if (!("ok" in outcome)) continue;
      oks.set(key, (oks.get(key) ?? 0) + 1);
      const place = places.find(({ name }) => key.startsWith(idOf(name)));
      const command = key.slice(key.search(/[#/]/) + 1);
      const record =
        place && journalOf(place).find((one) => one.type === "completed" && one.command === command);
      if (place && !record && endOf(place)?.state === "cancelled") continue;
      if (record?.type !== "completed" || !("ok" in record.outcome)) {
        if (place && this.#cancelled.has(idOf(place.name))) continue;
        throw new Violation(
          `the accepted outcome of ${job} is not in the journal: ${JSON.stringify(record)}`,
        );
      }
    }
    for (const [key, count] of oks) {
      if (count > 1) throw new Violation(`${key} has ${count} accepted outcomes`);
    }
  }

  #checkNothingLeft(): void {
    for (const { name, disk, kind } of this.#cluster.places.values()) {
      if (!disk.hasTable("outbox")) continue;
      const left = disk.read<{ receiver: string; method: string; parked: number; last_error: string | null }>(
        "SELECT receiver, method, parked, last_error FROM outbox",
      );
      const [message] = left.filter(({ parked }) => parked !== 0);
      if (message) {
        throw new Violation(
          `${name} has parked ${message.method} to ${message.receiver}: ${message.last_error}`,
        );
      }
      if (kind === "WorkflowRun" && disk.read("SELECT 1 FROM timers").length > 0) {
        throw new Violation(`${name} has ended, and still has timers`);
      }
    }
    const router = [...this.#cluster.places.values()].find(({ kind }) => kind === "JobRouter");
    const open = router?.disk.hasTable("jobs")
      ? router.disk.read<{ id: string; state: string }>(
          "SELECT id, state FROM jobs WHERE state <> 'finished'",
        )
      : [];
    if (open[0]) throw new Violation(`job ${open[0].id} is still ${open[0].state}`);
  }

  /** The read model shows what is true. */
  #checkDirectory(places: readonly Place[]): void {
    const directory = this.#cluster.place("Directory", DIRECTORY);
    const runs = directory.disk.read<{ id: string; state: string }>("SELECT id, state FROM runs");
    const shown = new Map(runs.map(({ id, state }) => [id, state]));
    for (const place of places) {
      const id = idOf(place.name);
      const state = endOf(place)?.state;
      if (shown.get(id) !== state)
        throw new Violation(`the directory shows ${id} as ${shown.get(id)}, it is ${state}`);
    }
    const pending = directory.disk.read<{ id: string }>("SELECT id FROM approvals WHERE state = 'pending'");
    if (pending[0]) throw new Violation(`the approval ${pending[0].id} is pending, and nothing waits for it`);
  }
}

function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

const journals = new WeakMap<Place, { count: number; records: JournalRecord[] }>();

function journalOf(place: Place): JournalRecord[] {
  const known = journals.get(place) ?? { count: 0, records: [] };
  // Uncommitted records may still be taken back: what is read in such a moment is not kept.
  const rows = place.disk.read<{ record: string }>(
    "SELECT record FROM journal WHERE seq > ? ORDER BY seq",
    known.count,
  );
  const records = [...known.records, ...rows.flatMap(({ record }) => JSON.parse(record) as JournalRecord[])];
  if (!place.disk.isDirty) journals.set(place, { count: records.length, records });
  return records;
}

function isCompleted(place: Place, command: string): boolean {
  return journalOf(place).some(
    (record) => record.type === "completed" && record.command === command && "ok" in record.outcome,
  );
}

function endOf(place: Place): { state: string; output?: unknown } | undefined {
  const last = journalOf(place).at(-1);
  if (last?.type !== "noted" || last.note !== "finished") return undefined;
  const data = last.data as { state: string; output?: unknown };
  return finishedStates.some((state) => state === data.state) ? data : undefined;
}

function lastOf(records: readonly JournalRecord[]): string {
  return JSON.stringify(records.at(-1));
}
