// Everything around the runs of one test, in virtual time: the event bus, policy, runners, approvers. The runs are
// those of the real engine.
//
// 1. What one actor tells another is a message in one queue; `#settleNow` delivers until there is none. So between two
//    calls of a test, nothing is under way that takes no time.
// 2. Time passes only in `advanceTo`, from one item of the agenda to the next.
// 3. Nothing depends on chance: ids and random numbers follow from the seed.
import type { LocalBuiltin } from "../builtins/builtin.ts";
import { emit } from "../builtins/emit.ts";
import { log } from "../builtins/log.ts";
import { FilteredEvent } from "../events/expression.ts";
import { hopsOf, MAX_HOPS } from "../events/hops.ts";
import { Matching } from "../events/matching.ts";
import { runIdFor } from "../events/run-id.ts";
import { SCHEDULE_FIRED, scheduleEvent } from "../events/schedule-event.ts";
import { nextTime } from "../events/timetable.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { Form, FormValues } from "../protocol/form.ts";
import { BUILTIN_SCHEME } from "../protocol/function-reference.ts";
import type { ApprovalId, CommandId, JobId } from "../protocol/ids.ts";
import type { JobOutcome } from "../protocol/job.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Approval, Decision } from "../protocol/policy.ts";
import { type ErrorData, ok, type Result } from "../protocol/result.ts";
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
import { Agenda } from "./agenda.ts";
import { type Call, CallRules } from "./call-rules.ts";
import { TestedLocks } from "./tested-locks.ts";
import { type EventWait, TestedRun } from "./tested-run.ts";

const localBuiltins: ReadonlyMap<string, LocalBuiltin> = new Map([
  ["emit", emit],
  ["log", log],
]);

const TEST_BUNDLE = "sluice test";
const RUNNER_LOST: JobOutcome = {
  error: { code: "RunnerLost", message: "the runner stopped reporting" },
};
/** Deliveries without time passing: more than this many are a circle. */
const MAX_DELIVERIES = 1_000_000;
/** Runs of one test. A run that starts over at once, for ever, comes here before it has used up the memory. */
const MAX_RUNS = 10_000;

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
}

type JobRequest = Extract<Effect, { kind: "enqueue_job" }>["job"];
export type TestedDeployment = Extract<Effect, { kind: "record_deployment" }>;

