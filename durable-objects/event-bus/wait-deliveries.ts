// Brings runs the events that they wait for: as they arrive, and those that had arrived before.
//
// A run gets an event once: from the moment a delivery is queued the event counts as consumed by that run. When the run
// turns it down (its wait was over), it is free again for the run's other waits. So it is when the run has taken it while
// it could not go on, and then the wait ended without it: a wait that is cancelled has consumed nothing.
//
// A look-back at much goes on in later turns, from where it is in the wait's row. Until it is through, the wait gets
// nothing that arrives, and the run's later waits do not begin theirs: each gets what it would in one turn. Where waits
// of the run have asked for the same, it begins where they ended.
import { FilteredEvent } from "../../src/events/expression.ts";
import type { Matching } from "../../src/events/matching.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { Message, Outbox } from "../../src/storage/outbox.ts";
import type { Timer, Timers } from "../../src/storage/timers.ts";
import type { EventBusRpc } from "../rpc/event-bus.ts";
import type { EventRows } from "./event-rows.ts";
import { deliveryMessage, type QueuedDelivery, runOf } from "./queued-messages.ts";
import type { Wait, WaitRows } from "./wait-rows.ts";

export const LOOK_BACK_TIMER = "look-back";
/** How many events are looked at in one turn; where there is a filter, which may take up to 50 ms for each, fewer. */
const MAX_LOOKED_AT = 1000;
const MAX_FILTERED = 100;

export class WaitDeliveries {
  readonly #waits: WaitRows;
  readonly #events: EventRows;
  readonly #matching: Matching;
  readonly #outbox: Outbox;
  readonly #timers: Timers;

  constructor(options: {
    waits: WaitRows;
    events: EventRows;
    matching: Matching;
    outbox: Outbox;
    timers: Timers;
  }) {
    this.#waits = options.waits;
    this.#events = options.events;
    this.#matching = options.matching;
    this.#outbox = options.outbox;
    this.#timers = options.timers;
  }

  /** Opens a wait, and looks back at what has arrived. Answers whether it is new: idempotent by run and command. */
  open(wait: Parameters<EventBusRpc["registerWait"]>[0]): boolean {
    const { run, command, lineage, type, filter, match, isSensitive } = wait;
    if (this.#waits.isKnown(run, command)) return false;
    const afterSeq = wait.afterSeq === "now" ? this.#events.lastSeq() : wait.afterSeq;
    const criteria = { type, filter, match, isSensitive };
    const lookedSeq = Math.max(afterSeq, this.#waits.lookedFor(run, criteria, afterSeq));
    const opened: Wait = { run, command, criteria, afterSeq, lookedSeq, lineage };
    // The run's older waits, which may take what this one would, come first.
    const isInTurn = this.#waits.firstLooking(run) === undefined;
    this.#waits.insert(opened, Date.now());
    const isThrough = isInTurn && this.#lookBack(opened);
    if (!isThrough && !this.#timers.get(LOOK_BACK_TIMER)) this.#goOnAt(Date.now());
    return true;
  }

  /** The timer is due: the look-back that is next goes on, a portion of it, with room for others after it. */
  lookOn({ dueAt }: Timer): void {
    const next = this.#waits.firstLooking();
    if (next) this.#lookBack(next);
    // Later than this one also by a clock that has gone back: a timer that has not moved is dropped.
    if (this.#waits.firstLooking()) this.#goOnAt(Math.max(Date.now(), dueAt + 1));
  }

  #goOnAt(dueAt: number): void {
    this.#timers.set({ id: LOOK_BACK_TIMER, kind: LOOK_BACK_TIMER, dueAt, data: null });
  }

  /** Queues the delivery of an event to a wait. */
  send(run: RunId, delivery: QueuedDelivery): void {
    this.#waits.sent(run, delivery.command, delivery.seq);
    this.#outbox.add(deliveryMessage(run, delivery));
  }

  /** The run has answered a delivery. */
  answered(delivered: Message, { accepted }: { accepted: boolean }): void {
    const run = runOf(delivered);
    const [{ command, seq }] = delivered.args as [QueuedDelivery];
    if (accepted) {
      this.#waits.taken(run, command, seq);
      return;
    }
    this.#waits.turnedDown(run, command, seq);
    this.#free(run, seq);
  }

  /** The run waits no more: what it has taken for this wait is free again. Answers whether there was something. */
  cancel({ run, command }: Parameters<EventBusRpc["cancelWait"]>[0]): boolean {
    const freed = this.#waits.cancel(run, command);
    if (freed !== undefined) this.#free(run, freed);
    return freed !== undefined;
  }

  /** The event goes to the oldest of the run's waits that it is for, or is left to those that look back. */
  #free(run: RunId, seq: number): void {
    const stored = this.#events.at(seq);
    if (!stored) return;
    const event = new FilteredEvent(stored.event);
    const taker = this.#waits
      .openOf(run)
      .find(({ criteria, afterSeq }) => seq > afterSeq && this.#matching.decide(criteria, event).matches);
    if (taker) this.send(run, { command: taker.command, seq });
    else this.#waits.lookAgainAt(run, seq);
  }

  /**
   * Goes on looking for the first event that has arrived for a wait and that its run has not consumed. Whether it is
   * through.
   */
  #lookBack({ run, command, criteria, lookedSeq, lineage }: Wait): boolean {
    const limit = criteria.filter === undefined ? MAX_LOOKED_AT : MAX_FILTERED;
    const { found, reached } = this.#events.lookThrough(
      { run, lineage, type: criteria.type, afterSeq: lookedSeq, limit },
      (event) => this.#matching.decide(criteria, new FilteredEvent(event)).matches,
    );
    if (found !== undefined) this.send(run, { command, seq: found });
    else this.#waits.looked(run, command, reached ?? this.#events.lastSeq(), reached === undefined);
    return reached === undefined;
  }
}
