// What the bus tells runs. Messages on their way hold arrival numbers, not events: they are filled in when they are
// sent. So an event that starts ten runs is stored once, and so is their program.
import { eventOfStart } from "../../src/events/start-event.ts";
import type { QueuedStart } from "../../src/events/starts.ts";
import type { Parent } from "../../src/events/workflow-start.ts";
import type { StoredEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/storage/outbox.ts";
import { outcomeOfUnbegun } from "../../src/workflow/parent.ts";
import { message } from "../deliver.ts";
import { DEFAULT_WORKSPACE } from "../stubs.ts";
import type { EventRows } from "./event-rows.ts";
import type { TriggerRows } from "./trigger-rows.ts";

export interface QueuedDelivery {
  command: CommandId;
  seq: number;
}

const RUN = "run/";

/** The message that begins a run, whatever is in it. */
export function startOf(run: RunId): Pick<Message, "receiver" | "method"> {
  return { receiver: RUN + run, method: "start" };
}

export function startMessage(run: RunId, start: QueuedStart): Message {
  return { ...startOf(run), args: [start] };
}

export function standingMessage(run: RunId): Message {
  return { receiver: RUN + run, method: "standing", args: [] };
}

/** To the run that has asked for a start: it does not begin. */
export function unbegunMessage(
  { run, command }: Parent,
  start: Parameters<typeof outcomeOfUnbegun>[0],
): Message {
  return message("run", run, "childFinished", [{ command, outcome: outcomeOfUnbegun(start) }]);
}

export function deliveryMessage(run: RunId, delivery: QueuedDelivery): Message {
  return { receiver: RUN + run, method: "deliverEvent", args: [delivery] };
}

/** Whom a message is for, of those that are for runs. */
export function runOf({ receiver }: Message): RunId {
  return receiver.slice(RUN.length) as RunId;
}

/** A queued message with what it stands for: event, program, run. Throws where they are no longer kept. */
export function filledIn(
  queued: Message,
  { events, triggers }: { events: EventRows; triggers: TriggerRows },
): Message {
  if (queued.method === "start") {
    const [start] = queued.args as [QueuedStart];
    const { trigger, workflow, digest, seq } = start;
    const { initiator, receivedAt: askedAt } = storedAt(events, seq);
    const program = triggers.program(digest);
    if (!program) throw new Error(`the program ${digest} of ${workflow} is no longer kept`);
    const id = runOf(queued);
    const workspace = DEFAULT_WORKSPACE;
    const eventAt = (one: number) => storedAt(events, one).event;
    const event = eventOfStart(start, { workspace, run: id, eventAt });
    return message("run", id, "start", [
      { id, workspace, workflow, program, trigger, event, eventSeq: seq, initiator, askedAt },
    ]);
  }
  if (queued.method === "standing") {
    const id = runOf(queued);
    return message("run", id, "standing", [{ id, workspace: DEFAULT_WORKSPACE }]);
  }
  if (queued.method !== "deliverEvent") return queued;
  const [{ command, seq }] = queued.args as [QueuedDelivery];
  return { ...queued, args: [{ command, seq, event: storedAt(events, seq).event }] };
}

function storedAt(events: EventRows, seq: number): StoredEvent {
  const stored = events.at(seq);
  if (!stored) throw new Error(`the event with the arrival number ${seq} is no longer kept`);
  return stored;
}
