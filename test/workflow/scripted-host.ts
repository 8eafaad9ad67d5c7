// A host for one run, with everything it promises and nothing else: durable storage that is written in one piece,
// senders that repeat what was not acknowledged, a power switch. Deterministic: the same script, policy and
// functions give the same journal.
import { createHash } from "node:crypto";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { Form, FormValues } from "../../src/protocol/form.ts";
import type { ApprovalId, CommandId, JobId, RunId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Approval, Verdict } from "../../src/protocol/policy.ts";
import type { ErrorData, Result } from "../../src/protocol/result.ts";
import {
  type Changes,
  type ChildOutcome,
  type Effect,
  type InProcessEffect,
  type InspectableRun,
  loadRun,
  loadWorkflow,
  type PolicyAnswer,
  type RunInput,
  type RunMachineOptions,
  type RunStart,
  type RunTimer,
  type Waiting,
  type Workflow,
  whatItWaitsOn,
} from "../../src/workflow/index.ts";

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

export const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

/** What workflows were loaded from. */
export const sourcesOf: WeakMap<Workflow, { entry: string; files: Record<string, string> }> = new WeakMap();

/** Loads one file, or several of which `main.star` is the entry. */
export function workflowOf(source: string | Record<string, string>): Workflow {
  const files = typeof source === "string" ? { "main.star": source } : source;
  const loaded = loadWorkflow({ entry: "main.star", files }, { name: "test", sha256Hex });
  if (!loaded.ok) throw new Error(loaded.error.message);
  sourcesOf.set(loaded.value, { entry: "main.star", files });
  return loaded.value;
}

/** A workflow whose handler is `body`, however indented, with `w`, `ev` and what `library` defines. */
export function handlerOf(body: string, library = ""): Workflow {
  const lines = body.replace(/^\n|\n\s*$/g, "").split("\n");
  const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  const text = lines.map((line) => `    ${line.slice(indent)}`).join("\n");
  return workflowOf(`${library}def handler(w, ev):\n${text}\n\non_event(type = "test", handler = handler)\n`);
}

type Call = Extract<Effect, { kind: "decide" }>;
type Hold = { verdict: Verdict; reasons?: string[]; environment?: string | null; sensitive?: string[] };
/** What becomes of a job: an outcome, its runner's death, or nothing until the test says so. */
type JobPlan = JobOutcome | "lost" | "never";

export interface Script {
  start?: Partial<RunStart>;
  event?: Partial<CloudEvent>;
  policy?: (call: Call) => Hold | Result<never>;
  functions?: (reference: string, inputs: JsonObject, attempt: number) => JobPlan;
  /** The inputs that a Function calls sensitive, as its runner tells before the work. */
  sensitiveInputs?: (reference: string) => string[];
  builtins?: (name: string, inputs: JsonObject) => JobOutcome | "never";
  /** The event that reaches a wait; undefined for none. */
  events?: (wait: Extract<Effect, { kind: "register_wait" }>) => Partial<CloudEvent> | undefined;
  /** What a wait for a signal is sent; undefined for nothing. */
  signals?: (name: string) => JsonValue | undefined;
  /** What is filled into a form; undefined for nothing, by somebody whom it is for. */
  fill?: (form: Form) => FormValues | undefined;
  /** How a child ends; "never", or refused at its start. Default: it succeeds with its input. */
  child?: (event: CloudEvent) => ChildOutcome | "never" | { refused: ErrorData };
  approve?: (approval: Approval) => "approve" | "deny" | "never";
  /** What somebody does by hand, one after the other, each once `outline` has the line `after`. */
  interventions?: { after: string; input: RunInput }[];
  replayEveryTime?: boolean;
  options?: Partial<RunMachineOptions>;
  /** Called around every write, with its number. True cuts the power there. */
  cut?: (write: number, when: "before" | "after") => boolean;
}

class PowerCut extends Error {}

const byHand: ReadonlySet<string> = new Set(["operator", "cancel_requested", "terminated", "lock_revoked"]);

/** Whoever asks for these hears what became of it; `resume` and its like say nothing. */
const asked: ReadonlySet<RunInput["type"]> = new Set([
  "start",
  "resume",
  "begin_again",
  "cancel",
  "operate",
  "approval_resolved",
  "form_filled",
  "signal",
]);

type JobState = "queued" | "finished" | "cancelled";

