// Everything around the runs of one test, in virtual time: the event bus, policy, runners, approvers. The runs are
// those of the real engine.
//
// 1. What one actor tells another is a message in one queue; `#settleNow` delivers until there is none. So between two
//    calls of a test, nothing is under way that takes no time.
// 2. Time passes only in `advanceTo`, from one item of the agenda to the next.
// 3. Nothing depends on chance: ids and random numbers follow from the seed.
import { boundedDeployment } from "../environments/deployment.ts";
import { environmentEvent } from "../environments/environment-event.ts";
import { nextHops } from "../events/hops.ts";
import { runIdFor } from "../events/run-id.ts";
import { WORKFLOW_START } from "../events/workflow-start.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { Form, FormValues } from "../protocol/form.ts";
import type { ApprovalId, CommandId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Approval } from "../protocol/policy.ts";
import type { ErrorData, Result } from "../protocol/result.ts";
import type { Trigger } from "../protocol/workflow.ts";
import { checkStartInput } from "../workflow/forms/start-input.ts";
import {
  type Changes,
  type Effect,
  loadRun,
  type RunInput,
  type RunStart,
  type Sha256Hex,
  type Workflow,
} from "../workflow/index.ts";
import { parentOfRun } from "../workflow/parent.ts";
import { Agenda } from "./agenda.ts";
import type { Stage } from "./stage.ts";
import { TestedBus } from "./tested-bus.ts";
import { TestedCalls } from "./tested-calls.ts";
import { TestedChildren } from "./tested-children.ts";
import { TestedLocks } from "./tested-locks.ts";
import { TestedRequests } from "./tested-requests.ts";
import { TestedRun } from "./tested-run.ts";

/** Deliveries without time passing: more than this many are a circle. */
const MAX_DELIVERIES = 1_000_000;

export interface RunLimits {
  /** Without time passing. A run that starts over at once, for ever, comes here before it has used up the memory. */
  atOnce: number;
  /** In one test. */
  inAll: number;
}
/** `inAll`: more than a month of a schedule that fires each minute. */
const runLimits: RunLimits = { atOnce: 10_000, inAll: 50_000 };

type Continuation = Extract<Effect, { kind: "continue_as" }>;

export interface WorldOptions {
  workflow: Workflow;
  /** The workflow's name, as runs see it. */
  name: string;
  /** When the test begins, ms since the epoch. */
  now: number;
  seed: string;
  sha256Hex: Sha256Hex;
  /** Throws every run's memory away after each suspension. */
  replayEveryTime: boolean;
  limits?: RunLimits;
}

export type TestedDeployment = Extract<Effect, { kind: "record_deployment" }>;

