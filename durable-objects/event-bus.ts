// The event bus: one per workspace. Stores what arrives, starts runs by triggers, wakes runs that wait. Whether an
// event fits is decided in src/events; this class loads, asks, commits, tells.
//
// 1. Events, what they do, and the messages that do it are written in one turn: an acknowledged event is never
//    half done, and (source, id) does it once.
// 2. A run gets an event once: from the moment a delivery is queued the event counts as consumed by that run. When
//    the run turns it down (its wait was over), it is free again for the run's other waits.
// 3. Messages on their way hold arrival numbers, not events: they are filled in when they are sent. So an event
//    that starts ten runs is stored once, and so is their program.
import { DurableObject } from "cloudflare:workers";
import migrations from "../migrations/event-bus/migrations.js";
import { FilteredEvent } from "../src/events/expression.ts";
import { isHealthReport, readHealthReport } from "../src/events/health-report.ts";
import { hopsOf, MAX_HOPS } from "../src/events/hops.ts";
import { Matching } from "../src/events/matching.ts";
import { type MissedWait, nearestMisses } from "../src/events/missed-waits.ts";
import { maskedEvent } from "../src/events/sensitive-data.ts";
import { eventOfStart } from "../src/events/start-event.ts";
import { type QueuedStart, Starts } from "../src/events/starts.ts";
import { WORKFLOW_START } from "../src/events/workflow-start.ts";
import type { CloudEvent, EventReceipt, EventStory, StoredEvent } from "../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../src/protocol/ids.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { ScheduleView } from "../src/protocol/schedule.ts";
import type { Standing, StartView } from "../src/protocol/start.ts";
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
import { type Effects, EventRows } from "./event-bus/event-rows.ts";
import { ScheduleRows } from "./event-bus/schedule-rows.ts";
import { Schedules } from "./event-bus/schedules.ts";
import { StartRows } from "./event-bus/start-rows.ts";
import { type BusTrigger, TriggerRows } from "./event-bus/trigger-rows.ts";
import { type Wait, WaitRows } from "./event-bus/wait-rows.ts";
import { retryParked } from "./parked-messages.ts";
import type { EventBusRpc, EventFilter } from "./rpc/event-bus.ts";
import type { OutboxRpc } from "./rpc/outbox.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

const DAY_MS = 24 * 3600_000;
/** Runs may look back this far, so less cannot be configured. */
const MIN_RETENTION_DAYS = 30;
const RETENTION_TIMER = "retention";
const REMOVED_AT_ONCE = 500;
const MAX_STARTS_OF_EVENT = 200;
/** How long what runs tell waits for what others tell: many runs are one write. */
const TOGETHER_MS = 20;
/** How many waits that an event has gone to its story lists. */
const MAX_WOKEN = 200;
/** How many undecided triggers and waits a receipt lists, and how many triggers that the event was not for. */
const MAX_SKIPPED = 20;
const MAX_UNMATCHED = 50;
/** On whose behalf a newer run cancels an older one. */
const SLUICE = { subject: "sluice", role: "operator", tokenId: "" } as const;

type QueuedDelivery = { command: CommandId; seq: number };