export class ScriptedHost {
  readonly start: RunStart;
  readonly script: Script;
  workflow: Workflow;
  now = 1_700_000_000_000;
  writes = 0;
  /** Every input that was sent, once. */
  readonly sent: RunInput[] = [];
  /** How often the machine was loaded. */
  loads = 0;

  // What is on disk, here and at the others that got a message.
  readonly records: JournalRecord[] = [];
  readonly timers = new Map<string, RunTimer>();
  readonly jobs = new Map<JobId, { job: Extract<Effect, { kind: "enqueue_job" }>["job"]; state: JobState }>();
  readonly waits = new Map<CommandId, Extract<Effect, { kind: "register_wait" }>>();
  readonly approvals = new Map<ApprovalId, Approval>();
  readonly forms = new Map<string, Form>();
  readonly children = new Map<
    string,
    Extract<Effect, { kind: "start_child" }> & { state: "called" | "started" | "over" }
  >();
  readonly closed: { run: RunId; terminate: boolean }[] = [];
  readonly told: Extract<Effect, { kind: "tell_parent" }>[] = [];
  readonly #claims = new Map<CommandId, { key: string; isHeld: boolean }>();
  readonly emitted = new Map<string, CloudEvent>();
  readonly learned: Extract<Effect, { kind: "learn_sensitive" }>[] = [];
  readonly deployments: Extract<Effect, { kind: "record_deployment" }>[] = [];
  readonly continuations: Extract<Effect, { kind: "continue_as" }>[] = [];
  /** What it has told the bus that it consumed. */
  readonly kept: Omit<Extract<Effect, { kind: "keep_consumed" }>, "kind">[] = [];
  readonly log: string[] = [];
  finished: string | undefined;
  /** What it was told while it was stuck, and has not taken. */
  readonly inbox: RunInput[] = [];

  // What is in memory.
  #machine: InspectableRun | undefined;
  #effects: InProcessEffect[] = [];

  constructor(workflow: Workflow, script: Script = {}) {
    this.workflow = workflow;
    this.script = script;
    const [trigger] = workflow.triggers;
    if (!trigger) throw new Error("no trigger");
    this.start = {
      id: `run_${"0".repeat(31)}1` as RunId,
      workspace: "default",
      workflow: "test",
      program: { digest: workflow.digest },
      trigger,
      event: {
        specversion: "1.0",
        id: "ev-1",
        source: "https://example.com/source",
        type: trigger.type,
        ...script.event,
      },
      eventSeq: 7,
      initiator: "ann",
      ...script.start,
    };
  }

  get machine(): InspectableRun {
    if (!this.#machine) this.load();
    if (!this.#machine) throw new Error("not loaded");
    return this.#machine;
  }

  load(): void {
    this.loads += 1;
    this.#machine = loadRun(this.workflow, {
      start: this.start,
      records: structuredClone(this.records),
      sha256Hex,
      replayEveryTime: this.script.replayEveryTime ?? false,
      ...this.script.options,
    });
    this.#effects = this.#machine.pendingEffects();
  }

  /** The memory is gone; the disk is not. */
  loseMemory(): void {
    this.#machine = undefined;
    this.#effects = [];
  }

  /** Feeds an input, and repeats it until it is acknowledged. */
  feed(input: RunInput): Changes {
    this.sent.push(input);
    for (;;) {
      try {
        for (let kept = this.#nextKept(); kept; kept = this.#nextKept()) {
          this.#feedOnce(kept);
          this.inbox.shift();
        }
        const changes = this.#feedOnce(input);
        if (changes.refused?.code === "run_stuck" && !asked.has(input.type)) this.inbox.push(input);
        this.checkInvariants();
        return changes;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        this.loseMemory();
      }
    }
  }

