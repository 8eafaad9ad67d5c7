// The event bus: one per workspace. Stores what arrives, starts runs by triggers, wakes runs that wait. This class is its
// RPC surface and its one alarm; what an arriving event does is in event-bus/arrivals.ts.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/event-bus/migrations.js";
import { Matching } from "../src/events/matching.ts";
import { maskedEvent } from "../src/events/sensitive-data.ts";
import { Starts } from "../src/events/starts.ts";
import type { CloudEvent, EventReceipt, EventStory, StoredEvent } from "../src/protocol/cloud-event.ts";
import { MAX_RATE_PERIOD_MS } from "../src/protocol/flow-control.ts";
import type { CommandId, RunId } from "../src/protocol/ids.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { Backfilled, ScheduleView } from "../src/protocol/schedule.ts";
import type { PlaceClaim, Standing, StartView } from "../src/protocol/start.ts";
import type { Identity } from "../src/protocol/token.ts";
import type { ProgramSource, Trigger, TriggerStatus } from "../src/protocol/workflow.ts";
import { openActorStorage } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { GroupCommit } from "../src/storage/group-commit.ts";
import { applyMigrations } from "../src/storage/migrations.ts";
import type { Message, Outbox } from "../src/storage/outbox.ts";
import type { Timer, Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { Arrivals } from "./event-bus/arrivals.ts";
import { EventRows } from "./event-bus/event-rows.ts";
import { LineageRows } from "./event-bus/lineage-rows.ts";
import {
  filledIn,
  runOf,
  standingMessage,
  startMessage,
  startOf,
  unbegunMessage,
} from "./event-bus/queued-messages.ts";
import { ScheduleRows } from "./event-bus/schedule-rows.ts";
import { Schedules } from "./event-bus/schedules.ts";
import { StartRows } from "./event-bus/start-rows.ts";
import { TriggerRows } from "./event-bus/trigger-rows.ts";
import { LOOK_BACK_TIMER, WaitDeliveries } from "./event-bus/wait-deliveries.ts";
import { WaitRows } from "./event-bus/wait-rows.ts";
import { retryParked } from "./parked-messages.ts";
import { eventRetentionMs } from "./retention.ts";
import type { EventBusRpc, EventFilter } from "./rpc/event-bus.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

const DAY_MS = 24 * 3600_000;
const RETENTION_TIMER = "retention";
const REMOVED_AT_ONCE = 500;
/** The periods of a rule may become longer with a new version. */
const PERMITS_KEPT_MS = 2 * MAX_RATE_PERIOD_MS;
const MAX_STARTS_OF_EVENT = 200;
/** How long what runs tell waits for what others tell: many runs are one write. */
const TOGETHER_MS = 20;
/** How many waits that an event has gone to its story lists. */
const MAX_WOKEN = 200;
/** On whose behalf a newer run cancels an older one. */
const SLUICE = { subject: "sluice", role: "operator", tokenId: "" } as const;

export class EventBus extends DurableObject<Env> implements EventBusRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #events: EventRows;
  readonly #triggers: TriggerRows;
  readonly #waits: WaitRows;
  readonly #lineages: LineageRows;
  readonly #startRows: StartRows;
  readonly #starts: Starts;
  readonly #deliveries: WaitDeliveries;
  readonly #arrivals: Arrivals;
  readonly #schedules: Schedules;
  readonly #toldByRuns = new GroupCommit<() => void>(TOGETHER_MS, (writes) => this.#writeTogether(writes));
  /** False until this instance has seen to it that there is a retention timer. */
  #hasRetention = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    ({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
    } = openActorStorage(ctx.storage, {
      deliver: (queued) => this.#deliver(queued),
      onDelivered: (queued, answer) => this.#answered(queued, answer),
    }));
    this.#events = new EventRows(sql);
    this.#triggers = new TriggerRows(sql);
    this.#waits = new WaitRows(sql);
    this.#lineages = new LineageRows(sql);
    this.#startRows = new StartRows(sql);
    this.#starts = this.#makeStarts();
    const shared = {
      events: this.#events,
      waits: this.#waits,
      matching: new Matching(),
      outbox: this.#outbox,
    };
    this.#deliveries = new WaitDeliveries({ ...shared, timers: this.#timers });
    this.#arrivals = new Arrivals({
      ...shared,
      triggers: this.#triggers,
      starts: this.#starts,
      deliveries: this.#deliveries,
    });
    this.#schedules = new Schedules({
      rows: new ScheduleRows(sql),
      timers: this.#timers,
      take: (...arrival) => this.#arrivals.take(...arrival),
    });
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
    });
  }

  #makeStarts(): Starts {
    const outbox = this.#outbox;
    const unlessUnderWay = (asked: Message) => {
      if (!outbox.holds(asked)) outbox.add(asked);
    };
    return new Starts({
      store: this.#startRows,
      timers: this.#timers,
      sha256Hex: sha256,
      begin: (run, start) => outbox.add(startMessage(run, start)),
      cancel: (run, reason) =>
        unlessUnderWay(message("run", run, "cancel", [{ by: SLUICE, reason, terminate: false }])),
      tellPlace: (run, answer) => outbox.add(message("run", run, "placeAnswered", [answer])),
      tellParent: (parent, start) => outbox.add(unbegunMessage(parent, start)),
      ask: (run) => unlessUnderWay(standingMessage(run)),
    });
  }

  // ------------------------------------------------------------------ arrival

  async ingest(events: CloudEvent[], initiator: string): Promise<EventReceipt[]> {
    const now = Date.now();
    const receipts = this.#alarm.transaction(() => this.#takeEach(events, initiator, now));
    this.#keepRetention(now);
    this.#flush();
    return receipts;
  }

  async ingestFromRun(events: CloudEvent[], initiator: string): Promise<void> {
    await this.#toldByRuns.add(() => void this.#takeEach(events, initiator, Date.now()));
  }

  #writeTogether(writes: readonly (() => void)[]): void {
    this.#alarm.transaction(() => {
      for (const write of writes) write();
    });
    this.#keepRetention(Date.now());
    this.#flush();
  }

  #takeEach(events: readonly CloudEvent[], initiator: string, now: number): EventReceipt[] {
    return events.map((event) => this.#arrivals.take(event, initiator, now));
  }

  // -------------------------------------------------------------------- waits

  async registerWait(wait: Parameters<EventBusRpc["registerWait"]>[0]): Promise<void> {
    if (this.#deliveries.open(wait)) this.#flush();
  }

  async keepConsumed(consumed: Parameters<EventBusRpc["keepConsumed"]>[0]): Promise<void> {
    this.#lineages.keep(consumed);
  }

  async markConsumed({ run, seqs }: { run: RunId; seqs: number[] }): Promise<void> {
    this.#waits.markTaken(run, seqs, Date.now());
  }

  async cancelWait(wait: { run: RunId; command: CommandId }): Promise<void> {
    if (this.#deliveries.cancel(wait)) this.#flush();
  }

  async forgetRun(run: RunId, successor?: RunId): Promise<void> {
    await this.#toldByRuns.add(() => {
      this.#waits.forget(run);
      if (successor !== undefined) this.#starts.continued(run, successor, Date.now());
      this.#starts.finished(run, Date.now());
    });
  }

  async claimPlace(claim: PlaceClaim): Promise<void> {
    await this.#toldByRuns.add(() => this.#starts.claim(claim, Date.now()));
  }

  async closeChild({ run, ...by }: Parameters<EventBusRpc["closeChild"]>[0]): Promise<void> {
    await this.#toldByRuns.add(() => {
      const isToHear = this.#starts.closeChild(run, by.parent, Date.now());
      // Behind its start, where that is still to be sent.
      if (isToHear) this.#outbox.add(message("run", run, "closeByParent", [by]));
    });
  }

  // ----------------------------------------------------------------- delivery

  async #deliver(queued: Message): Promise<unknown> {
    // Given up, and taken back since, but sent again by an operator.
    if (queued.method === "start" && this.#starts.isCancelled(runOf(queued))) return undefined;
    const full = filledIn(queued, { events: this.#events, triggers: this.#triggers });
    return await deliverMessage(this.env, DEFAULT_WORKSPACE, full);
  }

  #answered(queued: Message, answer: unknown): void {
    if (queued.method === "standing") {
      this.#starts.stands(runOf(queued), answer as Standing, Date.now());
    }
    if (queued.method === "cancel") this.#cancelAnswered(runOf(queued), answer as Result<unknown>);
    if (queued.method === "deliverEvent") this.#deliveries.answered(queued, answer as { accepted: boolean });
  }

  /** Throws where the run has yet to begin: the message comes again, as often as any that nobody took. */
  #cancelAnswered(run: RunId, answer: Result<unknown>): void {
    if (answer.ok || answer.error.code !== "unknown_run" || !this.#starts.isToBeBegun(run)) return;
    throw new Error(`the run ${run} is to end, and has not begun yet`);
  }

  #flush(): void {
    void this.#outbox.flush();
  }

  // ----------------------------------------------------------------- triggers

  async setTriggers(update: {
    workflow: string;
    version: number;
    program: ProgramSource | null;
    triggers: Trigger[];
  }): Promise<void> {
    if (this.#triggers.version(update.workflow) >= update.version) return;
    const now = Date.now();
    this.#alarm.transaction(() => {
      this.#triggers.replace(update, now);
      this.#schedules.replace(update.workflow, update.program ? update.triggers : [], now);
    });
  }

  async triggers(): Promise<TriggerStatus[]> {
    return this.#triggers.statuses();
  }

  // ------------------------------------------------------------------ reading

  async events(page: EventFilter): Promise<{ events: StoredEvent[]; next?: number }> {
    const { events, ...next } = this.#events.page(page);
    return { events: events.map(masked), ...next };
  }

  async event(key: { source: string; id: string }): Promise<Result<StoredEvent>> {
    const stored = this.#events.find(key.source, key.id);
    return stored
      ? ok(masked(stored))
      : refuse("unknown_event", `there is no event ${key.id} from ${key.source}`);
  }

  async eventStory(seq: number): Promise<Result<EventStory>> {
    const stored = this.#events.at(seq);
    return stored
      ? ok({
          ...masked(stored),
          starts: this.#startRows.ofEvent(seq, MAX_STARTS_OF_EVENT),
          woken: this.#waits.servedBy(seq, MAX_WOKEN),
        })
      : refuse("unknown_event", `no event with the arrival number ${seq} is kept`);
  }

  async queuedStarts(page: Parameters<EventBusRpc["queuedStarts"]>[0]): Promise<StartView[]> {
    const { all, ...rest } = page;
    return this.#startRows.page({ pending: !all, ...rest });
  }

  async queuedStart(run: RunId): Promise<Result<StartView>> {
    const view = this.#startRows.view(run);
    return view ? ok(view) : refuse("unknown_start", `no start of a run ${run} waits or has waited`);
  }

  async isBeginning(run: RunId): Promise<boolean> {
    return this.#outbox.holdsStill(startOf(run));
  }

  async cancelStart(cancel: Parameters<EventBusRpc["cancelStart"]>[0]): Promise<Result<StartView>> {
    const { run, by, reason } = cancel;
    const now = Date.now();
    const words = reason === "" ? `cancelled by ${by.subject}` : `cancelled by ${by.subject}: ${reason}`;
    return this.#audited(`start/${run}/cancel`, by, "start.cancel", run, { reason }, now, () =>
      this.#starts.cancel(run, words, now),
    );
  }

  // ---------------------------------------------------------------- schedules

  async schedules(): Promise<ScheduleView[]> {
    return this.#schedules.views(Date.now());
  }

  async schedule(id: string): Promise<Result<ScheduleView>> {
    return this.#schedules.view(id, Date.now());
  }

  async pauseSchedule(pause: { id: string; by: Identity; reason: string }): Promise<Result<ScheduleView>> {
    const { id, by, reason } = pause;
    const now = Date.now();
    return this.#audited(`schedule/${id}/pause/${now}`, by, "schedule.pause", id, { reason }, now, () =>
      this.#schedules.pause(id, by.subject, reason, now),
    );
  }

  async resumeSchedule(resume: { id: string; by: Identity; reason: string }): Promise<Result<ScheduleView>> {
    const { id, by, reason } = resume;
    const now = Date.now();
    return this.#audited(`schedule/${id}/resume/${now}`, by, "schedule.resume", id, { reason }, now, () =>
      this.#schedules.resume(id, now),
    );
  }

  async triggerSchedule(trigger: { id: string; key: string; by: Identity }): Promise<Result<EventReceipt>> {
    const { id, key, by } = trigger;
    const now = Date.now();
    return this.#audited(`schedule/${id}/trigger/${key}`, by, "schedule.trigger", id, {}, now, () =>
      this.#schedules.trigger(id, key, by.subject, now),
    );
  }

  async backfillSchedule(
    backfill: Parameters<EventBusRpc["backfillSchedule"]>[0],
  ): Promise<Result<Backfilled>> {
    const now = Date.now();
    const { id, by, from, to = now } = backfill;
    const key = `schedule/${id}/backfill/${from}/${to}/${now}`;
    const keptSince = this.#eventsKeptSince(now) ?? Number.NEGATIVE_INFINITY;
    return this.#audited(key, by, "schedule.backfill", id, { from, to }, now, () =>
      this.#schedules.backfill(id, { from, to }, { by: by.subject, now, keptSince }),
    );
  }

  /** Does what somebody asks for, and tells the audit log in the same write; refusals are not told. */
  #audited<T>(
    key: string,
    by: Pick<Identity, "subject">,
    action: string,
    subject: string,
    data: JsonObject,
    at: number,
    act: () => Result<T>,
  ): Result<T> {
    const done = this.#alarm.transaction(() => {
      const result = act();
      if (result.ok) {
        const entry = { key, at, by: by.subject, action, subject, data };
        this.#outbox.add(message("directory", "", "apply", [{ audit: [entry] }]));
      }
      return result;
    });
    this.#flush();
    return done;
  }

  // ------------------------------------------------------------------- timers

  async parkedMessages(): ReturnType<OutboxRpc["parkedMessages"]> {
    return this.#outbox.parked();
  }

  async retryParked(request: Parameters<OutboxRpc["retryParked"]>[0]): Promise<number> {
    return retryParked(this.#outbox, request);
  }

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: (timer) => this.#alarm.transaction(() => this.#fire(timer, Date.now())),
    });
  }

  #fire(timer: Timer, now: number): void {
    if (timer.kind === RETENTION_TIMER) this.#removeOld(now);
    else if (timer.kind === LOOK_BACK_TIMER) this.#deliveries.lookOn(timer);
    else if (timer.kind === "schedule") {
      this.#schedules.fire((timer.data as { schedule: string }).schedule, now);
    } else this.#starts.fire(timer, now);
  }

  // ---------------------------------------------------------------- retention

  #keepRetention(now: number): void {
    if (this.#hasRetention) return;
    this.#hasRetention = true;
    if (!this.#timers.get(RETENTION_TIMER)) this.#setRetention(now + DAY_MS);
  }

  #setRetention(dueAt: number): void {
    this.#timers.set({ id: RETENTION_TIMER, kind: RETENTION_TIMER, dueAt, data: null });
  }

  #removeOld(now: number): void {
    const removed = Math.max(
      this.#startRows.removeOldPermits(now - PERMITS_KEPT_MS, REMOVED_AT_ONCE),
      this.#removeOldEvents(now),
    );
    // A little at a time: events go on arriving meanwhile.
    this.#setRetention(removed === REMOVED_AT_ONCE ? now + 1000 : now + DAY_MS);
  }

  /** Removes old events and what became of them, some of each; answers of which it were most, how many. */
  #removeOldEvents(now: number): number {
    const before = this.#eventsKeptSince(now);
    if (before === undefined) return 0;
    const events = this.#events.removeOlder(before, REMOVED_AT_ONCE);
    const starts = this.#startRows.removeOlder(before, REMOVED_AT_ONCE);
    this.#triggers.removeUnused(before);
    const removed = Math.max(events, starts);
    return removed === REMOVED_AT_ONCE ? removed : this.#removeConsumed(before);
  }

  /** Once old events are gone, removes some of what had waited for them, and had consumed them. */
  #removeConsumed(before: number): number {
    const oldest = this.#events.firstSince(before);
    return Math.max(
      this.#waits.removeOver(before, REMOVED_AT_ONCE),
      this.#waits.removeGone(oldest, before, REMOVED_AT_ONCE),
      this.#lineages.removeGone(oldest, REMOVED_AT_ONCE),
    );
  }

  /** Events that have arrived since then are kept; undefined where the setting is wrong, and so all of them are. */
  #eventsKeptSince(now: number): number | undefined {
    try {
      return now - eventRetentionMs(this.env);
    } catch (error) {
      console.error({ message: "no event is removed", error: String(error) });
      return undefined;
    }
  }
}

/** A stored event as people may see it. */
function masked(stored: StoredEvent): StoredEvent {
  return { ...stored, event: maskedEvent(stored.event) };
}
