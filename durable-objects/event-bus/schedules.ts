// The schedules of a workspace: each has one timer, and fires by taking an event like any other.
//
// 1. An event's identity is (schedule, time), and the turn that takes it moves the schedule on: after a power cut the
//    timer fires again, and finds either nothing done or all of it.
// 2. A schedule belongs to its trigger's id: a new version of the workflow leaves what it has fired for and who paused
//    it as it is; where its times change, it goes on with the first new one.
import { type BackfillRange, takingTurns, timesToBackfill } from "../../src/events/backfill.ts";
import { dueAt, firingsAt, GRACE_MS } from "../../src/events/firing.ts";
import { type Firing, scheduleEvent } from "../../src/events/schedule-event.ts";
import { nextTime, nextTimes } from "../../src/events/timetable.ts";
import type { CloudEvent, EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { Schedule } from "../../src/protocol/flow-control.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { Backfilled, ScheduleView } from "../../src/protocol/schedule.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import type { Timers } from "../../src/storage/timers.ts";
import { sha256 } from "../sha256.ts";
import { DEFAULT_WORKSPACE } from "../stubs.ts";
import type { ScheduleRows, ScheduleState } from "./schedule-rows.ts";

const SHOWN_TIMES = 5;
const TIMER = "schedule";

type Take = (
  event: CloudEvent,
  initiator: string,
  now: number,
  rule?: (trigger: Trigger) => Trigger,
) => EventReceipt;

function isSameTimes(a: Schedule, b: Schedule): boolean {
  return a.cron === b.cron && a.everyMs === b.everyMs && a.timezone === b.timezone;
}

export class Schedules {
  readonly #rows: ScheduleRows;
  readonly #timers: Timers;
  readonly #take: Take;

  constructor(parts: { rows: ScheduleRows; timers: Timers; take: Take }) {
    this.#rows = parts.rows;
    this.#timers = parts.timers;
    this.#take = parts.take;
  }

  /** A workflow's triggers have changed: those of `on_schedule` among them are its schedules from now on. */
  replace(workflow: string, triggers: readonly Trigger[], now: number): void {
    const kept = new Set(triggers.filter(({ schedule }) => schedule).map(({ id }) => id));
    for (const { id } of this.#rows.of(workflow)) {
      if (kept.has(id)) continue;
      this.#rows.remove(id);
      this.#timers.drop(`${TIMER}/${id}`);
    }
    for (const { id, schedule } of triggers) {
      if (!schedule) continue;
      const known = this.#rows.find(id);
      const isUnchanged = known && isSameTimes(known.schedule, schedule);
      this.#put({
        id,
        workflow,
        schedule,
        nextTime: isUnchanged ? known.nextTime : nextTime(schedule, now),
        last: known?.last,
        paused: known?.paused,
      });
    }
  }

  #put(state: ScheduleState): void {
    const { id, schedule, nextTime: next, paused } = state;
    this.#rows.put(state);
    const timer = `${TIMER}/${id}`;
    if (next === undefined || paused) this.#timers.drop(timer);
    else {
      const due = dueAt(schedule, id, next, sha256);
      this.#timers.set({ id: timer, kind: TIMER, dueAt: due, data: { schedule: id } });
    }
  }

  /** Fires for what has come. Call it in a transaction. */
  fire(id: string, now: number): void {
    const state = this.#rows.find(id);
    if (!state || state.paused || state.nextTime === undefined) {
      this.#timers.drop(`${TIMER}/${id}`);
      return;
    }
    const { times, next } = firingsAt(state, { from: state.nextTime, now }, sha256);
    let { last } = state;
    for (const time of times) {
      const isLate = now - dueAt(state.schedule, id, time, sha256) > GRACE_MS;
      const { seq } = this.#fireFor(state, { schedule: id, time, firedAt: now, isLate }, `schedule:${id}`);
      last = { time, seq };
    }
    this.#put({ ...state, last, nextTime: next?.time });
  }

  #fireFor(
    { schedule }: ScheduleState,
    firing: Firing,
    initiator: string,
    rule?: (trigger: Trigger) => Trigger,
  ): EventReceipt {
    return this.#take(scheduleEvent(DEFAULT_WORKSPACE, schedule, firing), initiator, firing.firedAt, rule);
  }

  /** Fires by hand, also when paused. The same `key` again changes nothing. */
  trigger(id: string, key: string, by: string, now: number): Result<EventReceipt> {
    const state = this.#rows.find(id);
    if (!state) return unknown(id);
    return ok(this.#fireFor(state, { schedule: id, time: now, firedAt: now, manual: key }, by));
  }

  /** Fires for the times of a range that have not been fired for yet, also when paused. Again, it changes nothing. */
  backfill(
    id: string,
    range: BackfillRange,
    { by, now, keptSince }: { by: string; now: number; keptSince: number },
  ): Result<Backfilled> {
    const state = this.#rows.find(id);
    if (!state) return unknown(id);
    const times = timesToBackfill(state.schedule, range, { now, keptSince });
    if (!times.ok) return times;
    const done: Backfilled = { fired: [], before: [] };
    for (const time of times.value) {
      const receipt = this.#fireFor(
        state,
        { schedule: id, time, firedAt: now, isLate: true },
        by,
        takingTurns,
      );
      (receipt.duplicate ? done.before : done.fired).push({ time, receipt });
    }
    const newest = done.fired.at(-1);
    if (newest && newest.time > (state.last?.time ?? Number.NEGATIVE_INFINITY)) {
      this.#put({ ...state, last: { time: newest.time, seq: newest.receipt.seq } });
    }
    return ok(done);
  }

  /** What comes while it is paused is let go. Idempotent: the first to pause it stays the one who did. */
  pause(id: string, by: string, reason: string, now: number): Result<ScheduleView> {
    const state = this.#rows.find(id);
    if (!state) return unknown(id);
    if (!state.paused) this.#put({ ...state, paused: { at: now, by, reason } });
    return this.view(id, now);
  }

  /** Goes on with the first time that comes from now on. */
  resume(id: string, now: number): Result<ScheduleView> {
    const state = this.#rows.find(id);
    if (!state) return unknown(id);
    if (state.paused) {
      this.#put({ ...state, paused: undefined, nextTime: nextTime(state.schedule, now) });
    }
    return this.view(id, now);
  }

  views(now: number): ScheduleView[] {
    return this.#rows.all().map((state) => view(state, now));
  }

  view(id: string, now: number): Result<ScheduleView> {
    const state = this.#rows.find(id);
    return state ? ok(view(state, now)) : unknown(id);
  }
}

function view(
  { id, workflow, schedule, nextTime: next, last, paused }: ScheduleState,
  now: number,
): ScheduleView {
  const { cron, everyMs, timezone, jitterMs, backfill } = schedule;
  const upcoming =
    paused || next === undefined ? [] : [next, ...nextTimes(schedule, Math.max(next, now), SHOWN_TIMES - 1)];
  return {
    id,
    workflow,
    ...(cron !== undefined && { cron }),
    ...(everyMs !== undefined && { everyMs }),
    timezone,
    jitterMs,
    backfill,
    next: upcoming,
    ...(last && { last }),
    ...(paused && { paused }),
  };
}

function unknown(id: string): Result<never> {
  return refuse("unknown_schedule", `there is no schedule ${id}`);
}
