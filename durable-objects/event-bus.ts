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
import { FilteredEvent } from "../src/events/filter.ts";
import { hopsOf, MAX_HOPS } from "../src/events/hops.ts";
import { Matching } from "../src/events/matching.ts";
import { runIdFor } from "../src/events/run-id.ts";
import type { CloudEvent, EventReceipt, StoredEvent } from "../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../src/protocol/ids.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { ProgramSource, Trigger, TriggerStatus } from "../src/protocol/workflow.ts";
import { openActorStorage } from "../src/storage/actor-storage.ts";
import type { Alarm } from "../src/storage/alarm.ts";
import { handleAlarm } from "../src/storage/alarm-handler.ts";
import { applyMigrations } from "../src/storage/migrations.ts";
import type { Message, Outbox } from "../src/storage/outbox.ts";
import type { Timers } from "../src/storage/timers.ts";
import { deliverMessage, message } from "./deliver.ts";
import { type Effects, EventRows } from "./event-bus/event-rows.ts";
import { type BusTrigger, TriggerRows } from "./event-bus/trigger-rows.ts";
import { type Wait, WaitRows } from "./event-bus/wait-rows.ts";
import type { EventBusRpc } from "./rpc.ts";
import { sha256 } from "./sha256.ts";
import { DEFAULT_WORKSPACE } from "./stubs.ts";

const DAY_MS = 24 * 3600_000;
/** Runs may look back this far, so less cannot be configured. */
const MIN_RETENTION_DAYS = 30;
const RETENTION_TIMER = "retention";
const REMOVED_AT_ONCE = 500;
/** How many undecided triggers and waits a receipt lists. */
const MAX_SKIPPED = 20;

/** What a queued start holds in the place of the event and the program. */
type QueuedStart = { trigger: Trigger; workflow: string; digest: string; seq: number };
type QueuedDelivery = { command: CommandId; seq: number };

