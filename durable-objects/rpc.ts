// What actors say to each other and what routes may ask of them. Types only: every RPC surface is declared
// here, every class in this folder implements its interface, and stubs.ts hands out stubs of these types.
//
// Rules: arguments and answers are plain data (structured clone); refusals are `Result`s, never exceptions, an
// exception means "try again"; every message that changes something is idempotent by the key it names.
import type { HealthReport } from "../src/events/health-report.ts";
import type { CloudEvent, EventReceipt, EventStory, StoredEvent } from "../src/protocol/cloud-event.ts";
import type { Deployment, EnvironmentInput, EnvironmentView, Target } from "../src/protocol/environment.ts";
import type { Form, FormState, FormValues } from "../src/protocol/form.ts";
import type { HealthChange } from "../src/protocol/health.ts";
import type { HistoryHead } from "../src/protocol/history.ts";
import type { ApprovalId, CommandId, FormId, JobId, RunId } from "../src/protocol/ids.ts";
import type {
  Completion,
  Heartbeat,
  Job,
  JobOutcome,
  QueuedView,
  RunnerInfo,
  RunnerStatus,
} from "../src/protocol/job.ts";
import type { JournalRecord } from "../src/protocol/journal.ts";
import type { JsonObject, JsonValue } from "../src/protocol/json.ts";
import type { Stirred } from "../src/protocol/live.ts";
import type { LockView } from "../src/protocol/lock.ts";
import type { Operation } from "../src/protocol/operation.ts";
import type { ParkedMessage } from "../src/protocol/outbox.ts";
import type { Approval } from "../src/protocol/policy.ts";
import type { Result } from "../src/protocol/result.ts";
import type { Activity, LogLine, RunDetail, RunState, RunSummary } from "../src/protocol/run.ts";
import type { ScheduleView } from "../src/protocol/schedule.ts";
import type { StartView } from "../src/protocol/start.ts";
import type { Identity, Role, TokenView } from "../src/protocol/token.ts";
import type {
  CatalogFunction,
  ProgramSource,
  Trigger,
  TriggerStatus,
  WorkflowInput,
  WorkflowVersion,
  WorkflowView,
} from "../src/protocol/workflow.ts";
import type { ChildOutcome } from "../src/workflow/machine-types.ts";
import type { Signal } from "../src/workflow/signals.ts";

// ----------------------------------------------------------------- every actor

export interface OutboxRpc {
  /** Messages that wait for an operator, oldest first, at most 500. */
  parkedMessages(): Promise<Omit<ParkedMessage, "actor">[]>;
  /** Delivers all of them again; gives how many. */
  retryParked(request: { actor: string; by: Identity }): Promise<number>;
}

// ---------------------------------------------------------------- WorkflowRun

/** Everything a run needs to begin; its own copy of the program included. Key: the run id. */
export interface StartRun {
  id: RunId;
  workspace: string;
  workflow: string;
  program: ProgramSource;
  trigger: Trigger;
  event: CloudEvent;
  /** Arrival number of `event` in its bus: where the look-back of wait_for_event begins. */
  eventSeq: number;
  initiator: string;
  imported?: { by: string; at: number };
  /** When it was asked for, where that is known: what was asked for long ago may have been here, and be archived. */
  askedAt?: number;
  /** Arrival numbers of events that count as consumed: those of the run that this one goes on from. */
  consumed?: number[];
  continues?: { run: RunId; how: "continued" | "forked" };
  /** Nobody waits for it, whatever its event says: it is a fork of a run that another has started. */
  hasNoParent?: boolean;
  /** It was written down without its secrets, and cannot begin again. */
  masked?: true;
  /** Signals that the run which this one goes on from was sent and did not wait for. */
  signals?: Signal[];
}

/** A run to begin where another one was. */
export interface ForkRun {
  /** The new run's id: the same again is the same fork. */
  id: RunId;
  /** The first command that is repeated. */
  command: CommandId;
  /** What it executes; the same as the run's own where it is left out. */
  program?: ProgramSource;
  /** End the run that is forked, in favour of the new one. */
  restart: boolean;
  by: Identity;
  reason: string;
}

