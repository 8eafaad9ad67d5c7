// What a run is told and asked.
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { Form, FormValues } from "../../src/protocol/form.ts";
import type { HistoryHead } from "../../src/protocol/history.ts";
import type { ApprovalId, CommandId, FormId, RunId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/operation.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Activity, LogLine, RunDetail, RunSummary } from "../../src/protocol/run.ts";
import type { Lineage, PlaceAnswer, PlaceClaim, Standing } from "../../src/protocol/start.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { ProgramSource, Trigger } from "../../src/protocol/workflow.ts";
import type { ChildOutcome, JobEnding } from "../../src/workflow/machine-types.ts";
import type { Signal } from "../../src/workflow/signals.ts";
import type { OutboxRpc } from "./outbox.ts";

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
  /** Arrival numbers of events that count as consumed. Only runs that earlier versions began have them here. */
  consumed?: number[];
  /** What those before it have consumed is kept in the bus under this, and counts as consumed. */
  lineage?: Lineage;
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
  /** The first command that is repeated; the one that the run failed with where it is left out. */
  command?: CommandId;
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
  /**
   * Run → run: begins with a journal that another has made, and asks for a place where it has to. Idempotent by run id.
   */
  startForked(run: StartRun, records: JournalRecord[], claim?: PlaceClaim): Promise<void>;
  /**
   * Answers with the new run. Refuses `unknown_command`, without a command `run_not_failed` and `no_failed_command`,
   * `already_cancelled`, `program_differs` with the difference in `details`, `invalid_workflow`, `history_too_large`,
   * `run_imported`, `run_masked`; for a restart also `already_restarted` with the `run` that goes on in `details`,
   * `child_running` with the child's, and `run_stuck`.
   */
  fork(request: ForkRun): Promise<Result<RunSummary>>;
  /**
   * Bus → run. `accepted: false` when the wait is over (timed out, cancelled); the event stays unconsumed. A run that cannot
   * go on keeps it, and says by `cancelWait` when its wait has ended without it.
   */
  deliverEvent(delivery: {
    command: CommandId;
    event: CloudEvent;
    seq: number;
  }): Promise<{ accepted: boolean }>;
  /** Router → run, idempotent by (command, attempt). */
  jobTaken(job: { command: CommandId; attempt: number; runner: string; at: number }): Promise<void>;
  jobFinished(job: JobEnding): Promise<void>;
  /** Route → run, after the router confirmed the lease: the function calls these inputs sensitive. Idempotent. */
  inputsSensitive(told: { command: CommandId; attempt: number; inputs: string[] }): Promise<void>;
  /**
   * Route → run, after the router confirmed the lease. `offset` is the byte offset in this attempt's log; a repeat
   * changes nothing.
   */
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
  cancel(request: {
    by: Pick<Identity, "subject">;
    reason: string;
    terminate: boolean;
  }): Promise<Result<RunSummary>>;
  /** Bus → run, of one whose place others wait for. */
  standing(of: Pick<StartRun, "id" | "workspace">): Promise<Standing>;
  /** Bus → run, which has claimed a place. Nothing where it does not wait for one, or no longer. */
  placeAnswered(answer: PlaceAnswer): Promise<void>;
  /** Directory → run: it was over long enough ago to go. From then on it looks by itself until it may. */
  retire(): Promise<void>;
  /** By hand, `toMany` runs at once or to this one. Refuses what `operate` of the engine does; in journal and audit. */
  operate(request: {
    by: Identity;
    reason: string;
    operation: Operation;
    toMany?: boolean;
  }): Promise<Result<RunSummary>>;
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
  /** Idempotent by `id`. Refuses `run_finished`, `too_many_signals`, `invalid_signal`, `run_stuck`. */
  signal(signal: {
    id: string;
    name: string;
    data: JsonValue;
    by: Pick<Identity, "subject">;
  }): Promise<Result<null>>;
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
