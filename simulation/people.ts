// Those outside: who sets the workspace up, sends events and signals, decides, answers, intervenes, and changes their
// mind. They insist until they get an answer, and keep what they were promised.
import type { CloudEvent, EventReceipt } from "../src/protocol/cloud-event.ts";
import type { Form } from "../src/protocol/form.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { JsonValue } from "../src/protocol/json.ts";
import type { Operation } from "../src/protocol/operation.ts";
import type { Approval } from "../src/protocol/policy.ts";
import type { Result } from "../src/protocol/result.ts";
import { finishedStates, type RunDetail } from "../src/protocol/run.ts";
import { ask, BUS, operator } from "./asking.ts";
import type { Clock } from "./clock.ts";
import type { Cluster, Trace } from "./cluster.ts";
import { keepStaging, putEnvironment, type StagingPromises } from "./environment-people.ts";
import { Violation } from "./invariants.ts";
import type { Random } from "./random.ts";
import { NIGHTLY, type PacedTrigger } from "./trigger-workload.ts";
import type { Workload } from "./workload.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const DIRECTORY = "default/directory";
const CATALOG = "default/catalog";

/** What people were told, and may rely on. */
export interface Promises {
  /** Runs that were promised. */
  readonly runs: Set<string>;
  /** Runs that somebody has cancelled, or tried to. */
  readonly cancelled: Set<string>;
  /** What was taken as the answer to a form. */
  readonly answers: Map<string, JsonValue>;
  /** Arrival numbers of the events for the paced trigger. */
  readonly paced: number[];
  /** Between which times the schedule was certainly on; undefined before it is over. */
  schedule: { from: number; to: number } | undefined;
  /** Runs of the schedule that were asked for by hand. */
  readonly byHand: Set<string>;
  readonly staging: StagingPromises;
}

export interface PeoplePorts {
  cluster: Cluster;
  clock: Clock;
  random: Random;
  trace: Trace;
  workload: Workload;
  /** Lets somebody act beside all others, until they are done. */
  drive(story: () => Promise<void>): void;
  /** The same for somebody who is there as long as the simulation goes on. */
  accompany(story: () => Promise<void>): void;
  isOver(): boolean;
}

/** An event, and the outputs of a call. */
const resultByHand = {
  specversion: "1.0",
  id: "by-hand",
  source: "/operators",
  type: "sim.manual.complete",
  tag: "by hand",
};