export interface WorkflowRunRpc extends OutboxRpc {
  /**
   * Idempotent by run id. Answered when what a run that is over at once tells others has arrived, or has an alarm: who
   * gets no answer has to ask again.
   */
  start(run: StartRun): Promise<void>;
  /** Run → run: begins with a journal that another has made. Idempotent by run id. */
  startForked(run: StartRun, records: JournalRecord[]): Promise<void>;
  /**
   * Answers with the new run. Refuses `unknown_command`, `already_cancelled`, `program_differs` with the difference in
   * `details`, `invalid_workflow`, `history_too_large`, `run_imported`, `run_masked`; for a restart also
   * `already_restarted` with the `run` that goes on in `details`, and `run_stuck`.
   */
  fork(request: ForkRun): Promise<Result<RunSummary>>;
  /** Bus → run. `accepted: false` when the wait is over (timed out, cancelled); the event stays unconsumed. */
  deliverEvent(delivery: {
    command: CommandId;
    event: CloudEvent;
    seq: number;
  }): Promise<{ accepted: boolean }>;
  /** Router → run, idempotent by (command, attempt). */
  jobTaken(job: { command: CommandId; attempt: number; runner: string; at: number }): Promise<void>;
  jobFinished(job: {
    command: CommandId;
    attempt: number;
    outcome: JobOutcome;
    /** `lost`: the lease ran out or nobody took it in time: the attempt failed, not the Function. */
    cause: "completed" | "lost" | "cancelled";
    resolved?: string;
    /** Places in the outputs that are sensitive. */
    sensitive?: string[];
  }): Promise<void>;
  /** Route → run, after the router confirmed the lease: the function calls these inputs sensitive. Idempotent. */
  inputsSensitive(told: { command: CommandId; attempt: number; inputs: string[] }): Promise<void>;
  /** Route → run, after the router confirmed the lease. `offset` is the byte offset in this attempt's log; a repeat changes nothing. */
  appendLog(chunk: { command: CommandId; attempt: number; offset: number; text: string }): Promise<void>;
  reportProgress(report: {
    command: CommandId;
    attempt: number;
    progress: { done: number; total?: number; message?: string };
  }): Promise<void>;
  /** The initiator is refused with `self_approval`; a decided approval with `already_resolved`. */
  resolveApproval(decision: {
    approval: ApprovalId;
    decision: "approve" | "deny";
    comment: string;
    by: Identity;
  }): Promise<Result<Approval>>;
  /** Idempotent. Refuses `run_finished` where the run has ended by itself, and `run_stuck` unless `terminate`. */
  cancel(request: { by: Identity; reason: string; terminate: boolean }): Promise<Result<RunSummary>>;
  /** Bus → run, of one whose place others wait for. */
  standing(): Promise<"unknown" | "on" | "over">;
  /** Directory → run: it was over long enough ago to go. From then on it looks by itself until it may. */
  retire(): Promise<void>;
  /** By hand. Refused with what `operate` of the engine refuses; recorded in journal and audit. */
  operate(request: { by: Identity; reason: string; operation: Operation }): Promise<Result<RunSummary>>;
  /** The first answer counts; the same again is answered as the first. Refuses what the engine's `form_filled` does. */
  fillForm(answer: { form: FormId; values: FormValues; by: Identity }): Promise<Result<Form>>;
  form(form: FormId): Promise<Result<Form>>;
  /** Child → parent, idempotent by command: the first ending counts. */
  childFinished(ending: { command: CommandId; outcome: ChildOutcome }): Promise<void>;
  /** Parent → child. Also before it has begun; nothing when it is over, or another run's child. */
  closeByParent(closing: { parent: RunId; terminate: boolean }): Promise<void>;
  /** Lock → run. `accepted: false` when the run wants the lock no more. */
  lockGranted(grant: { command: CommandId }): Promise<{ accepted: boolean }>;
  lockRevoked(loss: { command: CommandId; by: string; reason: string }): Promise<void>;
  /** Idempotent by `id`. Refuses `run_finished`, `too_many_signals`, `invalid_signal`. */
  signal(signal: { id: string; name: string; data: JsonValue; by: Identity }): Promise<Result<null>>;
  detail(): Promise<Result<RunDetail>>;
  /** In the order they were called, from number `after` + 1: at most `limit`, and what an answer holds. */
  activities(page: {
    after: number;
    limit: number;
  }): Promise<Result<{ activities: Activity[]; next?: number }>>;
  journal(page: {
    after: number;
    limit: number;
  }): Promise<Result<{ records: JournalRecord[]; next?: number }>>;
  log(page: { after: number; limit: number }): Promise<Result<{ lines: LogLine[]; next?: number }>>;
  source(): Promise<Result<ProgramSource>>;
  /** What the run began with: the first line of its history as a file. */
  historyHead(): Promise<Result<HistoryHead>>;
  /** Brings a run back whose storage was given up. Refuses `unknown_run` when it is not in the archive. Idempotent. */
  restore(run: { workspace: string; id: RunId }): Promise<Result<null>>;
  /** Keeps a run that was over somewhere else, to be looked at: a checked history. Refuses `run_exists`. */
  importHistory(history: {
    head: HistoryHead;
    records: JournalRecord[];
    by: Identity;
  }): Promise<Result<RunSummary>>;
}

