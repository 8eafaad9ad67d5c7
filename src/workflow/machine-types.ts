// The contract between a run's engine and its host (the WorkflowRun actor, the offline tester, `sluice replay`).
//
// 1. The host feeds inputs one at a time: `handle(input, moment)` decides, and returns what to commit.
// 2. The host commits one `Changes` in one transaction (records, timers, the messages behind its effects, log
//    lines) before it feeds the next input. Effects that are `isInProcess` are performed after the commit, and their
//    results are fed back as inputs.
// 3. A machine that lost power is loaded again from the records that were committed. `pendingEffects()` then
//    names the in-process effects that have no result yet: the host performs them again.
// 4. Inputs may come late, twice, or in another order: an input that no longer means anything yields
//    `nothingChanged`, or is `refused` where somebody waits for the answer.
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { Form, FormValues } from "../protocol/form.ts";
import type { ApprovalId, CommandId, FormId, JobId, RunId } from "../protocol/ids.ts";
import type { JobCause, JobOutcome } from "../protocol/job.ts";
import type { JournalRecord } from "../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import type { Approval, Decision } from "../protocol/policy.ts";
import type { ErrorData, Result } from "../protocol/result.ts";
import type { Activity, RunSummary } from "../protocol/run.ts";
import type { Lineage, PlaceAnswer } from "../protocol/start.ts";
import type { Trigger } from "../protocol/workflow.ts";
import type { RunSecrets } from "./secrets/run-secrets.ts";
import type { Signal } from "./signals.ts";

/** What a run begins with. `StartRun` of the actors fits. */
export interface RunStart {
  id: RunId;
  workspace: string;
  workflow: string;
  program: { digest: string };
  trigger: Trigger;
  event: CloudEvent;
  /** Arrival number of `event` in its bus: where the look-back of wait_for_event begins. */
  eventSeq: number;
  initiator: string;
  /** It happened somewhere else, and was brought here by somebody to be looked at. */
  imported?: { by: string; at: number };
  /** Arrival numbers of events that count as consumed. Only runs that earlier versions began have them here. */
  consumed?: number[];
  /** What those before it have consumed is kept in the bus under this, and counts as consumed. */
  lineage?: Lineage;
  /** The run that this one goes on from, and how. */
  continues?: { run: RunId; how: "continued" | "forked" };
  /** It was written down without its secrets: where one was is `•••`, in the event and in the journal. */
  masked?: true;
  /** Signals that the run which this one goes on from was sent and did not wait for. */
  signals?: Signal[];
  /** Nobody waits for it, whatever its event says: it is a fork of a run that another has started. */
  hasNoParent?: boolean;
}

/** The host's clock and source of chance, at the time of one input. */
export interface Moment {
  /** ms since the epoch. */
  now: number;
  /** 16 fresh random bytes at each call. */
  entropy(): Uint8Array;
}

/** What the host found out about a call that policy must decide. */
export interface PolicyAnswer {
  decision: Decision;
  /** The environment that governs the call, named by the script or matched by a target. */
  environment: string | null;
  trustScore: number;
  /** The document the policy saw. */
  input: JsonObject;
  /** Inputs that the function has been known to call sensitive; names that the call has no input for, too. */
  sensitive?: string[];
}

/** How a child ended, for its parent. */
export interface ChildOutcome {
  state: "succeeded" | "failed" | "cancelled";
  /** Its start waited, and was dropped or taken back. */
  neverBegan?: true;
  output?: JsonValue;
  error?: ErrorData;
  /** Places in `output` that are sensitive. */
  sensitive?: string[];
}