export class EventBus extends DurableObject<Env> implements EventBusRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #events: EventRows;
  readonly #triggers: TriggerRows;
  readonly #waits: WaitRows;
  readonly #startRows: StartRows;
  readonly #starts: Starts;
  readonly #schedules: Schedules;
  readonly #matching = new Matching();
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
      deliver: (queued) => deliverMessage(env, DEFAULT_WORKSPACE, this.#filledIn(queued)),
      onDelivered: (queued, answer) => this.#answered(queued, answer),
    }));
    this.#events = new EventRows(sql);
    this.#triggers = new TriggerRows(sql);
    this.#waits = new WaitRows(sql);
    this.#startRows = new StartRows(sql);
    this.#starts = this.#makeStarts();
    this.#schedules = new Schedules({
      rows: new ScheduleRows(sql),
      timers: this.#timers,
      take: (event, initiator, now) => this.#repeated(event) ?? this.#take(event, initiator, now),
    });
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
    });
  }

  #makeStarts(): Starts {
    const outbox = this.#outbox;
    return new Starts({
      store: this.#startRows,
      timers: this.#timers,
      sha256Hex: sha256,
      begin: (run, start) => outbox.add({ receiver: `run/${run}`, method: "start", args: [start] }),
      cancel: (run, reason) =>
        outbox.add(message("run", run, "cancel", [{ by: SLUICE, reason, terminate: false }])),
      ask: (run) => {
        if (!outbox.holds(`run/${run}`)) outbox.add(message("run", run, "standing", []));
      },
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
    return events.map((event) => this.#repeated(event) ?? this.#take(event, initiator, now));
  }

  #repeated(event: CloudEvent): EventReceipt | undefined {
    const receipt = this.#events.receipt(event.source, event.id);
    return receipt && { ...receipt, duplicate: true };
  }

  #take(event: CloudEvent, initiator: string, now: number): EventReceipt {
    const filtered = new FilteredEvent(event);
    const seq = this.#events.nextSeq();
    const started: EventReceipt["started"] = [];
    const queued: NonNullable<EventReceipt["queued"]> = [];
    const { matching, skipped, unmatched } = this.#matchingTriggers(filtered, now);
    for (const candidate of matching) {
      const { workflow } = candidate;
      const trigger = candidate.trigger.id;
      const arrival = this.#starts.arrive(candidate, filtered, { seq, initiator, now });
      if (arrival.kind === "undecided") {
        this.#triggers.noteFailure(trigger, event, arrival.reason, now);
        skipped.push({ by: trigger, reason: `its key failed: ${arrival.reason}` });
      } else if (arrival.kind === "started") started.push({ run: arrival.run, workflow, trigger });
      else {
        const { run, state, reason } = arrival;
        queued.push({ run, workflow, trigger, state, reason });
      }
    }
    const { wakes, missed } = this.#matchingWaits(filtered, skipped);
    const notWoken = nearestMisses(missed);
    const effects: Effects = {
      started,
      ...(queued.length > 0 && { queued }),
      woke: wakes.map(({ run, command }) => ({ run, command })),
      ...(skipped.length > 0 && { skipped: skipped.slice(0, MAX_SKIPPED) }),
      ...(unmatched.length > 0 && { unmatched }),
      ...(notWoken && { notWoken }),
    };
    this.#events.insert(event, { seq, initiator, receivedAt: now }, effects);
    for (const { run, command } of wakes) this.#send(run, command, seq);
    this.#tellEnvironment(event, seq, now);
    return { id: event.id, source: event.source, type: event.type, seq, duplicate: false, ...effects };
  }

  /** What an event reports of an app's health goes on to its environment. */
  #tellEnvironment(event: CloudEvent, seq: number, now: number): void {
    if (!isHealthReport(event)) return;
    const report = readHealthReport(event, now);
    if (!report.ok) return;
    const told = { ...report.value, seq };
    this.#outbox.add(message("environment", told.environment, "recordHealth", [told]));
  }

  #matchingTriggers(
    event: FilteredEvent,
    now: number,
  ): {
    matching: BusTrigger[];
    skipped: NonNullable<EventReceipt["skipped"]>;
    unmatched: NonNullable<EventReceipt["unmatched"]>;
  } {
    const isEndless = hopsOf(event.event) > MAX_HOPS;
    const matching: BusTrigger[] = [];
    const skipped: NonNullable<EventReceipt["skipped"]> = [];
    const unmatchedTriggers: NonNullable<EventReceipt["unmatched"]> = [];
    for (const candidate of this.#triggers.all()) {
      const { trigger } = candidate;
      const { matches, failed, unmatched } = this.#matching.decide(trigger, event);
      if (failed !== undefined) {
        this.#triggers.noteFailure(trigger.id, event.event, failed, now);
        skipped.push({ by: trigger.id, reason: `its filter failed: ${failed}` });
      }
      // A firing is for its own schedule, a start for its own workflow: that it is not for the others says nothing.
      const isForOne = trigger.schedule !== undefined || trigger.type === WORKFLOW_START;
      if (unmatched !== undefined && !isForOne && unmatchedTriggers.length < MAX_UNMATCHED) {
        unmatchedTriggers.push({ trigger: trigger.id, reason: unmatched.reason() });
      }
      if (!matches) continue;
      if (isEndless) {
        skipped.push({
          by: trigger.id,
          reason: `the event has come through ${MAX_HOPS} runs already: does a workflow start itself?`,
        });
        continue;
      }
      matching.push(candidate);
    }
    return { matching, skipped, unmatched: unmatchedTriggers };
  }

  #matchingWaits(
    event: FilteredEvent,
    skipped: { by: string; reason: string }[],
  ): { wakes: Wait[]; missed: MissedWait[] } {
    const served = new Set<RunId>();
    const missed: MissedWait[] = [];
    const wakes = this.#waits.openFor(event.event.type).filter((wait) => {
      const { run, command } = wait;
      // One run consumes an event once, by the wait it registered first.
      if (served.has(run)) return false;
      const { matches, failed, unmatched } = this.#matching.decide(wait.criteria, event);
      if (failed !== undefined)
        skipped.push({ by: `${run} ${command}`, reason: `its filter failed: ${failed}` });
      if (unmatched) missed.push({ run, command, unmatched });
      if (matches) served.add(run);
      return matches;
    });
    return { wakes, missed: missed.filter(({ run }) => !served.has(run)) };
  }

  // -------------------------------------------------------------------- waits

  async registerWait(wait: {
    run: RunId;
    command: CommandId;
    type: string;
    filter?: string;
    match?: JsonObject;
    afterSeq: number | "now";
    isSensitive?: boolean;
  }): Promise<void> {
    const { run, command, type, filter, match, isSensitive } = wait;
    if (this.#waits.isKnown(run, command)) return;
    const afterSeq = wait.afterSeq === "now" ? this.#events.lastSeq() : wait.afterSeq;
    const open: Wait = { run, command, criteria: { type, filter, match, isSensitive }, afterSeq };
    this.#waits.insert(open, Date.now());
    this.#lookBack(open);
    this.#flush();
  }

  /** Finds the first event that has arrived for a wait and that its run has not consumed. */
  #lookBack(wait: Wait): void {
    const { run, command, criteria, afterSeq } = wait;
    const seq = this.#events.firstUnconsumed(
      { run, type: criteria.type, afterSeq },
      (event) => this.#matching.decide(criteria, new FilteredEvent(event)).matches,
    );
    if (seq !== undefined) this.#send(run, command, seq);
  }

  #send(run: RunId, command: CommandId, seq: number): void {
    const delivery: QueuedDelivery = { command, seq };
    this.#waits.sent(run, command, seq);
    this.#outbox.add({ receiver: `run/${run}`, method: "deliverEvent", args: [delivery] });
  }

  async markConsumed({ run, seqs }: { run: RunId; seqs: number[] }): Promise<void> {
    const now = Date.now();
    for (const seq of seqs) this.#waits.markTaken(run, seq, now);
  }

  async cancelWait(wait: { run: RunId; command: CommandId }): Promise<void> {
    this.#waits.cancel(wait.run, wait.command);
  }

  async forgetRun(run: RunId, successor?: RunId): Promise<void> {
    await this.#toldByRuns.add(() => {
      this.#waits.forget(run);
      if (successor !== undefined) this.#starts.continued(run, successor, Date.now());
      this.#starts.finished(run, Date.now());
    });
  }

  // ----------------------------------------------------------------- delivery

  /** A queued message with the event and the program that it stands for. */
  #filledIn(queued: Message): Message {
    if (queued.method === "start") {
      const [start] = queued.args as [QueuedStart];
      const { trigger, workflow, digest, seq } = start;
      const { initiator, receivedAt: askedAt } = this.#stored(seq);
      const program = this.#triggers.program(digest);
      if (!program) throw new Error(`the program ${digest} of ${workflow} is no longer kept`);
      const id = queued.receiver.slice("run/".length) as RunId;
      const workspace = DEFAULT_WORKSPACE;
      const event = eventOfStart(start, { workspace, run: id, eventAt: (one) => this.#stored(one).event });
      return message("run", id, "start", [
        { id, workspace, workflow, program, trigger, event, eventSeq: seq, initiator, askedAt },
      ]);
    }
    if (queued.method !== "deliverEvent") return queued;
    const [{ command, seq }] = queued.args as [QueuedDelivery];
    return { ...queued, args: [{ command, seq, event: this.#stored(seq).event }] };
  }

  #stored(seq: number): StoredEvent {
    const stored = this.#events.at(seq);
    if (!stored) throw new Error(`the event with the arrival number ${seq} is no longer kept`);
    return stored;
  }

  #answered(queued: Message, answer: unknown): void {
    const run = queued.receiver.slice("run/".length) as RunId;
    if (queued.method === "standing") {
      this.#starts.stands(run, answer as Standing, Date.now());
      return;
    }
    if (queued.method !== "deliverEvent") return;
    const [{ command, seq }] = queued.args as [QueuedDelivery];
    if ((answer as { accepted: boolean }).accepted) {
      this.#waits.taken(run, command, seq);
      return;
    }
    this.#waits.turnedDown(run, command, seq);
    for (const wait of this.#waits.openOf(run)) this.#lookBack(wait);
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

  async cancelStart(cancel: { run: RunId; by: Identity; reason: string }): Promise<Result<StartView>> {
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

  async resumeSchedule(resume: { id: string; by: Identity }): Promise<Result<ScheduleView>> {
    const { id, by } = resume;
    const now = Date.now();
    return this.#audited(`schedule/${id}/resume/${now}`, by, "schedule.resume", id, {}, now, () =>
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

  /** Does what somebody asks for, and tells the audit log in the same write; refusals are not told. */
  #audited<T>(
    key: string,
    by: Identity,
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
    const days = Math.max(Number(this.env.SLUICE_EVENT_RETENTION_DAYS ?? 0) || 0, MIN_RETENTION_DAYS);
    const before = now - days * DAY_MS;
    const removed = this.#events.removeOlder(before, REMOVED_AT_ONCE);
    const removedStarts = this.#startRows.removeOlder(before, REMOVED_AT_ONCE);
    this.#triggers.removeUnused(before);
    this.#waits.removeOver(before);
    // A little at a time: events go on arriving meanwhile.
    this.#setRetention(Math.max(removed, removedStarts) === REMOVED_AT_ONCE ? now + 1000 : now + DAY_MS);
  }
}

/** A stored event as people may see it. */
function masked(stored: StoredEvent): StoredEvent {
  return { ...stored, event: maskedEvent(stored.event) };
}
