// What a run tells other actors, as messages for the outbox: its engine's effects above all.
import { nextHops } from "../../src/events/hops.ts";
import type { AuditEntry } from "../../src/protocol/audit.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { Lineage } from "../../src/protocol/start.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Message } from "../../src/storage/outbox.ts";
import type { Effect, InProcessEffect } from "../../src/workflow/machine-types.ts";
import type { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";
import type { Signal } from "../../src/workflow/signals.ts";
import { message } from "../deliver.ts";
import { DEFAULT_POOL } from "../stubs.ts";
import type { StoredStart } from "./parts.ts";

/** Actors of which a workspace has one need no name. */
const ONLY = "";

/** The directory's copy of this run's summary. Filled in when it is sent: only the newest matters. */
export const summaryMessage: Message = { receiver: "directory/", method: "summary", args: [] };

/** Asks for a run of another workflow: `startWorkflow`. What it answers is told to the engine. */
export const childMessage = { receiver: "bus/", method: "startChild" } as const;
export interface ChildRequest {
  command: CommandId;
  workflow: string;
  event: CloudEvent;
}

/** For the audit log, once for each `key`. Nothing that is secret in the run is in its data. */
export function auditMessage({ mask }: RunSecrets, entry: AuditEntry & { key: string }): Message {
  return message("directory", ONLY, "apply", [{ audit: [{ ...entry, data: mask.value(entry.data) }] }]);
}

/** Events of this run for the workspace's bus. */
export function emitMessage(run: StoredStart, events: readonly CloudEvent[]): Message {
  const sent = events.map((event) => ({ ...event, ...nextHops(run.event) }));
  return message("bus", ONLY, "ingestFromRun", [sent, run.initiator]);
}

/** The run is over: the bus need not keep its waits. */
export function forgetMessage(run: StoredStart, successor: RunId | undefined): Message {
  return message("bus", ONLY, "forgetRun", successor === undefined ? [run.id] : [run.id, successor]);
}

/** The bus gives this run nothing that it began with as consumed. */
export function consumedMessage(run: StoredStart, seqs: number[]): Message {
  return message("bus", ONLY, "markConsumed", [{ run: run.id, seqs }]);
}

/**
 * The start of the run that this one goes on as. Filled with the program when it is sent: see `filledIn`. It goes behind
 * what the bus is told, so that the bus knows what was consumed before the new run waits for anything.
 */
export const successorMessage = { receiver: "bus/", method: "startSuccessor" } as const;
export interface Continuation {
  run: RunId;
  event: CloudEvent;
  lineage: Lineage;
  signals: Signal[];
}

/** What earlier versions have queued, as `start` of the run itself. */
export interface OldContinuation extends Pick<Continuation, "event" | "signals"> {
  consumed: number[];
}

/** UTF-16 units of events that share a message, a single larger one excepted: together they must fit into a row. */
const MAX_SHARED_LENGTH = 256 * 1024;

/**
 * The messages behind effects that are some. What a turn emits travels together, in order with what else the bus is told.
 */
export function effectMessages(
  run: StoredStart,
  effects: readonly Exclude<Effect, InProcessEffect>[],
): Message[] {
  const messages: Message[] = [];
  let events: CloudEvent[] = [];
  let length = 0;
  const send = () => {
    if (events.length > 0) messages.push(emitMessage(run, events));
    events = [];
    length = 0;
  };
  for (const effect of effects) {
    if (effect.kind !== "emit") {
      const told = effectMessage(run, effect);
      if (told.receiver.startsWith("bus/")) send();
      messages.push(told);
      continue;
    }
    const added = JSON.stringify(effect.event).length;
    if (length + added > MAX_SHARED_LENGTH) send();
    events.push(effect.event);
    length += added;
  }
  send();
  return messages;
}

function effectMessage(run: StoredStart, effect: Exclude<Effect, InProcessEffect>): Message {
  switch (effect.kind) {
    case "enqueue_job":
      return message("router", DEFAULT_POOL, "enqueue", [{ ...effect.job, workspace: run.workspace }]);
    case "cancel_job":
      return message("router", DEFAULT_POOL, "cancelJob", [effect.job]);
    case "register_wait": {
      const { kind: _, ...wait } = effect;
      const { lineage } = run;
      return message("bus", ONLY, "registerWait", [{ run: run.id, ...(lineage && { lineage }), ...wait }]);
    }
    case "cancel_wait":
      return message("bus", ONLY, "cancelWait", [{ run: run.id, command: effect.command }]);
    case "continue_as": {
      const { kind: _, ...continuation } = effect;
      return { ...successorMessage, args: [continuation satisfies Continuation] };
    }
    case "keep_consumed": {
      const { kind: _, ...consumed } = effect;
      return message("bus", ONLY, "keepConsumed", [consumed]);
    }
    case "emit":
      return emitMessage(run, [effect.event]);
    case "put_approval":
      return message("directory", ONLY, "apply", [{ approvals: [effect.approval] }]);
    case "start_child": {
      const { command, workflow, event } = effect;
      const request: ChildRequest = { command, workflow, event: { ...event, ...nextHops(run.event) } };
      return { ...childMessage, args: [request] };
    }
    case "close_child":
      // The bus knows whether it has begun, and hears of this behind its start.
      return message("bus", ONLY, "closeChild", [
        { run: effect.run, parent: run.id, terminate: effect.terminate },
      ]);
    case "tell_parent": {
      const { command, outcome } = effect;
      return message("run", effect.parent, "childFinished", [{ command, outcome }]);
    }
    case "put_form":
      return message("directory", ONLY, "apply", [{ forms: [effect.form] }]);
    case "acquire_lock": {
      const { key, command, limit } = effect;
      return message("lock", key, "acquire", [{ key, run: run.id, workflow: run.workflow, command, limit }]);
    }
    case "release_lock":
      return message("lock", effect.key, "release", [
        { run: run.id, command: effect.command, key: effect.key },
      ]);
    case "learn_sensitive":
      return message("catalog", ONLY, "learnSensitive", [
        { reference: effect.reference, inputs: effect.inputs },
      ]);
    case "record_deployment": {
      const { kind: _, environment, ...deployment } = effect;
      const told = { run: run.id, ...deployment, ...nextHops(run.event) };
      return message("environment", environment, "recordDeployment", [told]);
    }
  }
}

/** A queued continuation with everything that the run needs to begin. */
export function filledIn(
  id: RunId,
  continuation: Omit<Continuation, "run"> | OldContinuation,
  { consumed: _, ...run }: StoredStart,
  program: ProgramSource,
): Message {
  const continues = { run: run.id, how: "continued" as const };
  const askedAt = Date.parse(continuation.event.time ?? "");
  const start = { ...run, id, program, ...continuation, continues };
  return message("run", id, "start", [{ ...start, ...(Number.isNaN(askedAt) ? {} : { askedAt }) }]);
}