export type RunInput =
  /** The first input of a new run; later ones change nothing. */
  | { type: "start" }
  /** Nothing happened: go on after a load. */
  | { type: "resume" }
  /** The first input of a run whose journal begins with another's: what is open in it begins, here. */
  | { type: "begin_again" }
  /** A refusal (`ambiguous_environment`, `unknown_environment`, …) ends the command with that error. */
  | { type: "policy_decided"; command: CommandId; round: number; result: Result<PolicyAnswer> }
  /** Refused with `approval_not_found`, `self_approval`, `already_resolved`. */
  | {
      type: "approval_resolved";
      approval: ApprovalId;
      decision: "approve" | "deny";
      comment: string;
      by: string;
    }
  | { type: "job_taken"; command: CommandId; attempt: number; runner: string }
  /** The function's definition says so of these inputs: told by its runner before it begins. */
  | { type: "inputs_sensitive"; command: CommandId; attempt: number; inputs: string[] }
  | ({ type: "job_finished" } & JobEnding)
  | { type: "builtin_finished"; command: CommandId; attempt: number; outcome: JobOutcome }
  /** A timer that was set and is due. The host's clock decides; the machine does not look at `dueAt` again. */
  | { type: "timer"; id: string }
  /** Refused with `wait_over` when the wait no longer wants an event; the event stays unconsumed. */
  | { type: "event"; command: CommandId; event: CloudEvent; seq: number }
  /**
   * Refused with `unknown_form`, `not_assigned`, `invalid_form`, `form_closed`. The same answer again changes nothing.
   */
  | { type: "form_filled"; command: CommandId; values: FormValues; by: string }
  /** Refused with `not_wanted` when the command waits for the lock no more. */
  | { type: "lock_granted"; command: CommandId }
  /** An operator has taken the lock away from the run. */
  | { type: "lock_revoked"; command: CommandId; by: string; reason: string }
  /** What became of a `start_child`: nothing more to say, or why it was refused. */
  | { type: "child_started"; command: CommandId; refused?: ErrorData }
  | { type: "child_finished"; command: CommandId; outcome: ChildOutcome }
  /** Idempotent by `id`. Refused with `run_finished`, `too_many_signals`, `invalid_signal`. */
  | { type: "signal"; id: string; name: string; data: JsonValue; by: string }
  /**
   * Refused with `run_finished` where the run has ended by itself. A second one
   * changes nothing, unless it is the first to `terminate`. With `parent`, only the run that has started this one can ask
   * for it: from any other it changes nothing. `successor` is a run that begins in the place of this one.
   */
  | {
      type: "cancel";
      by: string;
      reason: string;
      terminate: boolean;
      parent?: RunId;
      successor?: RunId;
    }
  /**
   * By hand. Refused with `run_finished`, `run_not_started`, `already_paused`, `not_paused`, `command_not_open`,
   * `nothing_to_retry`, `invalid_outcome`, `payload_too_large`; done to many runs at once also with `waits_for_place` and
   * `waits_for_lock`.
   */
  | { type: "operate"; by: string; reason: string; operation: Operation; toMany?: boolean }
  /** The bus, about the place that the run waits for. It changes nothing where the run does not wait for one. */
  | { type: "place_answered"; answer: PlaceAnswer };

/** Whether the run asks for the input again when it goes on: then the answer holds that is true by then. */
export function isAskedAgain(input: RunInput): boolean {
  return input.type === "policy_decided";
}

/**
 * Whether a stuck run takes the input, and does not refuse it with `run_stuck`: its termination, and what is secret in it.
 * The host keeps what others tell it until the run goes on.
 */
export function isTakenWhileStuck(input: RunInput): boolean {
  return input.type === "inputs_sensitive" || (input.type === "cancel" && input.terminate);
}

export interface RunTimer {
  /** Unique in the run; setting it again moves it. */
  id: string;
  kind: "sleep" | "wait_timeout" | "retry" | "attempt_timeout" | "deadline" | "time_limit";
  /** ms since the epoch, time scale already applied (see `RunOptions.scaleDueAt`). */
  dueAt: number;
}

/** What an attempt's job came to. */
export interface JobEnding {
  command: CommandId;
  attempt: number;
  outcome: JobOutcome;
  cause: JobCause;
  resolved?: string;
  /** Places in the outputs that are sensitive. */
  sensitive?: string[];
  /** When it ended, in ms since the epoch by the router's clock: it may be told much later. Older routers do not say. */
  at?: number;
}