export class World {
  readonly runs: TestedRun[] = [];
  readonly approvals = new Map<ApprovalId, { approval: Approval; run: TestedRun }>();
  readonly forms = new Map<string, { form: Form; run: TestedRun }>();
  readonly deployments: TestedDeployment[] = [];
  now: number;
  readonly #options: WorldOptions;
  readonly #agenda = new Agenda();
  readonly #messages: (() => void)[] = [];
  readonly bus: TestedBus;
  readonly calls: TestedCalls;
  readonly children: TestedChildren;
  readonly #locks = new TestedLocks<TestedRun>((run, command) =>
    this.#tell(run, { type: "lock_granted", command }),
  );
  #problem: ErrorData | undefined;
  /** How many runs have begun since time last passed, and when that was. */
  #begun = { at: 0, count: 0 };
  #draws = 0;
  #sent = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.now = options.now;
    const { workflow, name, sha256Hex } = options;
    const { triggers, digest } = workflow;
    const { runs } = this;
    const stage = this.#stage();
    this.bus = new TestedBus(stage, {
      triggers,
      workflow: name,
      digest,
      sha256Hex,
      runs,
      begin: (start) => this.#begin(start),
    });
    this.calls = new TestedCalls(stage, {
      emitEvent: (event, by) => stage.soon(() => this.bus.arrive(event, by)),
      requests: new TestedRequests(stage, this.bus, runs),
    });
    this.children = new TestedChildren(
      stage,
      { bus: this.bus, runs, sha256Hex },
      { workflow: name, triggers },
    );
  }

  #stage(): Stage {
    const now = () => this.now;
    return {
      get now() {
        return now();
      },
      soon: (happen) => this.#messages.push(happen),
      at: (time, happen, isAwaited) => this.#agenda.add(time, happen, isAwaited),
      feed: (run, input) => this.#feed(run, input),
      fail: (code, message) => this.#fail(code, message),
    };
  }

  /** Why the test cannot go on, once: a call that no rule answers, say. */
  takeProblem(): ErrorData | undefined {
    const problem = this.#problem;
    this.#problem = undefined;
    return problem;
  }

  /** What is held now. */
  pendingApprovals(): Approval[] {
    return [...this.approvals.values()]
      .map(({ approval }) => approval)
      .filter(({ state }) => state === "pending");
  }

  /** Sends an event from outside, and lets everything happen that takes no time. Returns the runs it started. */
  send(event: Partial<CloudEvent> & { type: string }, by: string): TestedRun[] {
    const before = this.runs.length;
    this.bus.arrive(this.#completed(event), by);
    this.#settleNow();
    return this.runs.slice(before);
  }

  /** What a handler that is started by hand gets for this input. Refuses `invalid_input`, as `on_start` asks for. */
  startInput(handler: string, input: JsonValue): Result<JsonValue> {
    return checkStartInput(this.#options.name, this.#startTrigger(handler)?.inputs, input);
  }

  #startTrigger(handler: string): Trigger | undefined {
    return this.#options.workflow.triggers.find(
      (trigger) => trigger.handler === handler && trigger.type === WORKFLOW_START,
    );
  }

  /**
   * Starts a run with an event that no trigger is asked about; one that is started by name has the time limit that
   * `on_start` gives it.
   */
  start(
    handler: string,
    event: Partial<CloudEvent> & { type: string },
    { by, isByName }: { by: string; isByName: boolean },
  ): TestedRun {
    const complete = this.#completed(event);
    const { name: workflow, sha256Hex } = this.#options;
    const timeoutMs = isByName ? this.#startTrigger(handler)?.timeoutMs : undefined;
    const trigger: Trigger = {
      id: `${workflow}/${handler}`,
      type: event.type,
      handler,
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    const id = runIdFor(trigger.id, complete, sha256Hex);
    const run = this.bus.beginWith(complete, by, { run: id, workflow, trigger });
    this.#settleNow();
    return run;
  }

  /** Lets time pass. */
  advanceTo(at: number): void {
    for (let next = this.#agenda.next(at); next && !this.#problem; next = this.#agenda.next(at)) {
      this.now = Math.max(this.now, next.at);
      next.happen();
      this.#settleNow();
    }
    if (!this.#problem) this.now = Math.max(this.now, at);
  }

  /** Lets time pass until the next thing has happened. Whether there was one. */
  advanceToNext(): boolean {
    const at = this.#agenda.nextAt;
    if (at === undefined) return false;
    this.advanceTo(at);
    return true;
  }

  /** Lets time pass until nothing will happen by itself, at most until `at`. Whether it came to that. */
  settle(at: number): boolean {
    while (this.#agenda.isAwaited && !this.#problem) {
      if ((this.#agenda.nextAt ?? 0) > at) return false;
      this.advanceToNext();
    }
    return true;
  }

  /** Approves or denies a call that is held. Returns why not. */
  resolve(id: ApprovalId, decision: "approve" | "deny", by: string, comment: string): ErrorData | undefined {
    const held = this.approvals.get(id);
    if (!held) return { code: "approval_not_found", message: `there is no approval ${id}` };
    return this.#tellNow(held.run, { type: "approval_resolved", approval: id, decision, by, comment });
  }

  /** Fills in a form. Returns why not. */
  fill(id: string, values: FormValues, by: string): ErrorData | undefined {
    const asked = this.forms.get(id);
    if (!asked) return { code: "unknown_form", message: `there is no form ${id}` };
    const command = asked.form.command as CommandId;
    return this.#tellNow(asked.run, { type: "form_filled", command, values, by });
  }

  /** Sends a signal to a run. Returns why not. */
  signal(run: TestedRun, name: string, data: JsonValue, by: string): ErrorData | undefined {
    this.#sent += 1;
    return this.#tellNow(run, { type: "signal", id: `test-${this.#sent}`, name, data, by });
  }

  /** Cancels a run. Returns why not. */
  cancel(run: TestedRun, how: { by: string; reason: string; terminate: boolean }): ErrorData | undefined {
    return this.#tellNow(run, { type: "cancel", ...how });
  }

  #completed(event: Partial<CloudEvent> & { type: string }): CloudEvent {
    this.#sent += 1;
    return {
      specversion: "1.0",
      id: `test-${this.#sent}`,
      source: "https://example.com/test",
      time: new Date(this.now).toISOString(),
      ...event,
    } as CloudEvent;
  }

  // ------------------------------------------------------------ the runs

  #begin(start: RunStart): TestedRun {
    const { workflow, sha256Hex, replayEveryTime } = this.#options;
    const run = new TestedRun(start, loadRun(workflow, { start, records: [], sha256Hex, replayEveryTime }));
    const parent = parentOfRun(start);
    run.parent = parent && this.runs.find(({ start: { id } }) => id === parent.run);
    this.runs.push(run);
    if (this.#isWithinLimits()) this.#tell(run, { type: "start" });
    return run;
  }

  /** Counts one more. */
  #isWithinLimits(): boolean {
    const { atOnce, inAll } = this.#options.limits ?? runLimits;
    const { at, count } = this.#begun;
    this.#begun = { at: this.now, count: at === this.now ? count + 1 : 1 };
    if (this.#begun.count > atOnce) {
      const what = `more than ${atOnce} runs begin without time passing`;
      this.#fail("EndlessRun", `${what}: does one start over at once, for ever?`);
    } else if (this.runs.length > inAll) {
      this.#fail("TooManyRuns", `the test comes to more than ${inAll} runs: let less time pass in one test`);
    } else return true;
    return false;
  }

  /** The run that goes on in the place of this one. */
  #continue({ start, consumed }: TestedRun, { run: id, event, lineage, signals }: Continuation): void {
    const continues = { run: start.id, how: "continued" } as const;
    const successor = this.#begin({ ...start, id, event, lineage, signals, continues });
    for (const seq of consumed) successor.consumed.add(seq);
  }

  #tell(run: TestedRun, input: RunInput): void {
    this.#messages.push(() => this.#feed(run, input));
  }

  #tellNow(run: TestedRun, input: RunInput): ErrorData | undefined {
    const refused = this.#feed(run, input);
    this.#settleNow();
    return refused;
  }

  #settleNow(): void {
    for (let deliveries = 0; !this.#problem; deliveries++) {
      const message = this.#messages.shift();
      if (message) message();
      else {
        const due = this.#agenda.next(this.now);
        if (!due) return;
        due.happen();
      }
      if (deliveries >= MAX_DELIVERIES) {
        this.#fail("EndlessRun", "the runs go on without time passing: is there a loop that never sleeps?");
      }
    }
  }

  #feed(run: TestedRun, input: RunInput): ErrorData | undefined {
    const changes = run.machine.handle(input, { now: this.now, entropy: () => this.#entropy() });
    if (changes.refused) return changes.refused;
    this.#commit(run, changes);
    return undefined;
  }

  #entropy(): Uint8Array {
    this.#draws += 1;
    const hex = this.#options.sha256Hex(`${this.#options.seed}/${this.#draws}`);
    return Uint8Array.from({ length: 16 }, (_, n) => Number.parseInt(hex.slice(2 * n, 2 * n + 2), 16));
  }

  #commit(run: TestedRun, changes: Changes): void {
    run.journal.push(...changes.records);
    run.log.push(...changes.log);
    for (const [id, timer] of changes.timers) {
      run.forgetTimer(id);
      if (!timer) continue;
      const drop = this.#agenda.add(timer.dueAt, () => {
        run.timers.delete(id);
        this.#tell(run, { type: "timer", id });
      });
      run.timers.set(id, drop);
    }
    for (const effect of changes.effects) this.#perform(run, effect);
    if (!changes.finished) return;
    for (const id of [...run.timers.keys()]) run.forgetTimer(id);
    const { successor } = changes.finished;
    this.#messages.push(() => this.bus.forget(run, successor));
  }

  /** What the environment tells of a deployment, in the name of who caused it. */
  #deployed(
    { start }: TestedRun,
    { kind: _, command, environment, ...deployment }: TestedDeployment,
  ): CloudEvent {
    return environmentEvent({
      workspace: start.workspace,
      environment,
      what: "deployed",
      key: `${start.id}/${command}`,
      data: boundedDeployment({ run: start.id, ...deployment }),
      now: this.now,
      attributes: nextHops(start.event),
    });
  }

  #perform(run: TestedRun, effect: Effect): void {
    switch (effect.kind) {
      case "decide":
        this.#messages.push(() => this.calls.decide(run, effect));
        break;
      case "call_builtin":
        this.#messages.push(() => this.calls.callBuiltin(run, effect));
        break;
      case "enqueue_job":
        this.#messages.push(() => this.calls.runJob(run, effect.job));
        break;
      case "cancel_job":
        this.calls.cancelJob(effect.job);
        break;
      case "register_wait":
        this.bus.wait(run, effect);
        break;
      case "cancel_wait":
        run.waits.delete(effect.command);
        break;
      case "emit":
        this.#messages.push(() => this.bus.arrive(effect.event, run.start.initiator));
        break;
      case "put_approval":
        this.approvals.set(effect.approval.id as ApprovalId, { approval: effect.approval, run });
        break;
      case "record_deployment":
        this.deployments.push(effect);
        this.#messages.push(() => this.bus.arrive(this.#deployed(run, effect), effect.by));
        break;
      case "continue_as":
        this.#messages.push(() => this.#continue(run, effect));
        break;
      case "put_form":
        this.forms.set(effect.form.id, { form: effect.form, run });
        break;
      case "acquire_lock":
        this.#locks.acquire(effect.key, run, effect.command, effect.limit);
        break;
      case "release_lock":
        this.#locks.release(effect.key, run, effect.command);
        break;
      case "start_child":
        this.#messages.push(() => this.children.start(run, effect));
        break;
      case "close_child":
        this.#messages.push(() => this.children.close(run, effect));
        break;
      case "tell_parent":
        this.#messages.push(() => this.children.tell(effect));
        break;
    }
  }

  #fail(code: string, message: string): void {
    this.#problem ??= { code, message };
  }
}
