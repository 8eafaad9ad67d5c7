// Starts a workflow by its name: on behalf of a person, or of another run.
import { runIdFor } from "../src/events/run-id.ts";
import { sensitiveFields } from "../src/events/sensitive-data.ts";
import { type Parent, parentOf, startTriggerOf, WORKFLOW_START } from "../src/events/workflow-start.ts";
import type { CloudEvent, EventReceipt } from "../src/protocol/cloud-event.ts";
import { defined } from "../src/protocol/defined.ts";
import type { RunId } from "../src/protocol/ids.ts";
import { ok, type Result, refuse } from "../src/protocol/result.ts";
import type { StartView } from "../src/protocol/start.ts";
import { checkStartInput } from "../src/workflow/forms/start-input.ts";
import type { CatalogRpc } from "./rpc/catalog.ts";
import type { DirectoryRpc } from "./rpc/directory.ts";
import type { EventBusRpc } from "./rpc/event-bus.ts";
import { sha256 } from "./sha256.ts";

/** Far from the time for which the bus keeps events, and from that for which a message is tried again by itself. */
const LATE_MS = 24 * 3600_000;

export interface Started {
  run: RunId;
  /** It had been started before, under the same id. */
  isRepeated: boolean;
  /** The run and command that first asked for it. */
  parent: Parent | undefined;
  /** What it waits for, or why it does not begin; where it has begun, nothing. */
  unbegun?: Unbegun;
}

export type Unbegun = Pick<StartView, "state" | "reason" | "group" | "behind" | "dueAt">;

export interface StartPorts {
  catalog: Pick<CatalogRpc, "workflow">;
  bus: Pick<EventBusRpc, "event" | "ingest" | "queuedStart">;
  directory: Pick<DirectoryRpc, "run">;
}

export interface StartRequest {
  workflow: string;
  event: CloudEvent;
  initiator: string;
  /** Somebody has chosen the event's id, and may have done so before. */
  isNamed: boolean;
}

/**
 * Sends the event of `workflowStart`, its data checked against the fields that the workflow's newest version declares.
 * Idempotent by the event's identity, for as long as the bus keeps the event or the directory knows the run. Refuses
 * `unknown_workflow`, `not_startable` and `invalid_input`; throws when somebody could not be asked, which is worth another
 * try.
 */
export async function startWorkflow(ports: StartPorts, request: StartRequest): Promise<Result<Started>> {
  const { workflow, event, initiator } = request;
  const { source, id } = event;
  const known = await ports.bus.event({ source, id });
  if (known.ok) {
    const { receipt, event: first } = known.value;
    return await startedBy(ports, receipt, workflow, { isRepeated: true, parent: parentOf(first) });
  }
  const before = await startedLongAgo(ports, request);
  if (before) return ok(before);
  const found = await ports.catalog.workflow(workflow);
  if (!found.ok) return refuse("unknown_workflow", `there is no workflow ${workflow}`);
  const trigger = found.value.triggers.find(({ type }) => type === WORKFLOW_START);
  if (!trigger) {
    return refuse(
      "not_startable",
      `the workflow ${workflow} does not say that it can be started by its name: it needs on_start(handler)`,
    );
  }
  const input = checkStartInput(workflow, trigger.inputs, event.data ?? null);
  if (!input.ok) return input;
  const marked = { ...event, ...sensitiveFields(event, trigger.inputs), data: input.value };
  const [receipt] = await ports.bus.ingest([marked], initiator);
  // Somebody else was quicker under this id: what they have sent says who.
  if (receipt?.duplicate) return await startWorkflow(ports, request);
  return await startedBy(ports, receipt, workflow, { isRepeated: false, parent: parentOf(event) });
}

/** The run of a start whose event the bus keeps no more: it goes on still, or was there. */
async function startedLongAgo(
  { directory }: StartPorts,
  { workflow, event, isNamed }: StartRequest,
): Promise<Started | undefined> {
  // Under an id of its own, what is asked for now has not been asked for long ago.
  if (!isNamed && Date.now() - Date.parse(event.time ?? "") < LATE_MS) return undefined;
  const run = runIdFor(startTriggerOf(workflow), event, sha256);
  const known = await directory.run(run);
  return known ? { run, isRepeated: true, parent: known.parent as Parent | undefined } : undefined;
}

async function startedBy(
  { bus }: StartPorts,
  receipt: EventReceipt | undefined,
  workflow: string,
  how: Pick<Started, "isRepeated" | "parent">,
): Promise<Result<Started>> {
  const trigger = startTriggerOf(workflow);
  const started = receipt?.started.find((one) => one.trigger === trigger);
  if (started) return ok({ run: started.run as RunId, ...how });
  const queued = receipt?.queued?.find((one) => one.trigger === trigger);
  if (queued) return ok({ run: queued.run as RunId, ...how, ...(await unbegunOf(bus, queued)) });
  const why = receipt?.skipped?.find(({ by }) => by === trigger)?.reason ?? "it changed meanwhile";
  return refuse("not_startable", `the workflow ${workflow} was not started: ${why}`);
}

/** What has become of a start since its event came. */
async function unbegunOf(
  bus: StartPorts["bus"],
  queued: NonNullable<EventReceipt["queued"]>[number],
): Promise<Pick<Started, "unbegun">> {
  const found = await bus.queuedStart(queued.run as RunId);
  const { state, reason, group, behind, dueAt }: Unbegun = found.ok ? found.value : queued;
  if (state === "started" || state === "finished") return {};
  return { unbegun: defined({ state, reason, group, behind, dueAt }) };
}