/** A job for the router, of a workspace that the router is told besides. */
export interface JobRequest {
  id: JobId;
  run: RunId;
  command: CommandId;
  attempt: number;
  reference: string;
  inputs: JsonObject;
  /** Places in `inputs` that the runner must keep out of its log. */
  sensitive?: string[];
  environment?: string;
  /** Bounds one attempt, milliseconds. */
  timeoutMs: number;
  /** How long it may wait for a runner, milliseconds. */
  queueTimeoutMs: number;
  tags: string[];
  /** Of the trigger: `placeOf` says what it is worth. 0 where it is left out. */
  priority?: number;
  idempotencyKey: string;
  traceparent?: string;
}

/** What has been said about a held call so far, in order, in the shape policy reads. */
export interface ApprovalGiven {
  decision: "approve" | "deny";
  by: string;
  comment: string;
  /** RFC 3339. */
  at: string;
}

export type Effect =
  /** In process: ask which environment governs the call, and policy; answer with `policy_decided`. */
  | {
      kind: "decide";
      command: CommandId;
      round: number;
      reference: string;
      inputs: JsonObject;
      environment?: string;
      approvals: ApprovalGiven[];
    }
  /** In process: perform `builtin://<name>`; answer with `builtin_finished`. */
  | { kind: "call_builtin"; command: CommandId; attempt: number; name: string; inputs: JsonObject }
  | { kind: "enqueue_job"; job: JobRequest }
  | { kind: "cancel_job"; job: JobId }
  | {
      kind: "register_wait";
      command: CommandId;
      type: string;
      filter?: string;
      match?: JsonObject;
      afterSeq: number | "now";
      /** A secret of the run stands in the filter or in the match: nobody is told of it. */
      isSensitive?: true;
    }
  | { kind: "cancel_wait"; command: CommandId }
  /** What the run has consumed, for those that go on from it. `after`: so is what those before that one have. */
  | { kind: "keep_consumed"; lineage: Lineage; seqs: number[]; after?: Lineage }
  /** The run has ended, and goes on as another: the same program on an event of its own. */
  | { kind: "continue_as"; run: RunId; event: CloudEvent; lineage: Lineage; signals: Signal[] }
  /** An event to the workspace's bus. Its id is the same however often it is sent. */
  | { kind: "emit"; event: CloudEvent }
  /** The approval as it now is: opened, approved, denied or withdrawn. */
  | { kind: "put_approval"; approval: Approval }
  /** The form as it now is: opened, filled in, expired or withdrawn. */
  | { kind: "put_form"; form: Form }
  /** A run of the workflow, by this event; answered with `child_started`, and at its end with `child_finished`. */
  | { kind: "start_child"; command: CommandId; workflow: string; event: CloudEvent }
  /** The run wants its child no more. One that is over already goes on being over. */
  | { kind: "close_child"; command: CommandId; run: RunId; terminate: boolean }
  /** To the run that has started this one: how it ended. */
  | { kind: "tell_parent"; parent: RunId; command: CommandId; outcome: ChildOutcome }
  /** A place among those that hold the lock, in the order of asking; answered with `lock_granted`. */
  | { kind: "acquire_lock"; key: string; command: CommandId; limit: number }
  /** The command holds the lock no more, and waits for it no more. */
  | { kind: "release_lock"; key: string; command: CommandId }
  /** A Function ended well in an environment, and its inputs said which revision of which app. */
  | {
      kind: "record_deployment";
      environment: string;
      command: CommandId;
      app: string;
      revision: string;
      function: string;
      by: string;
      at: number;
    }
  /** The function calls these inputs sensitive: other runs are to know before a runner takes their calls. */
  | { kind: "learn_sensitive"; reference: string; inputs: string[] };

/** Effects that the host performs itself and answers with an input. All others are messages. */
export type InProcessEffect = Extract<Effect, { kind: "decide" | "call_builtin" }>;

export function isInProcess(effect: Effect): effect is InProcessEffect {
  return effect.kind === "decide" || effect.kind === "call_builtin";
}

/** A line the script printed. */
export interface ScriptLine {
  at: number;
  /** Of the builtin that wrote it; absent for what the script prints. */
  command?: CommandId;
  text: string;
}

