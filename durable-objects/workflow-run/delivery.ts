// Delivers what a run tells others. Some messages are queued short, and filled in when they are sent; one is a call with
// an answer for the engine.
import { ownStartId } from "../../src/events/workflow-start.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { ErrorData } from "../../src/protocol/result.ts";
import { isWaiting } from "../../src/protocol/start.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Message } from "../../src/storage/outbox.ts";
import type { ChildOutcome } from "../../src/workflow/machine-types.ts";
import { outcomeOfUnbegun } from "../../src/workflow/parent.ts";
import { deliverMessage } from "../deliver.ts";
import { startWorkflow } from "../start-workflow.ts";
import { busStub, catalogStub, directoryStub } from "../stubs.ts";
import { filledInRestart, keptOf } from "./fork.ts";
import type { JournalStore } from "./journal.ts";
import {
  type ChildRequest,
  type Continuation,
  childMessage,
  filledIn,
  type OldContinuation,
  successorMessage,
  summaryMessage,
} from "./messages.ts";
import type { Parts, StoredStart } from "./parts.ts";
import type { RunHost } from "./run-host.ts";

/** The run whose messages they are. */
export interface Sender {
  env: Env;
  host: RunHost;
  journal: JournalStore;
  parts: Parts;
}

/** What the engine is told of a child that it has asked for: why there is none, or that it is over before it began. */
interface ChildAnswer {
  refused?: ErrorData;
  outcome?: ChildOutcome;
}

/** Performs one message's call. Throws what that throws, and where what it is filled with is no longer kept. */
export async function deliverFromRun(sender: Sender, outgoing: Message): Promise<unknown> {
  const { env, host } = sender;
  const { run } = host;
  const { workspace } = run;
  switch (outgoing.method) {
    case summaryMessage.method:
      return await directoryStub(env, workspace).apply({ runs: [host.summaryToSend()] });
    case childMessage.method:
      return await startChild(env, run, outgoing.args[0] as ChildRequest);
    case successorMessage.method: {
      const { run: id, ...continuation } = outgoing.args[0] as Continuation;
      return await deliverMessage(env, workspace, filledIn(id, continuation, run, programOf(sender)));
    }
    case "start": {
      const id = outgoing.receiver.slice("run/".length) as RunId;
      const continuation = outgoing.args[0] as OldContinuation;
      return await deliverMessage(env, workspace, filledIn(id, continuation, run, programOf(sender)));
    }
    case "startForked":
      return await deliverMessage(env, workspace, filledInRestart(outgoing, run, keptOf(sender)));
    default:
      return await deliverMessage(env, workspace, outgoing);
  }
}

function programOf({ parts }: Sender): ProgramSource {
  const program = parts.get("program");
  if (!program) throw new Error("this run's program is no longer kept");
  return program;
}

/** Tells the engine what a message was answered, where it waits for that. */
export function takeAnswer(host: RunHost, { method, args }: Message, answer: unknown): void {
  if (method !== childMessage.method) return;
  const { command } = args[0] as ChildRequest;
  const { outcome, ...started } = answer as ChildAnswer;
  if (outcome) host.feed({ type: "child_finished", command, outcome });
  else host.feed({ type: "child_started", command, ...started });
}

async function startChild(
  env: Env,
  { id, workspace, initiator }: StoredStart,
  { command, workflow, event }: ChildRequest,
): Promise<ChildAnswer> {
  const ports = {
    catalog: catalogStub(env, workspace),
    bus: busStub(env, workspace),
    directory: directoryStub(env, workspace),
  };
  const isNamed = event.id !== ownStartId({ run: id, command });
  const started = await startWorkflow(ports, { workflow, event, initiator, isNamed });
  if (!started.ok) {
    const { code, message, details } = started.error;
    const refused = { code: startErrors.get(code) ?? "NotStartable", message: `start: ${message}` };
    return { refused: { ...refused, ...(details && { details }) } };
  }
  const { run, parent, unbegun } = started.value;
  if (parent?.run === id && parent.command === command) {
    return unbegun && !isWaiting(unbegun) ? { outcome: outcomeOfUnbegun(unbegun) } : {};
  }
  const message = `start: ${workflow} was started before under the id ${event.id}`;
  return { refused: { code: "AlreadyStarted", message, details: { run } } };
}

/** What a refused start is to the script that asked for it. */
const startErrors: ReadonlyMap<string, string> = new Map([
  ["unknown_workflow", "UnknownWorkflow"],
  ["invalid_input", "InvalidInput"],
]);
