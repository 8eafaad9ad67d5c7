// Brings runs the events that they wait for: as they arrive, and those that had arrived before.
//
// A run gets an event once: from the moment a delivery is queued the event counts as consumed by that run. When the run
// turns it down (its wait was over), it is free again for the run's other waits. So it is when the run has taken it while
// it could not go on, and then the wait ended without it: a wait that is cancelled has consumed nothing.
import { FilteredEvent } from "../../src/events/expression.ts";
import type { Matching } from "../../src/events/matching.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { Message, Outbox } from "../../src/storage/outbox.ts";
import type { EventBusRpc } from "../rpc/event-bus.ts";
import type { EventRows } from "./event-rows.ts";
import { deliveryMessage, type QueuedDelivery, runOf } from "./queued-messages.ts";
import type { Wait, WaitRows } from "./wait-rows.ts";

export class WaitDeliveries {
  readonly #waits: WaitRows;
  readonly #events: EventRows;
  readonly #matching: Matching;
  readonly #outbox: Outbox;

  constructor(options: { waits: WaitRows; events: EventRows; matching: Matching; outbox: Outbox }) {
    this.#waits = options.waits;
    this.#events = options.events;
    this.#matching = options.matching;
    this.#outbox = options.outbox;
  }

  /** Opens a wait, and looks back at what has arrived. Answers whether it is new: idempotent by run and command. */
  open(wait: Parameters<EventBusRpc["registerWait"]>[0]): boolean {
    const { run, command, lineage, type, filter, match, isSensitive } = wait;
    if (this.#waits.isKnown(run, command)) return false;
    const afterSeq = wait.afterSeq === "now" ? this.#events.lastSeq() : wait.afterSeq;
    const open: Wait = { run, command, criteria: { type, filter, match, isSensitive }, afterSeq, lineage };
    this.#waits.insert(open, Date.now());
    this.#lookBack(open);
    return true;
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
    this.#lookBackFor(run);
  }

  /** The run waits no more: what it has taken for this wait is free again. Answers whether there was something. */
  cancel({ run, command }: Parameters<EventBusRpc["cancelWait"]>[0]): boolean {
    const isFreed = this.#waits.cancel(run, command);
    if (isFreed) this.#lookBackFor(run);
    return isFreed;
  }

  #lookBackFor(run: RunId): void {
    for (const wait of this.#waits.openOf(run)) this.#lookBack(wait);
  }

  /** Finds the first event that has arrived for a wait and that its run has not consumed. */
  #lookBack({ run, command, criteria, afterSeq, lineage }: Wait): void {
    const seq = this.#events.firstUnconsumed(
      { run, lineage, type: criteria.type, afterSeq },
      (event) => this.#matching.decide(criteria, new FilteredEvent(event)).matches,
    );
    if (seq !== undefined) this.send(run, { command, seq });
  }
}