export class World {
  readonly rules = new CallRules();
  readonly runs: TestedRun[] = [];
  /** What arrived at the bus; an event's `seq` is its place, from 1. */
  readonly events: CloudEvent[] = [];
  readonly approvals = new Map<ApprovalId, { approval: Approval; run: TestedRun }>();
  readonly forms = new Map<string, { form: Form; run: TestedRun }>();
  readonly deployments: TestedDeployment[] = [];
  now: number;
  readonly #options: WorldOptions;
  readonly #agenda = new Agenda();
  readonly #messages: (() => void)[] = [];
  /** Source and id of every event: the same one, sent again, changes nothing. */
  readonly #known = new Set<string>();
  readonly #matching = new Matching();
  readonly #jobs = new Map<JobId, () => void>();
  readonly #locks = new TestedLocks<TestedRun>((run, command) =>
    this.#tell(run, { type: "lock_granted", command }),
  );
  #problem: ErrorData | undefined;
  #draws = 0;
  #sent = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.now = options.now;
    for (const trigger of options.workflow.triggers) this.#planNextFiring(trigger);
  }

  /** Why the test cannot go on, once: a call that no rule answers, say. */
  takeProblem(): ErrorData | undefined {
    const problem = this.#problem;
    this.#problem = undefined;
    return problem;
  }

  /** Sends an event from outside, and lets everything happen that takes no time. Returns the runs it started. */
  send(event: Partial<CloudEvent> & { type: string }, by: string): TestedRun[] {
    const before = this.runs.length;
    this.#arrive(this.#completed(event), by);
    this.#settleNow();
    return this.runs.slice(before);
  }

  /** What a handler that is started by hand gets for this input. Refuses `invalid_input`, as `on_start` asks for. */
  startInput(handler: string, input: JsonValue): Result<JsonValue> {
    const { workflow, name } = this.#options;
    const declared = workflow.triggers.find((trigger) => trigger.handler === handler && trigger.inputs);
    return checkStartInput(name, declared?.inputs, input);
  }

  /** Starts a run with an event that no trigger is asked about. */
  start(handler: string, event: Partial<CloudEvent> & { type: string }, by: string): TestedRun {
    const complete = this.#completed(event);
    this.events.push(complete);
    const trigger = { id: `${this.#options.name}/${handler}`, type: event.type, handler };
    const run = this.#startRun(trigger, complete, by);
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

  // ------------------------------------------------------------ the bus

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

  #arrive(event: CloudEvent, by: string): void {
    const identity = JSON.stringify([event.source, event.id]);
    if (this.#known.has(identity)) return;
    this.#known.add(identity);
    this.events.push(event);
    const filtered = new FilteredEvent(event);
    for (const run of this.runs) {
      for (const wait of run.waits.values()) if (this.#offer(run, wait, filtered, this.events.length)) break;
    }
    if (hopsOf(event) > MAX_HOPS) return;
    for (const trigger of this.#options.workflow.triggers) {
      if (trigger.schedule && event.subject !== trigger.id) continue;
      const { matches, failed } = this.#matching.decide(trigger, filtered);
      if (matches) this.#startRun(trigger, event, by);
      else if (failed !== undefined) {
        this.#fail(
          "FilterFailed",
          `the filter of trigger ${trigger.id} fails on the event ${event.type}: ${failed}`,
        );
      }
    }
  }

  #startRun(trigger: Trigger, event: CloudEvent, by: string): TestedRun {
    const { workflow, name, sha256Hex } = this.#options;
    const start: RunStart = {
      id: runIdFor(trigger.id, event, sha256Hex),
      workspace: "default",
      workflow: name,
      program: { digest: workflow.digest },
      trigger,
      event,
      eventSeq: this.events.indexOf(event) + 1,
      initiator: by,
    };
    return this.#begin(start);
  }

  #begin(start: RunStart): TestedRun {
    const { workflow, sha256Hex, replayEveryTime } = this.#options;
    const run = new TestedRun(start, loadRun(workflow, { start, records: [], sha256Hex, replayEveryTime }));
    for (const seq of start.consumed ?? []) run.consumed.add(seq);
    this.runs.push(run);
    if (this.runs.length < MAX_RUNS) this.#tell(run, { type: "start" });
    else
      this.#fail(
        "EndlessRun",
        `the test has come to ${MAX_RUNS} runs: does one start over at once, for ever?`,
      );
    return run;
  }

  /** The run that goes on in the place of this one. */
  #continue({ start }: TestedRun, { run: id, event, consumed, signals }: Continuation): void {
    this.#begin({ ...start, id, event, consumed, signals, continues: { run: start.id, how: "continued" } });
  }

  /** Gives an event to a wait that wants it. Whether it took it. */
  #offer(run: TestedRun, wait: EventWait, filtered: FilteredEvent, seq: number): boolean {
    if (run.consumed.has(seq)) return false;
    if (wait.afterSeq !== "now" && seq <= wait.afterSeq) return false;
    if (!this.#matching.decide(wait, filtered).matches) return false;
    run.waits.delete(wait.command);
    run.consumed.add(seq);
    const { event } = filtered;
    this.#messages.push(() => {
      const refused = this.#feed(run, { type: "event", command: wait.command, event, seq });
      if (refused) run.consumed.delete(seq);
    });
    return true;
  }

  #wait(run: TestedRun, wait: EventWait): void {
    run.waits.set(wait.command, wait);
    if (wait.afterSeq === "now") return;
    for (const [index, event] of this.events.entries()) {
      if (this.#offer(run, wait, new FilteredEvent(event), index + 1)) return;
    }
  }

  #planNextFiring(trigger: Trigger): void {
    const { schedule } = trigger;
    const time = schedule && nextTime(schedule, this.now);
    if (!schedule || time === undefined) return;
    this.#agenda.add(
      time,
      () => {
        const event = scheduleEvent("default", schedule, { schedule: trigger.id, time, firedAt: this.now });
        this.#messages.push(() => this.#arrive(event, SCHEDULE_FIRED));
        this.#planNextFiring(trigger);
      },
      false,
    );
  }

  // ------------------------------------------------------------ the runs

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
    for (const id of changes.timers.drop) run.forgetTimer(id);
    for (const { id, dueAt } of changes.timers.set) {
      run.forgetTimer(id);
      const drop = this.#agenda.add(dueAt, () => {
        run.timers.delete(id);
        this.#tell(run, { type: "timer", id });
      });
      run.timers.set(id, drop);
    }
    for (const effect of changes.effects) this.#perform(run, effect);
    if (!changes.finished) return;
    for (const id of [...run.timers.keys()]) run.forgetTimer(id);
    run.waits.clear();
  }

  #perform(run: TestedRun, effect: Effect): void {
    switch (effect.kind) {
      case "decide":
        this.#messages.push(() => this.#decide(run, effect));
        break;
      case "call_builtin":
        this.#messages.push(() => this.#callBuiltin(run, effect));
        break;
      case "enqueue_job":
        this.#messages.push(() => this.#runJob(run, effect.job));
        break;
      case "cancel_job":
        this.#jobs.get(effect.job)?.();
        this.#jobs.delete(effect.job);
        break;
      case "register_wait":
        this.#wait(run, effect);
        break;
      case "cancel_wait":
        run.waits.delete(effect.command);
        break;
      case "emit":
        this.#messages.push(() => this.#arrive(effect.event, run.start.initiator));
        break;
      case "put_approval":
        this.approvals.set(effect.approval.id as ApprovalId, { approval: effect.approval, run });
        break;
      case "record_deployment":
        this.deployments.push(effect);
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
      default:
        this.#fail(
          "NotInTests",
          `sluice test cannot do yet what a run asks for: ${(effect as { kind: string }).kind}`,
        );
    }
  }

  // ------------------------------------------------------------ policy and runners

  #decide(run: TestedRun, effect: Extract<Effect, { kind: "decide" }>): void {
    const { command, round, reference, inputs, environment, approvals } = effect;
    const call: Call = { reference, inputs, environment };
    const rule = this.rules.find(call);
    const isApproved = approvals.at(-1)?.decision === "approve";
    const decision: Decision = { verdict: "execute", reasons: [], bundle: TEST_BUNDLE };
    if (rule && rule.rejects.length > 0)
      Object.assign(decision, { verdict: "reject", reasons: [...rule.rejects] });
    else if (rule && rule.holds.length > 0 && !isApproved)
      Object.assign(decision, { verdict: "hold", reasons: [...rule.holds] });
    const value = {
      decision,
      environment: environment ?? rule?.environment ?? null,
      trustScore: 1,
      input: {},
    };
    this.#feed(run, { type: "policy_decided", command, round, result: ok(value) });
  }

  #callBuiltin(run: TestedRun, effect: Extract<Effect, { kind: "call_builtin" }>): void {
    const { command, attempt, name, inputs } = effect;
    const reference = BUILTIN_SCHEME + name;
    const finish = (outcome: JobOutcome) =>
      this.#tell(run, { type: "builtin_finished", command, attempt, outcome });
    const local = localBuiltins.get(name);
    if (!local || this.rules.find({ reference, inputs, environment: undefined })) {
      this.#answer({ reference, inputs, environment: undefined }, (outcome, takesMs) => {
        this.#agenda.add(this.now + takesMs, () => finish(outcome === "lost" ? RUNNER_LOST : outcome));
      });
      return;
    }
    const { workspace, workflow, event } = run.start;
    const call = { run: run.start.id, workspace, workflow, command, attempt, inputs, cause: event };
    const done = local.perform({ ...call, now: this.now });
    for (const text of done.log ?? []) run.log.push({ at: this.now, text });
    for (const emitted of done.events ?? []) {
      this.#messages.push(() => this.#arrive(emitted, run.start.initiator));
    }
    finish(done.outcome);
  }

  #runJob(run: TestedRun, job: JobRequest): void {
    const { command, attempt, reference, inputs, timeoutMs } = job;
    this.#answer({ reference, inputs, environment: job.environment }, (outcome, takesMs) => {
      this.#feed(run, { type: "job_taken", command, attempt, runner: "test" });
      const finish = (ending: JobOutcome, cause: "completed" | "lost") =>
        this.#tell(run, { type: "job_finished", command, attempt, outcome: ending, cause });
      const happen = () => {
        this.#jobs.delete(job.id);
        if (takesMs > timeoutMs) finish(timedOut(timeoutMs), "completed");
        else if (outcome === "lost") finish(RUNNER_LOST, "lost");
        else finish(outcome, "completed");
      };
      this.#jobs.set(job.id, this.#agenda.add(this.now + Math.min(takesMs, timeoutMs), happen));
    });
  }

  /** Lets the rules answer a call; one that none answers ends the test. */
  #answer(call: Call, then: (outcome: JobOutcome | "lost", takesMs: number) => void): void {
    const rule = this.rules.find(call);
    if (!rule) {
      const known = this.rules.references;
      const rules = known.length === 0 ? "there are no rules" : `the rules are for ${known.join(", ")}`;
      this.#fail(
        "UnexpectedCall",
        `a run calls ${call.reference} with ${JSON.stringify(call.inputs)}, which no t.on_run answers (${rules})`,
      );
      return;
    }
    rule.answered.push(call.inputs);
    then(rule.outcome(call.inputs), rule.takesMs);
  }

  #fail(code: string, message: string): void {
    this.#problem ??= { code, message };
  }
}

function timedOut(timeoutMs: number): JobOutcome {
  return { error: { code: "Timeout", message: `the function did not end within ${timeoutMs / 1000} s` } };
}
