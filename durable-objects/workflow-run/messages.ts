// What a run tells other actors: its engine's effects as messages for the outbox.
import { nextHops } from "../../src/events/hops.ts";
import type { Message } from "../../src/storage/outbox.ts";
import type { Effect, InProcessEffect } from "../../src/workflow/machine-types.ts";
import { message } from "../deliver.ts";
import { DEFAULT_POOL } from "../stubs.ts";
import type { StoredStart } from "./parts.ts";

/** Actors of which a workspace has one need no name. */
const ONLY = "";

/** The directory's copy of this run's summary. Filled in when it is sent: only the newest matters. */
export const summaryMessage: Message = { receiver: "directory/", method: "summary", args: [] };

/** An event of this run for the workspace's bus. */
export function emitMessage(run: StoredStart, event: Extract<Effect, { kind: "emit" }>["event"]): Message {
  return message("bus", ONLY, "ingest", [[{ ...event, ...nextHops(run.event) }], run.initiator]);
}

/** The run is over: the bus need not keep its waits. */
export function forgetMessage(run: StoredStart): Message {
  return message("bus", ONLY, "forgetRun", [run.id]);
}

/** The message behind an effect that is one. */
export function effectMessage(run: StoredStart, effect: Exclude<Effect, InProcessEffect>): Message {
  switch (effect.kind) {
    case "enqueue_job":
      return message("router", DEFAULT_POOL, "enqueue", [{ ...effect.job, workspace: run.workspace }]);
    case "cancel_job":
      return message("router", DEFAULT_POOL, "cancelJob", [effect.job]);
    case "register_wait": {
      const { kind: _, ...wait } = effect;
      return message("bus", ONLY, "registerWait", [{ run: run.id, ...wait }]);
    }
    case "cancel_wait":
      return message("bus", ONLY, "cancelWait", [{ run: run.id, command: effect.command }]);
    case "emit":
      return emitMessage(run, effect.event);
    case "put_approval":
      return message("directory", ONLY, "apply", [{ approvals: [effect.approval] }]);
    case "record_deployment": {
      const { kind: _, environment, ...deployment } = effect;
      const told = { run: run.id, ...deployment, ...nextHops(run.event) };
      return message("environment", environment, "recordDeployment", [told]);
    }
  }
}