/** What one input led to. To be committed whole, in one transaction, or not at all. */
export interface Changes {
  /** To append, `seq` and `at` already given. */
  records: JournalRecord[];
  /** By id: as they are set from now on, null for those that are dropped. */
  timers: Map<string, RunTimer | null>;
  effects: Effect[];
  log: ScriptLine[];
  /** Set once, when the run ended. The host drops all timers and forgets the run in the bus. */
  finished?: {
    state: "succeeded" | "failed" | "cancelled";
    hasWaitedForEvents: boolean;
    /** The run that goes on in the place of this one. */
    successor?: RunId;
  };
  /** The input was turned down; nothing else is set. For the one who sent it. */
  refused?: ErrorData;
}

/** SHA-256 of the UTF-8 text, as 64 lower-case hexadecimal digits; synchronous, so that a decision is one turn. */
export type Sha256Hex = (text: string) => string;

export interface RunOptions {
  start: RunStart;
  sha256Hex: Sha256Hex;
  /** What is wrong with the filter of a wait, in a sentence; undefined when nothing is. Default: nothing ever is. */
  checkFilter?(filter: string): string | undefined;
  /** Throws the fibers away after every suspension, as an eviction would. Default false. */
  replayEveryTime?: boolean;
  /**
   * When a sleep, a retry or the timeout of a wait fires that is meant for `dueAt`. Default: at `dueAt`. Local
   * development makes time pass faster with it. Deadlines, timeouts of attempts and time limits of runs are never scaled.
   */
  scaleDueAt?(dueAt: number, now: number): number;
}

export interface RunMachineOptions extends RunOptions {
  /** All records committed so far, in order; empty for a new run. Read once, as the engine is made, and not kept. */
  records: Iterable<JournalRecord>;
}

/** What an open command waits on. */
export type Waiting =
  | { kind: "timer"; id: string }
  | { kind: "job"; id: JobId }
  | { kind: "event"; command: CommandId }
  | { kind: "signal"; name: string }
  | { kind: "form"; id: FormId }
  | { kind: "lock"; command: CommandId }
  | { kind: "child"; command: CommandId }
  | { kind: "approval"; id: ApprovalId }
  /** The run is paused, and it has not begun. */
  | { kind: "operator" }
  | { kind: "effect"; effect: InProcessEffect };

/** How a run ended, or why it cannot go on. */
export interface RunEnding {
  /** What the handler returned. */
  output?: JsonValue;
  error?: ErrorData;
  /** The error with its Starlark frames and source lines, as text. */
  traceback?: string;
}

/**
 * One run's engine. Made by `loadRun` of run-machine.ts. What it shows and tells is masked; its records and what it
 * performs are not.
 */
export interface RunMachine {
  /** Decides one input. Never throws for anything a script or an input can contain. */
  handle(input: RunInput, moment: Moment): Changes;
  /** In-process effects that have no result yet. To be performed (again) after a load. */
  pendingEffects(): InProcessEffect[];
  summary(): RunSummary;
  /** Its commands in the order they were called; of the numbers in `range`, `to` excluded and 0 the first. */
  activities(range?: { from: number; to: number }): Activity[];
  /** What the script has put out so far. */
  outputs(): JsonObject;
  /** A form this run opened, as it is now. */
  form(id: FormId): Form | undefined;
  /** Every approval this run ever opened, as it is now. */
  approval(id: ApprovalId): Approval | undefined;
  ending(): RunEnding;
  /** What is secret in the run, so that the host masks what it tells by itself. */
  readonly secrets: RunSecrets;
  /** Why the script can move no more, while it cannot. No record says so: it follows from program and journal. */
  readonly stuck: ErrorData | undefined;
  /** `seq` of the last record. */
  readonly lastSeq: number;
  /** Steps that the script has taken since the load: what its turns cost, where a clock stands still. */
  readonly spentSteps: number;
}

/** A machine that can be looked into; see waits-on.ts for the invariant. */
export interface InspectableRun extends RunMachine {
  /** What each open command waits on. */
  waitsOn(): Map<CommandId, Waiting[]>;
}
