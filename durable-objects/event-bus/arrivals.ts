// What an arriving event does: it starts runs by triggers, wakes runs that wait, and tells its environment what it
// reports of an app's health. Whether it fits is decided in src/events.
//
// The event, what it does, and the messages that do it are written in the caller's one turn: an acknowledged event is
// never half done, and (source, id) does it once.
import { FilteredEvent } from "../../src/events/expression.ts";
import { isHealthReport, readHealthReport } from "../../src/events/health-report.ts";
import { hopsOf, MAX_HOPS } from "../../src/events/hops.ts";
import type { Matching } from "../../src/events/matching.ts";
import { type MissedWait, nearestMisses } from "../../src/events/missed-waits.ts";
import { bounded } from "../../src/events/reason.ts";
import type { Starts } from "../../src/events/starts.ts";
import { isAskedFor, WORKFLOW_START } from "../../src/events/workflow-start.ts";
import type { CloudEvent, EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import { message } from "../deliver.ts";
import type { Effects, EventRows } from "./event-rows.ts";
import type { BusTrigger, TriggerRows } from "./trigger-rows.ts";
import type { WaitDeliveries } from "./wait-deliveries.ts";
import type { Wait, WaitRows } from "./wait-rows.ts";

/** How many runs a receipt lists that were started, of those that have to wait, and of those that were woken. */
const MAX_LISTED = 200;
/** How many undecided triggers and waits a receipt lists, and how many triggers that the event was not for. */
const MAX_SKIPPED = 20;
const MAX_UNMATCHED = 50;

export class Arrivals {
  readonly #events: EventRows;
  readonly #triggers: TriggerRows;
  readonly #starts: Starts;
  readonly #waits: WaitRows;
  readonly #deliveries: WaitDeliveries;
  readonly #matching: Matching;
  readonly #outbox: Outbox;

  constructor(options: {
    events: EventRows;
    triggers: TriggerRows;
    starts: Starts;
    waits: WaitRows;
    deliveries: WaitDeliveries;
    matching: Matching;
    outbox: Outbox;
  }) {
    this.#events = options.events;
    this.#triggers = options.triggers;
    this.#starts = options.starts;
    this.#waits = options.waits;
    this.#deliveries = options.deliveries;
    this.#matching = options.matching;
    this.#outbox = options.outbox;
  }

  /**
   * Answers with what the event does. For one that has come before, with what it did then. `now` in ms since the epoch;
   * `rule` is what holds for a trigger at this event, where that is not what it declares.
   */
  take(
    event: CloudEvent,
    initiator: string,
    now: number,
    rule: (trigger: Trigger) => Trigger = (trigger) => trigger,
  ): EventReceipt {
    return this.#repeated(event) ?? this.#takeNew(event, { initiator, now, rule });
  }

  #repeated(event: CloudEvent): EventReceipt | undefined {
    const receipt = this.#events.receipt(event.source, event.id);
    return receipt && { ...receipt, duplicate: true };
  }

  #takeNew(
    event: CloudEvent,
    { initiator, now, rule }: { initiator: string; now: number; rule: (trigger: Trigger) => Trigger },
  ): EventReceipt {
    const filtered = new FilteredEvent(event);
    const seq = this.#events.nextSeq();
    const started: EventReceipt["started"] = [];
    const queued: NonNullable<EventReceipt["queued"]> = [];
    const { matching, skipped, unmatched } = this.#matchingTriggers(filtered, now);
    for (const candidate of askedForFirst(matching, event)) {
      const { workflow } = candidate;
      const trigger = candidate.trigger.id;
      const ruled = { ...candidate, trigger: rule(candidate.trigger) };
      const arrival = this.#starts.arrive(ruled, filtered, { seq, initiator, now });
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
    const more = {
      ...beyondListed("started", started),
      ...beyondListed("queued", queued),
      ...beyondListed("woke", wakes),
    };
    const effects: Effects = {
      started: started.slice(0, MAX_LISTED),
      ...(queued.length > 0 && { queued: queued.slice(0, MAX_LISTED) }),
      woke: wakes.slice(0, MAX_LISTED).map(({ run, command }) => ({ run, command })),
      ...(Object.keys(more).length > 0 && { more }),
      ...(skipped.length > 0 && { skipped: skipped.slice(0, MAX_SKIPPED) }),
      ...(unmatched.length > 0 && { unmatched }),
      ...(notWoken && { notWoken }),
    };
    this.#events.insert(event, { seq, initiator, receivedAt: now }, effects);
    for (const { run, command } of wakes) this.#deliveries.send(run, { command, seq });
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
        unmatchedTriggers.push({ trigger: trigger.id, reason: bounded(unmatched.reason()) });
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
}

function beyondListed(name: keyof NonNullable<Effects["more"]>, all: readonly unknown[]): Effects["more"] {
  return all.length > MAX_LISTED ? { [name]: all.length - MAX_LISTED } : {};
}

/** The start that an event asks for before those that it sets off: whoever has asked is told of it in any case. */
function askedForFirst(matching: readonly BusTrigger[], event: CloudEvent): readonly BusTrigger[] {
  const rank = ({ trigger }: BusTrigger) => (isAskedFor({ trigger, event }) ? 0 : 1);
  return matching.toSorted((a, b) => rank(a) - rank(b));
}
