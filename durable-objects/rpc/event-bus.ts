// What the bus of a workspace is told and asked.
import type { CloudEvent, EventReceipt, EventStory, StoredEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Backfilled, ScheduleView } from "../../src/protocol/schedule.ts";
import type { Lineage, PlaceClaim, StartView } from "../../src/protocol/start.ts";
import type { Identity } from "../../src/protocol/token.ts";
import type { ProgramSource, Trigger, TriggerStatus } from "../../src/protocol/workflow.ts";
import type { OutboxRpc } from "./outbox.ts";
import type { Position } from "./position.ts";

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
   * consumed, nor those before it in its lineage; events of deliveries still in flight count as consumed until the run
   * turns them down.
   */
  registerWait(wait: {
    run: RunId;
    lineage?: Lineage;
    command: CommandId;
    type: string;
    filter?: string;
    match?: JsonObject;
    afterSeq: number | "now";
    isSensitive?: boolean;
  }): Promise<void>;
  /**
   * Run → bus, at its end and before its successor begins: later runs of the lineage do not get these events either. With
   * `after`, nor what was consumed before that run of another lineage. Idempotent.
   */
  keepConsumed(consumed: { lineage: Lineage; seqs: number[]; after?: Lineage }): Promise<void>;
  /** Run → bus, before its first wait: what the journal that it began with has consumed, it does not get again. */
  markConsumed(mark: { run: RunId; seqs: number[] }): Promise<void>;
  /** Run → bus: the wait has ended without an event. One that the run has taken for it is free again. */
  cancelWait(wait: { run: RunId; command: CommandId }): Promise<void>;
  /**
   * Run → bus: the run is over, forget its waits and deliveries, and give its place to the next; or to the run that
   * it continues as.
   */
  forgetRun(run: RunId, successor?: RunId): Promise<void>;
  /** Run → bus, of one that begins where one that is over was: answered by `placeAnswered`. Idempotent by run. */
  claimPlace(claim: PlaceClaim): Promise<void>;
  /**
   * Run → bus, of one that it has asked for: takes the start back that waits still, or tells the run, `closeByParent`.
   * Behind `ingest` of the start. Idempotent.
   */
  closeChild(close: { run: RunId; parent: RunId; terminate: boolean }): Promise<void>;
  /** Newest first. A page may be short, or empty, and still have a `next`: there is more to look through. */
  events(page: EventFilter): Promise<{ events: StoredEvent[]; next?: number }>;
  event(key: { source: string; id: string }): Promise<Result<StoredEvent>>;
  /** An event by its arrival number, with what has become of the starts it asked for. */
  eventStory(seq: number): Promise<Result<EventStory>>;
  triggers(): Promise<TriggerStatus[]>;
  /** Starts that wait; with `all`, also what has become of those that waited. Newest first. */
  queuedStarts(page: { all: boolean; before?: Position | undefined; limit: number }): Promise<StartView[]>;
  queuedStart(run: RunId): Promise<Result<StartView>>;
  /** Whether its start is on its way to this run, or parked: it is promised. */
  isBeginning(run: RunId): Promise<boolean>;
  /** Refuses `unknown_start`, and `start_not_waiting` once it has begun. */
  cancelStart(cancel: {
    run: RunId;
    by: Pick<Identity, "subject">;
    reason: string;
  }): Promise<Result<StartView>>;
  schedules(): Promise<ScheduleView[]>;
  schedule(id: string): Promise<Result<ScheduleView>>;
  pauseSchedule(pause: { id: string; by: Identity; reason: string }): Promise<Result<ScheduleView>>;
  resumeSchedule(resume: { id: string; by: Identity; reason: string }): Promise<Result<ScheduleView>>;
  /** Fires by hand. Idempotent by `key`. */
  triggerSchedule(trigger: { id: string; key: string; by: Identity }): Promise<Result<EventReceipt>>;
  /** Fires for times that have gone by, to now where `to` is left out. Each fires once. Refuses `invalid_backfill`. */
  backfillSchedule(backfill: {
    id: string;
    from: number;
    to: number | undefined;
    by: Identity;
  }): Promise<Result<Backfilled>>;
}