  /** What was kept comes first, once the run goes on. */
  #nextKept(): RunInput | undefined {
    return this.machine.stuck ? undefined : this.inbox[0];
  }

  #feedOnce(input: RunInput): Changes {
    // Entropy that depends on the journal only, so that an input decided again comes out the same.
    const machine = this.machine;
    let draws = 0;
    const entropy = () => {
      draws += 1;
      return Uint8Array.from(
        createHash("sha256").update(`${this.records.length}/${draws}`).digest().subarray(0, 16),
      );
    };
    const changes = machine.handle(structuredClone(input), { now: this.now, entropy });
    const isWrite = changes.records.length > 0;
    if (isWrite) {
      this.writes += 1;
      if (this.script.cut?.(this.writes, "before")) throw new PowerCut();
    }
    this.#commit(changes);
    if (isWrite && this.script.cut?.(this.writes, "after")) throw new PowerCut();
    return changes;
  }

  #commit(changes: Changes): void {
    this.records.push(...structuredClone(changes.records));
    for (const [id, timer] of changes.timers) {
      if (timer) this.timers.set(id, timer);
      else this.timers.delete(id);
    }
    for (const { text } of changes.log) this.log.push(text);
    for (const effect of changes.effects) this.#perform(structuredClone(effect));
    if (changes.finished) {
      this.finished = changes.finished.state;
      this.timers.clear();
      this.waits.clear();
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "decide":
      case "call_builtin":
        this.#effects.push(effect);
        break;
      case "enqueue_job":
        if (this.jobs.has(effect.job.id)) throw new Error(`job ${effect.job.id} enqueued twice`);
        this.jobs.set(effect.job.id, { job: effect.job, state: "queued" });
        break;
      case "cancel_job": {
        const job = this.jobs.get(effect.job);
        if (job?.state === "queued") job.state = "cancelled";
        break;
      }
      case "register_wait":
        this.waits.set(effect.command, effect);
        break;
      case "cancel_wait":
        this.waits.delete(effect.command);
        break;
      case "emit":
        if (this.emitted.has(effect.event.id)) throw new Error(`event ${effect.event.id} emitted twice`);
        this.emitted.set(effect.event.id, effect.event);
        break;
      case "start_child":
        if (this.children.has(effect.event.id)) throw new Error(`child ${effect.event.id} started twice`);
        this.children.set(effect.event.id, { ...effect, state: "called" });
        break;
      case "close_child":
        this.closed.push({ run: effect.run, terminate: effect.terminate });
        for (const child of this.children.values())
          if (child.command === effect.command) child.state = "over";
        break;
      case "tell_parent":
        this.told.push(effect);
        break;
      case "put_form":
        this.forms.set(effect.form.id, effect.form);
        break;
      case "acquire_lock":
        this.#claims.set(effect.command, { key: effect.key, isHeld: false });
        break;
      case "release_lock":
        this.#claims.delete(effect.command);
        break;
      case "put_approval":
        this.approvals.set(effect.approval.id as ApprovalId, effect.approval);
        break;
      case "continue_as":
        this.continuations.push(effect);
        break;
      case "keep_consumed": {
        const { kind: _, ...kept } = effect;
        this.kept.push(kept);
        break;
      }
      case "record_deployment":
        this.deployments.push(effect);
        break;
      case "learn_sensitive":
        this.learned.push(effect);
        break;
    }
  }

  /** Invariant 4, against what this host really has. */
  checkInvariants(): void {
    if (this.machine.stuck) return;
    for (const [command, waiting] of whatItWaitsOn(this.machine)) {
      for (const on of waiting) {
        if (!this.#exists(on))
          throw new Error(`${command} waits on ${JSON.stringify(on)}, which does not exist`);
      }
    }
  }

  #exists(on: Waiting): boolean {
    switch (on.kind) {
      case "operator":
        return this.machine.summary().paused !== undefined;
      case "timer":
        return this.timers.has(on.id);
      case "job":
        return this.jobs.get(on.id)?.state === "queued";
      case "event":
        return this.waits.has(on.command);
      case "signal":
        // Somebody may always send one.
        return true;
      case "child":
        return [...this.children.values()].some(
          ({ command, state }) => command === on.command && state !== "over",
        );
      case "form":
        return this.forms.get(on.id)?.state === "pending";
      case "lock":
        return this.#claims.has(on.command);
      case "approval":
        return this.approvals.get(on.id)?.state === "pending";
      case "effect":
        return this.#effects.some((effect) => keyOf(effect) === keyOf(on.effect));
    }
  }

  // ------------------------------------------------------------ what happens around the run

  /** Performs what can be performed: in-process effects first, then jobs, approvals, and at last time passes. */
  step(): boolean {
    if (this.#performEffect()) return true;
    for (const { job, state } of this.jobs.values()) {
      if (state !== "queued") continue;
      const plan = this.#planOf(job);
      if (plan === "never") continue;
      this.now += 1000;
      this.takeJob(job.id);
      this.now += 1000;
      this.finishJob(job.id, plan);
      return true;
    }
    for (const approval of this.approvals.values()) {
      if (approval.state !== "pending") continue;
      const decision = this.script.approve?.(approval) ?? "approve";
      if (decision === "never") continue;
      this.now += 60_000;
      this.resolve(approval.id as ApprovalId, decision);
      return true;
    }
    if (this.#intervene() || this.#grantNext() || this.#fillNext() || this.#moveChild()) return true;
    for (const wait of this.waits.values()) {
      const event = this.script.events?.(wait);
      if (!event) continue;
      this.now += 1000;
      this.send(wait.command, event);
      this.waits.delete(wait.command);
      return true;
    }
    if (this.finished !== undefined) return false;
    return this.#sendAwaitedSignal() || this.fireNextTimer();
  }

  /** Commands that hold a lock or wait for one, with its key. */
  get claims(): Map<CommandId, string> {
    return new Map([...this.#claims].map(([command, { key }]) => [command, key]));
  }

  /** Commands that hold a lock, with its key. */
  get held(): [CommandId, string][] {
    return [...this.#claims].filter(([, { isHeld }]) => isHeld).map(([command, { key }]) => [command, key]);
  }

  /** Every lock is for one at a time here, whatever limit it was asked with. */
  #grantNext(): boolean {
    for (const [command, claim] of this.#claims) {
      if (claim.isHeld || this.held.some(([, key]) => key === claim.key)) continue;
      claim.isHeld = true;
      this.now += 1000;
      this.grant(command);
      return true;
    }
    return false;
  }

  /** A lock whose grant is turned down is free again. */
  grant(command: CommandId): Changes {
    const changes = this.feed({ type: "lock_granted", command });
    if (changes.refused) this.#claims.delete(command);
    return changes;
  }

  /** What has been done by hand is in the journal: so a power cut does not make it happen twice, or never. */
  #intervene(): boolean {
    const done = this.records.filter((record) => record.type === "noted" && byHand.has(record.note)).length;
    const next = this.script.interventions?.[done];
    if (!next || !outline(this.records).includes(next.after)) return false;
    this.now += 1000;
    this.feed(next.input);
    return true;
  }

  #moveChild(): boolean {
    for (const child of this.children.values()) {
      if (child.state === "over") continue;
      const { command, event } = child;
      const plan = this.script.child?.(event) ?? { state: "succeeded", output: event.data ?? null };
      if (plan === "never" && child.state === "started") continue;
      this.now += 1000;
      if (plan !== "never" && "refused" in plan) {
        child.state = "over";
        this.feed({ type: "child_started", command, refused: plan.refused });
      } else if (child.state === "called") {
        child.state = "started";
        this.feed({ type: "child_started", command });
      } else if (plan !== "never") {
        child.state = "over";
        this.feed({ type: "child_finished", command, outcome: plan });
      }
      return true;
    }
    return false;
  }

  #fillNext(): boolean {
    for (const form of this.forms.values()) {
      const values = form.state === "pending" ? this.script.fill?.(form) : undefined;
      if (!values) continue;
      this.now += 60_000;
      this.fill(form, values);
      return true;
    }
    return false;
  }

  fill(form: Form, values: FormValues, by = form.assignees[0] ?? "fay"): Changes {
    return this.feed({ type: "form_filled", command: form.command as CommandId, values, by });
  }

  #sendAwaitedSignal(): boolean {
    for (const [command, waiting] of this.machine.waitsOn()) {
      const name = waiting.flatMap((on) => (on.kind === "signal" ? [on.name] : []))[0];
      const data = name === undefined ? undefined : this.script.signals?.(name);
      if (name === undefined || data === undefined) continue;
      this.now += 1000;
      this.signal(name, data, `for ${command}`);
      return true;
    }
    return false;
  }

  signal(name: string, data: JsonValue, id: string): Changes {
    return this.feed({ type: "signal", id, name, data, by: "sue" });
  }

  /** Begins the run and goes on as long as something can happen. */
  run(): this {
    this.feed({ type: "start" });
    return this.goOn();
  }

  goOn(): this {
    for (let steps = 0; this.step(); steps++) if (steps > 10_000) throw new Error("the run does not end");
    return this;
  }

  /** Lets in-process effects happen, but no jobs, approvals or time. */
  settle(): this {
    for (let steps = 0; this.#performEffect(); steps++)
      if (steps > 10_000) throw new Error("no end of effects");
    return this;
  }

  /**
   * Performs the first in-process effect that has a result, and feeds it back. In the order of their commands, as
   * after a load: which of two is quicker must not depend on whether the power was cut.
   */
  #performEffect(): boolean {
    // A host whose memory is gone loads the run first, and with it what is pending.
    if (!this.#machine) this.load();
    const pending = this.machine.pendingEffects().map(keyOf);
    const order = (effect: InProcessEffect) => pending.indexOf(keyOf(effect));
    for (const effect of [...this.#effects].sort((a, b) => order(a) - order(b))) {
      const result = this.#resultOf(effect);
      if (!result) continue;
      this.feed(result);
      this.#effects = this.#effects.filter((other) => keyOf(other) !== keyOf(effect));
      // What nobody waits for any more comes first and is no step: after a load it is not even known.
      if (order(effect) >= 0) return true;
    }
    return false;
  }

  takeJob(id: JobId): void {
    const entry = this.jobs.get(id);
    if (!entry) throw new Error(`no job ${id}`);
    const { command, attempt } = entry.job;
    this.feed({ type: "job_taken", command, attempt, runner: "runner-1" });
    const inputs = this.script.sensitiveInputs?.(entry.job.reference) ?? [];
    if (inputs.length > 0) this.feed({ type: "inputs_sensitive", command, attempt, inputs });
  }

  /** The router accepts an outcome once, and then tells the run until it is heard. */
  finishJob(id: JobId, plan: Exclude<JobPlan, "never">): void {
    const entry = this.jobs.get(id);
    if (entry?.state !== "queued") return;
    const { command, attempt } = entry.job;
    entry.state = "finished";
    const lost: JobOutcome = { error: { code: "RunnerLost", message: "the runner stopped reporting" } };
    this.feed(
      plan === "lost"
        ? { type: "job_finished", command, attempt, outcome: lost, cause: "lost" }
        : { type: "job_finished", command, attempt, outcome: plan, cause: "completed", resolved: "c0ffee" },
    );
  }

  resolve(approval: ApprovalId, decision: "approve" | "deny", by = "bob", comment = "seen"): Changes {
    return this.feed({ type: "approval_resolved", approval, decision, comment, by });
  }

  fireNextTimer(): boolean {
    const due = [...this.timers.values()].sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))[0];
    if (!due) return false;
    this.now = Math.max(this.now, due.dueAt);
    this.feed({ type: "timer", id: due.id });
    this.timers.delete(due.id);
    return true;
  }

  cancel(terminate = false): Changes {
    return this.feed({ type: "cancel", by: "carl", reason: "enough", terminate });
  }

  send(command: CommandId, event: Partial<CloudEvent>, seq = 100): Changes {
    const full = {
      specversion: "1.0",
      id: `e${seq}`,
      source: "https://example.com",
      type: "go",
      ...event,
    } as const;
    return this.feed({ type: "event", command, event: full, seq });
  }

  #planOf(job: { reference: string; inputs: JsonObject; attempt: number }): JobPlan {
    return this.script.functions?.(job.reference, job.inputs, job.attempt) ?? { ok: {} };
  }

  #resultOf(effect: InProcessEffect): RunInput | undefined {
    const { command } = effect;
    if (effect.kind === "decide") {
      return { type: "policy_decided", command, round: effect.round, result: this.#decide(effect) };
    }
    const outcome = this.script.builtins?.(effect.name, effect.inputs) ?? { ok: { name: effect.name } };
    if (outcome === "never") return undefined;
    return { type: "builtin_finished", command, attempt: effect.attempt, outcome };
  }

  #decide(call: Call): Result<PolicyAnswer> {
    const said = this.script.policy?.(call) ?? { verdict: "execute" };
    if ("ok" in said) return said;
    const { verdict, reasons = [`because: ${verdict}`], environment = null, sensitive = [] } = said;
    const decision = { verdict, reasons, bundle: "bundle-1" };
    return {
      ok: true,
      value: {
        decision,
        environment,
        trustScore: 0.5,
        input: { approvals: call.approvals.length },
        sensitive,
      },
    };
  }
}

function keyOf(effect: InProcessEffect): string {
  return `${effect.kind} ${effect.command} ${effect.kind === "decide" ? effect.round : effect.attempt}`;
}

/** The journal without what the clock says. */
export function timeless(records: readonly JournalRecord[]): unknown[] {
  return records.map(({ at: _at, ...record }) => record);
}

/** `<type> <command> <what>`, one line a record. */
export function outline(records: readonly JournalRecord[]): string[] {
  return records.map(lineOf);
}

function lineOf(record: JournalRecord): string {
  switch (record.type) {
    case "scheduled":
      return `${record.command} ${record.kind} ${record.name}`.trim();
    case "completed":
      return `${record.command} ${"ok" in record.outcome ? "ok" : record.outcome.error.code}`;
    case "noted":
      return `${record.command ?? "run"} : ${record.note}`;
  }
}
