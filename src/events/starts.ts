// From a matched event to a run, where the trigger has a say in its pace: collect events (debounce, batch), get a
// permit (rate_limit), get a place (concurrency), start. The event bus and `sluice test` both go by it.
//
// 1. Each step is a change in the store, in the turn of its cause, with the timer that ends it. So a start is in exactly
//    one place, and after a power cut the timer goes on where the store is.
// 2. A place is free again when its run says so. Should that never arrive, the bus asks runs that others wait for.
// 3. A start that is on its way is one message; in the store it is then `started` for good.
import type { RunId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import {
  isWaiting,
  type PlaceAnswer,
  type PlaceClaim,
  type Standing,
  type StartState,
  type StartView,
} from "../protocol/start.ts";
import type { Trigger } from "../protocol/workflow.ts";
import type { FilteredEvent } from "./expression.ts";
import { Keys } from "./key.ts";
import { gatheredAt, MAX_BATCH_LENGTH, permitAt } from "./pace.ts";
import { type Holder, isAtRest, settle } from "./places.ts";
import { runIdFor, type Sha256Hex } from "./run-id.ts";
import type { NewStart, Start, StartStore } from "./start-store.ts";
import { type Parent, parentOfStart, priorityOf } from "./workflow-start.ts";

/** What a run is begun with, in the place of the events and the program. */
export interface QueuedStart {
  trigger: Trigger;
  workflow: string;
  digest: string;
  /** Of the event; of a batch the last one. */
  seq: number;
  /** Of a batch, all its events. */
  seqs?: number[];
  merged?: number;
  dropped?: number;
}

/** What a start waits for that a clock decides. */
export interface StartTimer {
  id: string;
  kind: string;
  dueAt: number;
  data: JsonValue;
}

export interface StartPorts {
  store: StartStore;
  timers: {
    /** Sets or moves a timer: at its time, `fire` is called. */
    set(timer: StartTimer): void;
    drop(id: string): void;
    get(id: string): { dueAt: number } | undefined;
  };
  sha256Hex: Sha256Hex;
  /** Begins a run: a message, which comes at least once. */
  begin(run: RunId, start: QueuedStart): void;
  /** Asks a run to end, unless that is under way: a message, too. */
  cancel(run: RunId, reason: string): void;
  /** Tells a run that has claimed a place what has become of that: a message, too. */
  tellPlace(run: RunId, answer: PlaceAnswer): void;
  /** Tells the run that has asked for a start that it does not begin: a message, too. */
  tellParent(parent: Parent, start: Pick<StartView, "state" | "reason">): void;
  /** Asks a run whether it is over, unless it is being asked; answered with `stands`. */
  ask(run: RunId): void;
}

/** Starts of one scope or group that may wait; more are dropped, and their events' receipts say so. */
const MAX_WAITING = 1000;
const MAX_NAMED = 3;
const ASK_EVERY_MS = 5 * 60_000;
const ASK_TIMER = "places";

/** What becomes of a matched event. `queued`: it waits, or has been dropped; its state says which. */
export type Arrival =
  | { kind: "started"; run: RunId }
  | { kind: "queued"; run: RunId; state: StartView["state"]; reason: string }
  | { kind: "undecided"; reason: string };

export function hasFlowControl({ concurrency, rateLimit, debounce, batch }: Trigger): boolean {
  return [concurrency, rateLimit, debounce, batch].some((rule) => rule !== undefined);
}

export class Starts {
  readonly #ports: StartPorts;
  readonly #rows: StartStore;
  readonly #timers: StartPorts["timers"];
  readonly #keys = new Keys();

  constructor(ports: StartPorts) {
    this.#ports = ports;
    this.#rows = ports.store;
    this.#timers = ports.timers;
  }

  // ------------------------------------------------------------------ arrival

  /** An event has matched a trigger. `seq` is its arrival number. */
  arrive(
    { trigger, workflow, digest }: { trigger: Trigger; workflow: string; digest: string },
    event: FilteredEvent,
    from: { seq: number; initiator: string; now: number },
  ): Arrival {
    const { seq, initiator, now } = from;
    const run = runIdFor(trigger.id, event.event, this.#ports.sha256Hex);
    if (!hasFlowControl(trigger)) {
      this.#ports.begin(run, { trigger, workflow, digest, seq });
      return { kind: "started", run };
    }
    // The event has been here before, so long ago that only its start is still known.
    if (this.#rows.find(run)) return this.#outcome(run);
    const keys = this.#keysOf(trigger, event, initiator);
    if (!keys.ok) return { kind: "undecided", reason: keys.error.message };
    const added: NewStart = {
      run,
      trigger,
      workflow,
      digest,
      initiator,
      ...keys.value,
      priority: priorityOf({ trigger, event: event.event }),
      parent: parentOfStart({ trigger, event: event.event }),
      arrival: seq,
      length: JSON.stringify(event.event).length,
      createdAt: now,
    };
    const id = added.gatherKey === undefined ? this.#single(added, now) : this.#gather(added, now);
    return this.#outcome(id);
  }

  #keysOf(
    trigger: Trigger,
    event: FilteredEvent,
    initiator: string,
  ): Result<Pick<NewStart, "gatherKey" | "permitScope" | "placeGroup">> {
    const { concurrency, rateLimit, debounce, batch } = trigger;
    const gather = debounce ?? batch;
    const gatherKey = gather && this.#keys.of(gather.key, event);
    const permitKey = rateLimit && this.#keys.of(rateLimit.key, event);
    const placeKey = concurrency && this.#keys.of(concurrency.key, event);
    for (const key of [gatherKey, permitKey, placeKey]) if (key && !key.ok) return key;
    return ok({
      // A batch has one initiator: who may approve what it does must stay one person's question.
      gatherKey: gatherKey?.ok ? JSON.stringify([gatherKey.value, batch ? initiator : ""]) : undefined,
      permitScope: permitKey?.ok ? scopeName(trigger.id, permitKey.value) : undefined,
      placeGroup: placeKey?.ok ? scopeName(concurrency?.group ?? trigger.id, placeKey.value) : undefined,
    });
  }

  #single(added: NewStart, now: number): RunId {
    this.#rows.insert(added);
    this.#askForPermit(added.run, now);
    return added.run;
  }

  #gather(added: NewStart, now: number): RunId {
    const { debounce, batch } = added.trigger;
    let open = this.#rows.gathering(added.trigger.id, added.gatherKey ?? "");
    if (open && batch && open.length + added.length > MAX_BATCH_LENGTH) {
      this.#gathered(open.run, now);
      open = undefined;
    }
    if (open) this.#rows.addEvent(open.run, added, now);
    else this.#rows.insert(added);
    const run = open?.run ?? added.run;
    const count = (open?.events ?? 0) + 1;
    if (batch && count >= batch.max) {
      this.#gathered(run, now);
      return run;
    }
    const dueAt = gatheredAt({ debounce, batch }, { firstAt: open?.createdAt ?? now, lastAt: now });
    const reason = batch
      ? `${count} of ${batch.max} events of its batch have come`
      : "waits until no event comes";
    this.#rows.become(run, "gathering", { reason, now, dueAt });
    this.#timers.set({ id: `gather/${run}`, kind: "gather", dueAt, data: { run } });
    return run;
  }

  #gathered(run: RunId, now: number): void {
    this.#timers.drop(`gather/${run}`);
    if (this.#rows.find(run)?.state === "gathering") this.#askForPermit(run, now);
  }

  #outcome(run: RunId): Arrival {
    const now = this.#rows.view(run);
    if (!now) throw new Error(`the start ${run} has no row`);
    const { state, reason } = now;
    return state === "started" ? { kind: "started", run } : { kind: "queued", run, state, reason };
  }

  // ------------------------------------------------------------------ permits

  #askForPermit(run: RunId, now: number): void {
    const start = this.#start(run);
    const { rateLimit } = start.trigger;
    const scope = start.permitScope;
    if (!rateLimit || scope === undefined) {
      this.#askForPlace(start, now);
      return;
    }
    if (this.#rows.limitedCount(scope) >= MAX_WAITING) {
      this.#drop(start, `${MAX_WAITING} starts wait for a permit already`, now);
      return;
    }
    this.#rows.become(run, "limited", { reason: "waits for a permit", now });
    this.#givePermits(scope, now);
  }

  #givePermits(scope: string, now: number): void {
    for (let next = this.#rows.nextLimited(scope); next; next = this.#rows.nextLimited(scope)) {
      const { rateLimit } = next.trigger;
      if (!rateLimit) throw new Error(`the start ${next.run} waits for a permit that nothing asks for`);
      const freeAt = permitAt(rateLimit, this.#rows.grantedAt(scope, rateLimit.count));
      if (freeAt > now) {
        const period = `${rateLimit.count} runs have started in ${rateLimit.perMs / 1000} s`;
        if (rateLimit.over === "drop") {
          this.#drop(next, period, now);
          continue;
        }
        this.#rows.become(next.run, "limited", {
          reason: `waits for a permit: ${period}`,
          now,
          dueAt: freeAt,
        });
        this.#timers.set({ id: `permit/${scope}`, kind: "permit", dueAt: freeAt, data: { scope } });
        return;
      }
      this.#rows.grant(scope, now, now - 2 * rateLimit.perMs);
      this.#askForPlace(next, now);
    }
  }

  // ------------------------------------------------------------------- places

  /** A run that is restarted asks for a place, by the rules for starts, and as old as its event. Idempotent. */
  claim({ run, continues, trigger, key, seq, ...of }: PlaceClaim, now: number): void {
    const known = this.#rows.find(run);
    if (known) {
      // The one that it takes the place of was quicker to hand it over.
      if (known.state === "started") this.#ports.tellPlace(run, { isGranted: true });
      return;
    }
    const before = this.#rows.find(continues);
    const { concurrency } = trigger;
    // A run that continues with other data stays in the group of its event.
    const isSameRule = JSON.stringify(before?.trigger.concurrency) === JSON.stringify(concurrency);
    const placeGroup =
      before?.placeGroup !== undefined && isSameRule
        ? before.placeGroup
        : key.ok
          ? scopeName(concurrency?.group ?? trigger.id, key.value)
          : undefined;
    if (placeGroup === undefined) {
      const reason = `it cannot be told which place it needs: ${key.ok ? "" : key.error.message}`;
      this.#ports.tellPlace(run, { isGranted: false, reason });
      return;
    }
    // Its own end may arrive after this. Others hear of the free place once the claim stands: they must not be quicker.
    const freed = this.#letGo(continues, now);
    this.#rows.insert({
      ...of,
      run,
      continues,
      trigger,
      placeGroup,
      permitScope: undefined,
      gatherKey: undefined,
      priority: before?.priority ?? trigger.priority ?? 0,
      arrival: seq,
      length: 0,
      createdAt: now,
    });
    this.#askForPlace(this.#start(run), now);
    if (freed !== undefined) this.#settle(freed, now);
  }

  /** Ends what a run was here for that is begun again; gives the group where it held a place, or waited for one. */
  #letGo(run: RunId, now: number): string | undefined {
    const start = this.#rows.find(run);
    if (start?.state === "queued") {
      this.#rows.become(run, "cancelled", { reason: "it is begun again as another run", now });
    } else if (start?.state === "started") this.#rows.become(run, "finished", { reason: "", now });
    else return undefined;
    return start.placeGroup;
  }

  #askForPlace(start: Start, now: number): void {
    const group = start.placeGroup;
    if (group === undefined) {
      this.#begin(start, now);
      return;
    }
    if (this.#rows.queuedCount(group) >= MAX_WAITING) {
      this.#drop(start, `${MAX_WAITING} starts wait for a place in ${group} already`, now);
      return;
    }
    this.#rows.become(start.run, "queued", { reason: `waits for a place in ${group}`, now });
    this.#settle(group, now);
  }

  #settle(group: string, now: number): void {
    const holders = this.#rows.holders(group);
    const newest = this.#rows.newestQueued(group);
    if (isAtRest(newest, holders.length)) {
      if (newest) this.#askAgain(now);
      return;
    }
    const waiting = this.#rows.queued(group);
    const { start, drop, cancel } = settle(waiting, holders);
    for (const { run, inFavourOf } of drop) {
      const dropped = this.#start(run);
      if (inFavourOf === undefined) {
        // Nobody stays queued, so no timer asks those who hold the places whether they are over.
        for (const holder of this.#rows.holdingSince(group, now - ASK_EVERY_MS)) this.#ports.ask(holder);
        this.#drop(dropped, `no place in ${group} was free: ${named(holders)}`, now);
        continue;
      }
      this.#giveUp(dropped, "superseded", `${inFavourOf} goes in its place`, now);
      this.#rows.addMerged(inFavourOf, dropped.events + dropped.merged);
    }
    for (const run of cancel) {
      this.#rows.noteCancelled(run);
      this.#cancelRun(run, group);
    }
    for (const run of start) this.#begin(this.#start(run), now);
    if (waiting.length > start.length + drop.length) this.#askAgain(now);
  }

  #cancelRun(run: RunId, group: string): void {
    this.#ports.cancel(run, `a newer run of ${group} takes its place`);
  }

  #begin(start: Start, now: number): void {
    const { run, trigger, workflow, digest, arrival } = start;
    this.#rows.become(run, "started", { reason: "", now });
    if (start.continues !== undefined) {
      this.#ports.tellPlace(run, { isGranted: true });
      return;
    }
    const debounced = trigger.debounce ? start.events - 1 : 0;
    const merged = start.merged + debounced;
    const dropped = this.#rows.takeDropCount(trigger.id);
    this.#ports.begin(run, {
      trigger,
      workflow,
      digest,
      seq: arrival,
      ...(trigger.batch && { seqs: this.#rows.seqs(run) }),
      ...(merged > 0 && { merged }),
      ...(dropped > 0 && { dropped }),
    });
  }

  #drop(start: Start, reason: string, now: number): void {
    this.#giveUp(start, "dropped", reason, now);
    this.#rows.countDrop(start.trigger.id);
  }

  /** A start does not begin after all. The run of a claim is there already, and hears of it; so does a parent. */
  #giveUp({ run, continues, parent }: Start, state: StartState, reason: string, now: number): void {
    this.#rows.become(run, state, { reason, now });
    if (continues !== undefined) this.#ports.tellPlace(run, { isGranted: false, reason });
    else if (parent) this.#ports.tellParent(parent, { state, reason });
  }

  /** A run goes on as another one, which takes its place over. Idempotent. */
  continued(run: RunId, successor: RunId, now: number): void {
    const start = this.#rows.find(run);
    if (start?.state !== "started" || start.placeGroup === undefined || this.#rows.find(successor)) return;
    this.#rows.insert({ ...start, run: successor, gatherKey: undefined, continues: run, createdAt: now });
    this.#rows.become(successor, "started", { reason: `continues ${run}`, now });
    // It began when this one ended, and may have told of its own end before this was told.
    this.#ports.ask(successor);
  }

  /** A run is over: its place goes to the next. Idempotent. */
  finished(run: RunId, now: number): void {
    const start = this.#rows.find(run);
    if (start?.placeGroup === undefined) return;
    const { state, placeGroup } = start;
    if (state === "started") this.#rows.become(run, "finished", { reason: "", now });
    else if (state === "queued") {
      this.#rows.become(run, "cancelled", { reason: "its run ended before it had a place", now });
    } else return;
    this.#settle(placeGroup, now);
  }

  /** Somebody takes a start back that has not begun. Refuses `unknown_start` and `already_started`. */
  cancel(run: RunId, reason: string, now: number): Result<StartView> {
    const start = this.#rows.find(run);
    if (!start) return refuse("unknown_start", `no start of a run ${run} waits or has waited`);
    if (!isWaiting(start)) {
      return refuse("start_not_waiting", `the start of ${run} waits no more: it is ${start.state}`);
    }
    this.#takeBack(start, reason, now);
    const view = this.#rows.view(run);
    return view ? ok(view) : refuse("unknown_start", `no start of a run ${run} waits or has waited`);
  }

  #takeBack(start: Start, reason: string, now: number): void {
    this.#timers.drop(`gather/${start.run}`);
    this.#giveUp(start, "cancelled", reason, now);
    // Its rule was the group's if it was the newest: by the next one's, a place may be free.
    if (start.state === "queued" && start.placeGroup !== undefined) this.#settle(start.placeGroup, now);
  }

  /** A run wants one no more that it has asked for. Whether that one is to hear of it: it has begun, or will. */
  closeChild(run: RunId, parent: RunId, now: number): boolean {
    const start = this.#rows.find(run);
    if (!start || start.state === "started" || start.state === "finished") return true;
    // Under an id of its choice, somebody may name a start that another run has asked for.
    const isOwn = start.parent?.run === parent;
    if (isOwn && isWaiting(start)) {
      this.#takeBack(start, "the run that asked for it has ended, or wants it no more", now);
    }
    return false;
  }

  // -------------------------------------------------------------------- timers

  /** True when the timer is one of ours, and dealt with. */
  fire({ id, kind, dueAt, data }: StartTimer, now: number): boolean {
    // Moved since it was found to be due: it will fire again.
    if (this.#timers.get(id)?.dueAt !== dueAt) return true;
    this.#timers.drop(id);
    const { run, scope } = (data ?? {}) as { run?: RunId; scope?: string };
    if (kind === "gather" && run !== undefined) this.#gathered(run, now);
    else if (kind === "permit" && scope !== undefined) this.#givePermits(scope, now);
    else if (kind === ASK_TIMER) this.#askRuns(now);
    else return false;
    return true;
  }

  #askAgain(now: number): void {
    if (this.#timers.get(ASK_TIMER)) return;
    this.#timers.set({ id: ASK_TIMER, kind: ASK_TIMER, dueAt: now + ASK_EVERY_MS, data: null });
  }

  /** Asks the runs that others wait for whether they are over: a run's last message may have been given up. */
  #askRuns(now: number): void {
    for (const run of this.#rows.heldUp(now - ASK_EVERY_MS)) this.#ports.ask(run);
    if (this.#rows.isSomebodyQueued()) this.#askAgain(now);
  }

  /** A run's answer to that. */
  stands(run: RunId, { state, successor }: Standing, now: number): void {
    if (state === "over") {
      // What it was to tell of that may have been given up, too.
      if (successor !== undefined) this.continued(run, successor, now);
      this.finished(run, now);
    }
    const start = this.#rows.find(run);
    if (start?.state !== "started" || start.placeGroup === undefined) return;
    if (state === "waiting") this.#ports.tellPlace(run, { isGranted: true });
    // It may not have been there yet when it was asked to end.
    if (start.isCancelled && state !== "unknown") this.#cancelRun(run, start.placeGroup);
    if (state !== "unknown") return;
    // The run before it begins it, with what it is to know: from the event alone it would do everything once more.
    if (start.continues !== undefined) return;
    // Its start was given up. It is promised, so it is sent again, unless a newer one has taken its place.
    if (!start.isCancelled) this.#begin(start, now);
    else {
      this.#giveUp(start, "cancelled", "a newer run took its place before it began", now);
      this.#settle(start.placeGroup, now);
    }
  }

  /** Whether a start was taken back, or has lost its place to a newer one, before it began: it never begins. */
  isCancelled(run: RunId): boolean {
    return this.#rows.find(run)?.state === "cancelled";
  }

  /** Whether a run that holds a place is still to begin, by another run: what it has not heard, it must hear then. */
  isToBeBegun(run: RunId): boolean {
    const start = this.#rows.find(run);
    return start?.state === "started" && start.continues !== undefined;
  }

  #start(run: RunId): Start {
    const start = this.#rows.find(run);
    if (!start) throw new Error(`the start ${run} has no row`);
    return start;
  }
}

/** A text is kept for every start that is dropped: it names no more than a few. */
function named(holders: readonly Holder[]): string {
  const shown = holders.slice(0, MAX_NAMED).map(({ run }) => run);
  const more = holders.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A trigger or group and a key, for people as well: `deploy/release` or `environments[production]`. */
function scopeName(owner: string, key: string): string {
  return key === "" ? owner : `${owner}[${key}]`;
}