export class EventBus extends DurableObject<Env> implements EventBusRpc {
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #events: EventRows;
  readonly #triggers: TriggerRows;
  readonly #waits: WaitRows;
  readonly #matching = new Matching();
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
    ctx.blockConcurrencyWhile(async () => {
      applyMigrations(ctx.storage, migrations);
    });
  }

  // ------------------------------------------------------------------ arrival

  async ingest(events: CloudEvent[], initiator: string): Promise<EventReceipt[]> {
    const now = Date.now();
    const receipts = this.ctx.storage.transactionSync(() =>
      events.map((event) => this.#repeated(event) ?? this.#take(event, initiator, now)),
    );
    this.#keepRetention(now);
    this.#flush();
    return receipts;
  }

  #repeated(event: CloudEvent): EventReceipt | undefined {
    const receipt = this.#events.receipt(event.source, event.id);
    return receipt && { ...receipt, duplicate: true };
  }

  #take(event: CloudEvent, initiator: string, now: number): EventReceipt {
    const skipped: NonNullable<EventReceipt["skipped"]> = [];
    const filtered = new FilteredEvent(event);
    const starts = this.#matchingTriggers(filtered, now, skipped);
    const wakes = this.#matchingWaits(filtered, skipped);
    const effects: Effects = {
      started: starts.map(({ run, workflow, trigger }) => ({ run, workflow, trigger: trigger.id })),
      woke: wakes.map(({ run, command }) => ({ run, command })),
      ...(skipped.length > 0 && { skipped: skipped.slice(0, MAX_SKIPPED) }),
    };
    const seq = this.#events.insert(event, { initiator, receivedAt: now }, effects);
    for (const { run, trigger, workflow, digest } of starts) {
      const start: QueuedStart = { trigger, workflow, digest, seq };
      this.#outbox.add({ receiver: `run/${run}`, method: "start", args: [start] });
    }
    for (const { run, command } of wakes) this.#send(run, command, seq);
    return { id: event.id, source: event.source, type: event.type, seq, duplicate: false, ...effects };
  }

  #matchingTriggers(
    event: FilteredEvent,
    now: number,
    skipped: { by: string; reason: string }[],
  ): (BusTrigger & { run: RunId })[] {
    const isEndless = hopsOf(event.event) > MAX_HOPS;
    const starts: (BusTrigger & { run: RunId })[] = [];
    for (const candidate of this.#triggers.all()) {
      const { trigger } = candidate;
      const { matches, failed } = this.#matching.decide(trigger, event);
      if (failed !== undefined) {
        this.#triggers.noteFailure(trigger.id, event.event, failed, now);
        skipped.push({ by: trigger.id, reason: `its filter failed: ${failed}` });
      }
      if (!matches) continue;
      if (isEndless) {
        skipped.push({
          by: trigger.id,
          reason: `the event has come through ${MAX_HOPS} runs already: does a workflow start itself?`,
        });
        continue;
      }
      starts.push({ ...candidate, run: runIdFor(trigger.id, event.event, sha256) });
    }
    return starts;
  }

  #matchingWaits(event: FilteredEvent, skipped: { by: string; reason: string }[]): Wait[] {
    const served = new Set<RunId>();
    return this.#waits.openFor(event.event.type).filter((wait) => {
      // One run consumes an event once, by the wait it registered first.
      if (served.has(wait.run)) return false;
      const { matches, failed } = this.#matching.decide(wait.criteria, event);
      if (failed !== undefined) {
        skipped.push({ by: `${wait.run} ${wait.command}`, reason: `its filter failed: ${failed}` });
      }
      if (matches) served.add(wait.run);
      return matches;
    });
  }

  // -------------------------------------------------------------------- waits

  async registerWait(wait: {
    run: RunId;
    command: CommandId;
    type: string;
    filter?: string;
    match?: JsonObject;
    afterSeq: number | "now";
  }): Promise<void> {
    const { run, command, type, filter, match } = wait;
    if (this.#waits.isKnown(run, command)) return;
    const afterSeq = wait.afterSeq === "now" ? this.#events.lastSeq() : wait.afterSeq;
    const open: Wait = { run, command, criteria: { type, filter, match }, afterSeq };
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

  async cancelWait(wait: { run: RunId; command: CommandId }): Promise<void> {
    this.#waits.cancel(wait.run, wait.command);
  }

  async forgetRun(run: RunId): Promise<void> {
    this.#waits.forget(run);
  }

  // ----------------------------------------------------------------- delivery

  /** A queued message with the event and the program that it stands for. */
  #filledIn(queued: Message): Message {
    if (queued.method === "start") {
      const [{ trigger, workflow, digest, seq }] = queued.args as [QueuedStart];
      const { event, initiator } = this.#stored(seq);
      const program = this.#triggers.program(digest);
      if (!program) throw new Error(`the program ${digest} of ${workflow} is no longer kept`);
      const id = queued.receiver.slice("run/".length) as RunId;
      const workspace = DEFAULT_WORKSPACE;
      return message("run", id, "start", [
        { id, workspace, workflow, program, trigger, event, eventSeq: seq, initiator },
      ]);
    }
    const [{ command, seq }] = queued.args as [QueuedDelivery];
    return { ...queued, args: [{ command, seq, event: this.#stored(seq).event }] };
  }

  #stored(seq: number): StoredEvent {
    const stored = this.#events.at(seq);
    if (!stored) throw new Error(`the event with the arrival number ${seq} is no longer kept`);
    return stored;
  }

  #answered(queued: Message, answer: unknown): void {
    if (queued.method !== "deliverEvent") return;
    const run = queued.receiver.slice("run/".length) as RunId;
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
    this.ctx.storage.transactionSync(() => this.#triggers.replace(update, Date.now()));
  }

  async triggers(): Promise<TriggerStatus[]> {
    return this.#triggers.statuses();
  }

  // ------------------------------------------------------------------ reading

  async events(page: {
    before?: number;
    limit: number;
    type?: string;
  }): Promise<{ events: StoredEvent[]; next?: number }> {
    const { events, hasMore } = this.#events.page(page);
    const last = events.at(-1);
    return { events, ...(last && hasMore && { next: last.seq }) };
  }

  async event(key: { source: string; id: string }): Promise<Result<StoredEvent>> {
    const stored = this.#events.find(key.source, key.id);
    return stored ? ok(stored) : refuse("unknown_event", `there is no event ${key.id} from ${key.source}`);
  }

  // ---------------------------------------------------------------- retention

  override async alarm(): Promise<void> {
    await handleAlarm({
      alarm: this.#alarm,
      timers: this.#timers,
      outbox: this.#outbox,
      now: Date.now,
      onTimer: () => this.#removeOld(Date.now()),
    });
  }

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
    this.#triggers.removeUnused(before);
    this.#waits.removeOver(before);
    // A little at a time: events go on arriving meanwhile.
    this.#setRetention(removed === REMOVED_AT_ONCE ? now + 1000 : now + DAY_MS);
  }
}
