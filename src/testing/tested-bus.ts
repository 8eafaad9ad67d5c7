// The event bus of one test: what arrives starts runs by triggers, at the pace that they ask for, and wakes those that
// wait. The rules are the real bus's; here nothing gets lost, and nothing has to be asked for again.
import { FilteredEvent } from "../events/expression.ts";
import { dueAt } from "../events/firing.ts";
import { hopsOf, MAX_HOPS } from "../events/hops.ts";
import { Matching } from "../events/matching.ts";
import { scheduleEvent } from "../events/schedule-event.ts";
import { eventOfStart } from "../events/start-event.ts";
import { type QueuedStart, Starts } from "../events/starts.ts";
import { nextTime } from "../events/timetable.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { RunId } from "../protocol/ids.ts";
import type { StartView } from "../protocol/start.ts";
import type { Trigger } from "../protocol/workflow.ts";
import { outcomeOfUnbegun, type RunStart, type Sha256Hex } from "../workflow/index.ts";
import type { Stage } from "./stage.ts";
import { StartTable } from "./start-table.ts";
import type { EventWait, RegisterWait, TestedRun } from "./tested-run.ts";

const WORKSPACE = "default";

export interface BusOptions {
  triggers: readonly Trigger[];
  /** The workflow's name, and its program's digest. */
  workflow: string;
  digest: string;
  sha256Hex: Sha256Hex;
  runs: readonly TestedRun[];
  begin(start: RunStart): TestedRun;
}

export class TestedBus {
  /** What arrived; an event's `seq` is its place, from 1. */
  readonly events: CloudEvent[] = [];
  /** On whose behalf each of them came. */
  readonly #initiators: string[] = [];
  /** Source and id of every event: the same one, sent again, changes nothing. */
  readonly #known = new Map<string, CloudEvent>();
  readonly #matching = new Matching();
  /** Runs that have waited for an event and are not over. */
  readonly #waiting = new Set<TestedRun>();
  readonly #table = new StartTable();
  readonly #timers = new Map<string, { dueAt: number; drop: () => void }>();
  readonly #starts: Starts;
  readonly #stage: Stage;
  readonly #options: BusOptions;

  constructor(stage: Stage, options: BusOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#starts = this.#makeStarts();
    for (const trigger of options.triggers) this.#planNextFiring(trigger, stage.now);
  }