// ----------------------------------------------------------------------- Lock

export interface LockRpc extends OutboxRpc {
  /** Run → lock. Idempotent by (run, command), also when it was released before. Answered with `lockGranted`. */
  acquire(claim: {
    key: string;
    run: RunId;
    command: CommandId;
    workflow: string;
    limit: number;
  }): Promise<void>;
  release(claim: { key: string; run: RunId; command: CommandId }): Promise<void>;
  /** By hand; the run goes on as if it held the lock, and is told. Refuses `lock_not_held`. */
  revoke(claim: { run: RunId; command: CommandId; by: Identity; reason: string }): Promise<Result<LockView>>;
  /** Refuses `unknown_lock` where nobody has ever asked for it. */
  view(): Promise<Result<LockView>>;
}

// ------------------------------------------------------------------- EventBus

/** Which events a page is of. `from` and `to` are times of arrival, ms since the epoch, `to` excluded. */
export interface EventFilter {
  before?: number;
  limit: number;
  type?: string;
  source?: string;
  subject?: string;
  /** Words that are somewhere in the event, attributes and data. */
  text?: string;
  from?: number;
  to?: number;
}

export interface EventBusRpc extends OutboxRpc {
  /** Stores, matches and queues deliveries in one transaction. Deduplicated by (source, id). Never partial. */
  ingest(events: CloudEvent[], initiator: string): Promise<EventReceipt[]>;
  /** Run → bus: the same, in one write with what other runs tell at the same time. */
  ingestFromRun(events: CloudEvent[], initiator: string): Promise<void>;
  /** Catalog → bus: the triggers of a workflow, wholesale. Older versions than the known one are ignored. */
  setTriggers(update: {
    workflow: string;
    version: number;
    program: ProgramSource | null;
    triggers: Trigger[];
  }): Promise<void>;
  /**
   * Run → bus. Idempotent by (run, command). Matches the first event after `afterSeq` that this run has not
   * consumed; events of deliveries still in flight count as consumed until the run turns them down.
   */
  registerWait(wait: {
    run: RunId;
    command: CommandId;
    type: string;
    filter?: string;
    match?: JsonObject;
    afterSeq: number | "now";
    isSensitive?: boolean;
  }): Promise<void>;
  /** Run → bus, before its first wait: what the run it goes on from has consumed, this run does not get either. */
  markConsumed(mark: { run: RunId; seqs: number[] }): Promise<void>;
  cancelWait(wait: { run: RunId; command: CommandId }): Promise<void>;
  /**
   * Run → bus: the run is over, forget its waits and deliveries, and give its place to the next; or to the run that
   * it continues as.
   */
  forgetRun(run: RunId, successor?: RunId): Promise<void>;
  /** Newest first. A page may be short, or empty, and still have a `next`: there is more to look through. */
  events(page: EventFilter): Promise<{ events: StoredEvent[]; next?: number }>;
  event(key: { source: string; id: string }): Promise<Result<StoredEvent>>;
  /** An event by its arrival number, with what has become of the starts it asked for. */
  eventStory(seq: number): Promise<Result<EventStory>>;
  triggers(): Promise<TriggerStatus[]>;
  /** Starts that wait; with `all`, also what has become of those that waited. Newest first. */
  queuedStarts(page: { all: boolean; before?: Position | undefined; limit: number }): Promise<StartView[]>;
  queuedStart(run: RunId): Promise<Result<StartView>>;
  /** Refuses `unknown_start`, and `start_not_waiting` once it has begun. */
  cancelStart(cancel: { run: RunId; by: Identity; reason: string }): Promise<Result<StartView>>;
  schedules(): Promise<ScheduleView[]>;
  schedule(id: string): Promise<Result<ScheduleView>>;
  pauseSchedule(pause: { id: string; by: Identity; reason: string }): Promise<Result<ScheduleView>>;
  resumeSchedule(resume: { id: string; by: Identity }): Promise<Result<ScheduleView>>;
  /** Fires by hand. Idempotent by `key`. */
  triggerSchedule(trigger: { id: string; key: string; by: Identity }): Promise<Result<EventReceipt>>;
}