export class People {
  readonly promises: Promises = {
    runs: new Set(),
    cancelled: new Set(),
    answers: new Map(),
    paced: [],
    schedule: undefined,
    byHand: new Set(),
    staging: { deploys: new Map(), freezes: [], reports: [] },
  };
  readonly #ports: PeoplePorts;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #workload: Workload;
  /** What needs a person's hand: commands by the names of what they wait for. */
  readonly #byHand: ReadonlyMap<string, (command: string) => Operation> = new Map([
    ["sim.manual.skip", (command: string): Operation => ({ action: "skip", command })],
    [
      "sim.manual.complete",
      (command: string): Operation => ({ action: "complete", command, value: resultByHand }),
    ],
    [
      "sim.manual.fail",
      (command: string): Operation => ({ action: "fail", command, code: "FailedByOperator", message: "" }),
    ],
  ]);

  constructor(ports: PeoplePorts) {
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#workload = ports.workload;
  }

  async story(): Promise<void> {
    await this.#setUp();
    const { drive, accompany } = this.#ports;
    accompany(() => this.#decideApprovals());
    accompany(() => this.#fillForms());
    const { paced, scheduled, deployments } = this.#workload;
    if (paced) drive(() => this.#sendPaced(paced.events));
    if (scheduled) drive(() => this.#endSchedule(this.#clock.now, scheduled.forMs));
    if (deployments) drive(() => keepStaging(this.#ports, deployments, this.promises.staging));
    const cases = this.#random.between(1, 4);
    for (let i = 0; i < cases; i += 1) {
      drive(() => this.#playCase(`case-${i}`));
      await this.#clock.sleep(this.#random.between(0, 10 * MINUTE));
    }
  }

  async #setUp(): Promise<void> {
    await putEnvironment(this.#ports, "production", { tier: "production", risk: "high", freezes: [] });
    const input = { entry: "main.star", files: { "main.star": this.#workload.source } };
    for (;;) {
      const put = await this.#ask<Result<unknown>>("Catalog", CATALOG, "putWorkflow", {
        name: "sim",
        input,
        by: operator,
      });
      if (!put.ok) throw new Violation(`the workflow was refused: ${JSON.stringify(put.error)}`);
      // The catalog answers in good time even when the bus does not know the triggers yet.
      const triggers = await this.#ask<unknown[]>("EventBus", BUS, "triggers");
      if (triggers.length === this.#workload.triggers) break;
      await this.#clock.sleep(5000);
    }
  }

  /** Posts what starts a run and what it waits for, each at least once, and may change its mind. */
  async #playCase(name: string): Promise<void> {
    const receipt = await this.#post("sim.start", name, { case: name });
    const [started, ...others] = receipt.started;
    if (!started || others.length > 0) throw new Violation(`${name} started ${receipt.started.length} runs`);
    const { run } = started;
    this.promises.runs.add(run);
    const { drive } = this.#ports;
    // Nobody looks at a run that needs nobody: whoever looks may wake it, and hide that nothing else would have.
    if (this.#workload.needsHands) drive(() => this.#lookAfter(run));
    if (this.#random.chance(0.2)) drive(() => this.#pauseFor(run, this.#random.between(0, HOUR)));
    for (const tag of this.#workload.events) {
      await this.#clock.sleep(this.#random.between(0, 20 * MINUTE));
      await this.#post("sim.signal", `${name}-${tag}`, { case: name, tag });
    }
    await this.#signalAll(run);
    if (this.#random.chance(0.3)) await this.#fork(run, { restart: this.#random.chance(0.5), within: HOUR });
    if (this.#random.chance(0.15)) await this.#cancel(run);
  }

  async #post(type: string, id: string, data: Record<string, string>): Promise<EventReceipt> {
    const event: CloudEvent = { specversion: "1.0", id, source: "/simulation", type, data };
    const post = () => this.#ask<EventReceipt[]>("EventBus", BUS, "ingest", [event], "alice");
    const [receipt] = await post();
    const [again] = this.#random.chance(0.2) ? await post() : [receipt];
    if (!receipt || JSON.stringify(again?.started) !== JSON.stringify(receipt.started)) {
      throw new Violation(`the same event twice was answered differently: ${event.id}`);
    }
    return receipt;
  }

  async #sendPaced(events: PacedTrigger["events"]): Promise<void> {
    for (const [index, { type, key }] of events.entries()) {
      await this.#clock.sleep(this.#random.between(0, 6 * MINUTE));
      const { seq, started } = await this.#post(type, `paced-${index}`, { key });
      this.promises.paced.push(seq);
      const [first] = started;
      // In the place of one that still runs, the other has its place as well.
      if (first && this.#random.chance(0.15)) {
        this.#ports.drive(() => this.#fork(first.run, { restart: true, within: 15 * MINUTE }));
      }
    }
  }

  /** Lets the schedule go on for a time, fires it by hand in between, and pauses it for good. */
  async #endSchedule(from: number, forMs: number): Promise<void> {
    await this.#clock.sleep(forMs / 2);
    if (this.#random.chance(0.5)) {
      const fired = await this.#ask<Result<EventReceipt>>("EventBus", BUS, "triggerSchedule", {
        id: NIGHTLY,
        key: "once",
        by: operator,
      });
      if (!fired.ok) throw new Violation(`a schedule cannot be fired by hand: ${fired.error.message}`);
      const { started, queued = [] } = fired.value;
      const runs = [...started, ...queued.filter(({ state }) => state !== "dropped")];
      for (const { run } of runs) this.promises.byHand.add(run);
    }
    await this.#clock.sleep(forMs / 2);
    const to = this.#clock.now;
    const paused = await this.#ask<Result<unknown>>("EventBus", BUS, "pauseSchedule", {
      id: NIGHTLY,
      by: operator,
      reason: "",
    });
    if (!paused.ok) throw new Violation(`a schedule cannot be paused: ${paused.error.message}`);
    this.promises.schedule = { from, to };
  }

  async #signalAll(run: string): Promise<void> {
    for (const name of this.#workload.signals) {
      await this.#clock.sleep(this.#random.between(0, 10 * MINUTE));
      await this.#signal(run, name);
    }
  }

  /** Sends a signal to a run, or to the one that it goes on as. */
  async #signal(run: string, name: string): Promise<void> {
    const taken = await this.#insistOnRun(run, "signal", {
      id: name,
      name,
      data: { tag: name },
      by: operator,
    });
    if (taken.ok) return;
    if (taken.error.code !== "run_finished")
      throw new Violation(`a signal was refused: ${taken.error.message}`);
    const detail = await this.#detail(run);
    if (detail.continuedAs !== undefined) await this.#signal(detail.continuedAs, name);
  }

  async #detail(run: string): Promise<RunDetail> {
    const detail = await this.#insistOnRun<RunDetail>(run, "detail");
    if (!detail.ok) throw new Violation(`${run} shows nothing: ${detail.error.message}`);
    return detail.value;
  }

  /** Does by hand what only a person can do, until the run, and whatever it goes on as, has ended. */
  async #lookAfter(run: string): Promise<void> {
    for (;;) {
      const detail = await this.#detail(run);
      for (const { command, name, finishedAt, inputs } of detail.activities) {
        if (finishedAt !== undefined) continue;
        const isForHand = /\/(ignored|endless)@/.test(name) && JSON.stringify(inputs).includes("by hand");
        const operation = this.#byHand.get(isForHand ? "sim.manual.complete" : name)?.(command);
        if (operation) await this.#operate(run, operation);
      }
      if (this.#random.chance(0.1)) await this.#operate(run, { action: "retry" });
      if (finishedStates.includes(detail.state)) {
        if (detail.continuedAs !== undefined) await this.#lookAfter(detail.continuedAs);
        return;
      }
      await this.#clock.sleep(this.#random.between(5 * MINUTE, 20 * MINUTE));
    }
  }

  #operate(run: string, operation: Operation): Promise<unknown> {
    return this.#insistOnRun(run, "operate", { by: operator, reason: "", operation });
  }

  async #pauseFor(run: string, ms: number): Promise<void> {
    for (const action of ["pause", "resume"] as const) {
      await this.#clock.sleep(this.#random.between(0, ms));
      await this.#operate(run, { action });
    }
    // The pause may have come twice, and late: after what should have ended it.
    await this.#clock.sleep(5 * MINUTE);
    await this.#operate(run, { action: "resume" });
  }

  async #cancel(run: string): Promise<void> {
    await this.#clock.sleep(this.#random.between(0, HOUR));
    // Before the first answer it may be done already.
    this.promises.cancelled.add(run);
    const cancel = () =>
      this.#insistOnRun(run, "cancel", { by: operator, reason: "second thoughts", terminate: false });
    await cancel();
    if (this.#random.chance(0.5)) return;
    // Some do not see at once that it cleans up.
    await this.#clock.sleep(this.#random.between(0, 2 * MINUTE));
    await cancel();
  }

  /** Begins a run anew from one of its commands, beside it or in its place. */
  async #fork(run: string, { restart, within }: { restart: boolean; within: number }): Promise<void> {
    await this.#clock.sleep(this.#random.between(0, within));
    const page = await this.#insistOnRun<{ records: JournalRecord[] }>(run, "journal", {
      after: 0,
      limit: 1000,
    });
    const commands = page.ok ? page.value.records.filter(({ type }) => type === "scheduled") : [];
    if (commands.length === 0) return;
    const { command } = this.#random.pick(commands) as { command: string };
    const id = `run_${"f".repeat(16)}${run.slice(-16)}`;
    if (restart) this.promises.cancelled.add(run);
    const forked = await this.#insistOnRun(run, "fork", { id, command, restart, by: operator, reason: "" });
    if (!forked.ok) {
      const { code, details } = forked.error;
      if (code === "already_cancelled" || code === "child_running") return;
      if (code === "already_restarted") {
        await this.#fork(String(details?.run), { restart, within: 0 });
        return;
      }
      throw new Violation(`a fork was refused: ${JSON.stringify(forked.error)}`);
    }
    this.promises.runs.add(id);
    if (this.#workload.needsHands) this.#ports.drive(() => this.#lookAfter(id));
    await this.#signalAll(id);
  }

  /** A person who looks at what waits for a decision, now and then. */
  async #decideApprovals(): Promise<void> {
    while (!this.#ports.isOver()) {
      const pending = await this.#ask<Approval[]>("Directory", DIRECTORY, "approvals", {
        state: "pending",
        limit: 100,
      });
      for (const { id, run, inputs, function: reference } of pending) {
        if (reference.includes("/ignored@")) continue;
        const decision = reference.includes("/denied@") ? "deny" : "approve";
        this.#ports.trace(() => `olivia wants to ${decision} ${JSON.stringify(inputs)}`);
        const request = { approval: id, decision, comment: "", by: operator };
        await this.#insistOnRun(run, "resolveApproval", request);
      }
      await this.#clock.sleep(this.#random.between(MINUTE, 10 * MINUTE));
    }
  }

  /** People who answer what they are asked, sometimes two of them. */
  async #fillForms(): Promise<void> {
    while (!this.#ports.isOver()) {
      const pending = await this.#ask<Form[]>("Directory", DIRECTORY, "forms", {
        state: "pending",
        limit: 100,
      });
      for (const { id, run, title } of pending) {
        if (title === "nobody") continue;
        const answers = this.#random.chance(0.3) ? ["a", "b"] : ["a"];
        await Promise.all(answers.map((answer) => this.#fill(run, id, answer)));
      }
      await this.#clock.sleep(this.#random.between(MINUTE, 15 * MINUTE));
    }
  }

  async #fill(run: string, form: string, answer: string): Promise<void> {
    const filled = await this.#insistOnRun<Form>(run, "fillForm", { form, values: { answer }, by: operator });
    if (!filled.ok) {
      if (filled.error.code === "form_closed" || filled.error.code === "run_finished") return;
      throw new Violation(`an answer was refused: ${JSON.stringify(filled.error)}`);
    }
    const known = this.promises.answers.get(form);
    if (known !== undefined && known !== answer) {
      throw new Violation(`the form ${form} was answered with ${known} and with ${answer}`);
    }
    this.promises.answers.set(form, answer);
  }

  // ------------------------------------------------------------------- asking

  #ask<T>(...call: Parameters<Cluster["call"]>): Promise<T> {
    return ask<T>(this.#ports, ...call);
  }

  /** Asks a run, which the bus may not have told yet that it exists. */
  async #insistOnRun<T>(run: string, method: string, ...args: unknown[]): Promise<Result<T>> {
    for (;;) {
      const answer = await this.#ask<Result<T>>("WorkflowRun", `default/runs/${run}`, method, ...args);
      if (answer.ok || answer.error.code !== "unknown_run") return answer;
      await this.#clock.sleep(1000);
    }
  }
}