  #makeStarts(): Starts {
    const stage = this.#stage;
    const timers = this.#timers;
    const drop = (id: string) => {
      timers.get(id)?.drop();
      timers.delete(id);
    };
    return new Starts({
      store: this.#table,
      sha256Hex: this.#options.sha256Hex,
      timers: {
        drop,
        get: (id) => timers.get(id),
        set: (timer) => {
          drop(timer.id);
          // It asks runs whether they are over, in case that what they have said got lost.
          if (timer.kind === "places") return;
          const takeBack = stage.at(timer.dueAt, () => this.#starts.fire(timer, stage.now));
          timers.set(timer.id, { dueAt: timer.dueAt, drop: takeBack });
        },
      },
      begin: (run, start) => stage.soon(() => this.#begin(run, start)),
      cancel: (run, reason) => {
        const cancelled = this.#options.runs.find(({ id }) => id === run);
        if (cancelled) {
          stage.soon(() => stage.feed(cancelled, { type: "cancel", by: "sluice", reason, terminate: false }));
        }
      },
      ask: () => {},
      tellParent: ({ run, command }, start) => {
        const parent = this.#options.runs.find(({ id }) => id === run);
        if (!parent) return;
        const outcome = outcomeOfUnbegun(start);
        stage.soon(() => stage.feed(parent, { type: "child_finished", command, outcome }));
      },
      // For runs that operators restart: a test has none.
      tellPlace: () => {},
    });
  }

  /** What has become of the starts that a trigger's flow control has a say in. */
  starts(): StartView[] {
    return this.#table.views();
  }

  /** What has become of the run's start, where flow control had a say in it. */
  startOf(run: RunId): StartView | undefined {
    return this.#table.view(run);
  }

  /** Tells, once, when a start that waits its turn is about to begin, or never will. */
  whenDecided(run: RunId, tell: () => void): void {
    this.#table.whenDecided(run, tell);
  }

  /** Takes back a start that waits its turn. */
  takeBack(run: RunId, { by, reason }: { by: string; reason: string }): void {
    this.#starts.cancel(run, `cancelled by ${by}${reason && `: ${reason}`}`, this.#stage.now);
  }

  /** The event of this source and id, where it has come before. */
  find({ source, id }: CloudEvent): CloudEvent | undefined {
    return this.#known.get(JSON.stringify([source, id]));
  }

  arrive(event: CloudEvent, by: string): void {
    if (this.find(event)) return;
    const filtered = new FilteredEvent(event);
    this.#keep(event, by);
    for (const run of this.#waiting) {
      for (const wait of run.waits.values()) if (this.#offer(run, wait, filtered, this.events.length)) break;
    }
    if (hopsOf(event) > MAX_HOPS) return;
    for (const trigger of this.#options.triggers) {
      if (trigger.schedule && event.subject !== trigger.id) continue;
      const { matches, failed } = this.#matching.decide(trigger, filtered);
      if (matches) this.#arriveAt(trigger, filtered, by);
      else if (failed !== undefined) {
        this.#stage.fail(
          "FilterFailed",
          `the filter of trigger ${trigger.id} fails on the event ${event.type}: ${failed}`,
        );
      }
    }
  }

  /** A workflow is started by its name. Returns why it cannot be told at what pace. */
  startByName(
    event: CloudEvent,
    by: string,
    start: { workflow: string; trigger: Trigger },
  ): string | undefined {
    this.#keep(event, by);
    const from = { seq: this.events.length, initiator: by, now: this.#stage.now };
    const { digest } = this.#options;
    const arrival = this.#starts.arrive({ ...start, digest }, new FilteredEvent(event), from);
    return arrival.kind === "undecided" ? arrival.reason : undefined;
  }

  /** A run wants one no more that it has asked for. Whether that one is to hear of it. */
  closeChild(run: RunId, parent: RunId): boolean {
    return this.#starts.closeChild(run, parent, this.#stage.now);
  }

  /** Begins a run with an event that no trigger is asked about. */
  beginWith(
    event: CloudEvent,
    by: string,
    start: { run: RunId; workflow: string; trigger: Trigger },
  ): TestedRun {
    this.#keep(event, by);
    const { run: id, workflow, trigger } = start;
    return this.#options.begin(this.#startOf({ id, workflow, trigger, event, eventSeq: this.events.length }));
  }

  #keep(event: CloudEvent, by: string): void {
    this.#known.set(JSON.stringify([event.source, event.id]), event);
    this.events.push(event);
    this.#initiators.push(by);
  }

  #arriveAt(trigger: Trigger, event: FilteredEvent, initiator: string): void {
    const { workflow, digest } = this.#options;
    const from = { seq: this.events.length, initiator, now: this.#stage.now };
    const arrival = this.#starts.arrive({ trigger, workflow, digest }, event, from);
    if (arrival.kind !== "undecided") return;
    const { type } = event.event;
    const message = `a key of trigger ${trigger.id} fails on the event ${type}: ${arrival.reason}`;
    this.#stage.fail("KeyFailed", message);
  }

  #begin(id: RunId, start: QueuedStart): void {
    const { trigger, workflow, seq: eventSeq } = start;
    const event = eventOfStart(start, { workspace: WORKSPACE, run: id, eventAt: (seq) => this.#at(seq) });
    this.#options.begin(this.#startOf({ id, workflow, trigger, event, eventSeq }));
  }

  #startOf(start: Pick<RunStart, "id" | "workflow" | "trigger" | "event" | "eventSeq">): RunStart {
    const initiator = this.#initiators[start.eventSeq - 1] ?? "";
    return { ...start, workspace: WORKSPACE, program: { digest: this.#options.digest }, initiator };
  }

  #at(seq: number): CloudEvent {
    const event = this.events[seq - 1];
    if (!event) throw new Error(`no event has the arrival number ${seq}`);
    return event;
  }

  /** A run is over; its place goes to the next, or to the one that it goes on as. */
  forget(run: TestedRun, successor: RunId | undefined): void {
    run.waits.clear();
    this.#waiting.delete(run);
    if (successor !== undefined) this.#starts.continued(run.start.id, successor, this.#stage.now);
    this.#starts.finished(run.start.id, this.#stage.now);
  }

  /** A run waits for an event, maybe for one that has come. */
  wait(run: TestedRun, asked: RegisterWait): void {
    const afterSeq = asked.afterSeq === "now" ? this.events.length : asked.afterSeq;
    const wait: EventWait = { ...asked, afterSeq };
    run.waits.set(wait.command, wait);
    this.#waiting.add(run);
    this.#lookBack(run, wait);
  }

  /** Gives a wait the first of the events that have come for it. */
  #lookBack(run: TestedRun, wait: EventWait): void {
    for (const [index, event] of this.events.entries()) {
      if (this.#offer(run, wait, new FilteredEvent(event), index + 1)) return;
    }
  }

  /** Gives an event to a wait that wants it. Whether it took it. */
  #offer(run: TestedRun, wait: EventWait, filtered: FilteredEvent, seq: number): boolean {
    if (run.consumed.has(seq) || seq <= wait.afterSeq) return false;
    if (!this.#matching.decide(wait, filtered).matches) return false;
    run.waits.delete(wait.command);
    run.consumed.add(seq);
    const { event } = filtered;
    this.#stage.soon(() => {
      const refused = this.#stage.feed(run, { type: "event", command: wait.command, event, seq });
      if (refused) this.#turnedDown(run, seq);
    });
    return true;
  }

  /** The wait was over: the event is free for the run's other waits, which passed it over meanwhile. */
  #turnedDown(run: TestedRun, seq: number): void {
    run.consumed.delete(seq);
    for (const wait of run.waits.values()) this.#lookBack(run, wait);
  }

  #planNextFiring(trigger: Trigger, after: number): void {
    const { schedule, id } = trigger;
    const time = schedule && nextTime(schedule, after);
    if (!schedule || time === undefined) return;
    this.#stage.at(
      dueAt(schedule, id, time, this.#options.sha256Hex),
      () => {
        const event = scheduleEvent(WORKSPACE, schedule, { schedule: id, time, firedAt: this.#stage.now });
        this.#stage.soon(() => this.arrive(event, `schedule:${id}`));
        this.#planNextFiring(trigger, time);
      },
      false,
    );
  }
}