// ------------------------------------------------------------------ JobRouter

export interface QueueJob {
  id: JobId;
  run: RunId;
  workspace: string;
  command: CommandId;
  attempt: number;
  reference: string;
  inputs: JsonObject;
  /** Places in `inputs` that the runner keeps out of its log. */
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

export interface JobRouterRpc extends OutboxRpc {
  /** Run → router, idempotent by job id. */
  enqueue(job: QueueJob): Promise<void>;
  /** Run → router. A queued job is dropped, a running one is told at its next heartbeat. */
  cancelJob(job: JobId): Promise<void>;
  /** Waits up to `waitMs` for a job; null when there was none. */
  request(request: { runner: RunnerInfo; subject: string; waitMs: number }): Promise<Job | null>;
  heartbeat(job: JobId, beat: Heartbeat): Promise<Result<{ cancel: boolean; leaseExpiresAt: number }>>;
  complete(job: JobId, completion: Completion): Promise<Result<{ repeated: boolean }>>;
  release(job: JobId, release: { lease: string; reason: string }): Promise<Result<null>>;
  status(): Promise<{
    runners: RunnerStatus[];
    queue: { tags: string[]; length: number; oldestQueuedAt: number; next: QueuedView[] }[];
  }>;
}

// ---------------------------------------------------------------- Environment

/** Between two pages that go by time, newest first. */
export interface Position {
  createdAt: number;
  id: string;
}

export interface EnvironmentRpc extends OutboxRpc {
  put(input: {
    workspace: string;
    name: string;
    value: EnvironmentInput;
    by: Identity;
  }): Promise<Result<EnvironmentView>>;
  view(): Promise<Result<EnvironmentView>>;
  /** What was deployed there, newest first; `next` is the `before` of the following page. */
  deployments(page: {
    before?: Position;
    limit: number;
  }): Promise<Result<{ deployments: Deployment[]; next?: Position }>>;
  /**
   * Run → environment after a Function ended well there. Idempotent by (run, command). `sluicehops` is what the
   * event of it carries, as those that the run emits itself.
   */
  recordDeployment(deployment: Deployment & { command: CommandId; sluicehops?: number }): Promise<void>;
  /** Bus → environment. Idempotent; one that is older than what is known of its app changes nothing. */
  recordHealth(report: HealthReport & { seq: number }): Promise<void>;
  /** Every change of an app's status, newest first; `next` is the `before` of the following page. */
  healthChanges(page: {
    before?: Position;
    limit: number;
  }): Promise<Result<{ changes: HealthChange[]; next?: Position }>>;
  remove(by: Identity): Promise<Result<null>>;
}

// -------------------------------------------------------------------- Catalog

export interface Governing {
  trustScore: number;
  environment: string | null;
  /** All targets that calls of this function can meet, whatever their inputs; absent when they are many. */
  targets?: Target[];
  /** Inputs that the function has been known to call sensitive. */
  sensitive: string[];
}

export interface CatalogRpc extends OutboxRpc {
  /** Checks, compiles, stores by digest, and returns once the bus has the triggers. Refuses `invalid_workflow` with diagnostics in details. */
  putWorkflow(workflow: { name: string; input: WorkflowInput; by: Identity }): Promise<Result<WorkflowView>>;
  workflows(): Promise<WorkflowView[]>;
  workflow(name: string): Promise<Result<WorkflowView & { program: ProgramSource }>>;
  /** Every version there was, newest first, removals included, at most `limit` below `before`. Refuses `unknown_workflow`. */
  versions(page: { name: string; before?: number; limit: number }): Promise<Result<WorkflowVersion[]>>;
  /** Refuses `unknown_workflow`, and `unknown_version`, also for a removal. */
  version(name: string, version: number): Promise<Result<WorkflowVersion & { program: ProgramSource }>>;
  removeWorkflow(name: string, by: Identity): Promise<Result<null>>;
  putFunction(fn: {
    name: string;
    trustScore: number;
    description: string;
    by: Identity;
  }): Promise<CatalogFunction>;
  functions(): Promise<CatalogFunction[]>;
  /** Run → catalog: the function calls these inputs sensitive, as its runner said. Idempotent; adds to what is known. */
  learnSensitive(told: { reference: string; inputs: string[] }): Promise<void>;
  /** Environment → catalog: which calls it governs. Older versions than the known one are ignored; null removes. */
  setTargets(update: { environment: string; version: number; targets: Target[] | null }): Promise<void>;
  /**
   * What is to be known of a call before it is decided: the function's trust score (0 when unknown), the environment
   * that governs it (explicitly named, or matched by target), and which inputs to show to nobody. Refuses `ambiguous_environment` and `unknown_environment`.
   */
  governing(call: {
    reference: string;
    inputs: JsonObject;
    environment?: string;
  }): Promise<Result<Governing>>;
}

// ------------------------------------------------------------------ Directory

export interface RunFilter {
  state?: RunState[];
  workflow?: string;
  environment?: string;
  initiator?: string;
  /** The run that started them. */
  parent?: string;
  /** All of these. */
  labels?: Record<string, string>;
  /** Words of which each begins a word of the run. */
  text?: string;
  /** Created at or after this, and before that; ms since the epoch. */
  from?: number;
  to?: number;
  before?: Position;
  limit: number;
}

export interface AuditEntry {
  at: number;
  by: string;
  action: string;
  subject: string;
  data: JsonObject;
}

export interface RunPage {
  runs: RunSummary[];
  /** The `before` of the following page. */
  next?: Position;
}

export interface DirectoryOverview {
  cursor: number;
  environments: EnvironmentView[];
  moving: RunPage;
  failed: RunPage;
  succeeded: RunPage;
  /** Those that are pending. */
  approvals: Approval[];
  forms: Form[];
}

export interface DirectoryRpc extends OutboxRpc {
  /** Any actor → directory. Idempotent: a summary or approval older than the known version is ignored, audit by key. */
  apply(change: {
    runs?: RunSummary[];
    approvals?: Approval[];
    forms?: Form[];
    locks?: LockView[];
    environments?: (EnvironmentView | { name: string; removed: true; version: number })[];
    audit?: (AuditEntry & { key: string })[];
  }): Promise<void>;
  /** Passes on to open dashboards that lists of these are to be read again. Keeps nothing. */
  stirred(what: Stirred): Promise<void>;
  runs(filter: RunFilter): Promise<RunPage>;
  /** The last that was heard of a run. */
  run(id: RunId): Promise<RunSummary | null>;
  approvals(filter: { state?: Approval["state"]; limit: number }): Promise<Approval[]>;
  forms(filter: { state?: FormState; limit: number }): Promise<Form[]>;
  /** Those that somebody holds or waits for, at most 500. */
  locks(): Promise<LockView[]>;
  environments(): Promise<EnvironmentView[]>;
  /** What the dashboard shows first, all of it as of `cursor`, which its socket goes on from. */
  overview(): Promise<DirectoryOverview>;
  /** Those of the names that no environment has. */
  unknownEnvironments(names: readonly string[]): Promise<string[]>;
  audit(page: { before?: number; limit: number }): Promise<{ entries: AuditEntry[]; next?: number }>;
  /** Stores only the digest; the token itself is made by the caller. */
  createToken(token: {
    id: string;
    digest: string;
    subject: string;
    role: Role;
    expiresAt?: number;
    by: string;
  }): Promise<Result<TokenView>>;
  /** The identity behind a token's SHA-256 (hex), or null. */
  authenticate(digest: string): Promise<Identity | null>;
  tokens(): Promise<TokenView[]>;
  revokeToken(id: string, by: string): Promise<Result<null>>;
}
