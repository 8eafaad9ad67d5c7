// The events by which a run tells the workspace what becomes of it.
import { nextHops } from "../events/hops.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import type { Form } from "../protocol/form.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Approval } from "../protocol/policy.ts";
import type { RunSummary } from "../protocol/run.ts";
import type { RunStart } from "./machine-types.ts";
import { bytesBeyond } from "./payload.ts";

export function runSource({ workspace, id }: Pick<RunStart, "workspace" | "id">): string {
  return `/workspaces/${workspace}/runs/${id}`;
}

/** `n` makes the id: the same event, sent again, has the same one. */
function event(
  start: RunStart,
  type: string,
  n: number | string,
  at: number,
  subject: string,
  data: JsonValue,
): CloudEvent {
  return {
    specversion: "1.0",
    id: `${start.id}/${type}/${n}`,
    source: runSource(start),
    type: `dev.sluice.${type}`,
    subject,
    time: new Date(at).toISOString(),
    datacontenttype: "application/json",
    ...nextHops(start.event),
    data,
  };
}

export type RunEventName = "started" | "waiting" | "succeeded" | "failed" | "cancelled" | "stuck";

/** `dev.sluice.run.<name>`: subject the workflow, data the run's summary. `seq` names what it follows from: a record. */
export function runEvent(
  start: RunStart,
  name: RunEventName,
  seq: number | string,
  summary: RunSummary,
): CloudEvent {
  const data = JSON.parse(JSON.stringify(summary)) as JsonValue;
  return event(start, `run.${name}`, seq, summary.updatedAt, start.workflow, data);
}

/** An event has room for 1 MiB, which the inputs of a call may take by themselves. */
const MAX_EVENT_INPUTS_BYTES = 64 * 1024;

/** `dev.sluice.form.<name>`: subject the form's id, data the form, without what was filled in. */
export function formEvent(start: RunStart, name: "opened" | "closed", form: Form, at: number): CloudEvent {
  const { values: _, ...rest } = form;
  return event(start, `form.${name}`, form.id, at, form.id, rest as unknown as JsonValue);
}

/** `dev.sluice.approval.<name>`: subject the approval's id, data the approval (`inputs_omitted` for large inputs). */
export function approvalEvent(
  start: RunStart,
  name: "requested" | "resolved",
  approval: Approval,
  at: number,
): CloudEvent {
  const { inputs, ...rest } = approval;
  const shown =
    bytesBeyond(MAX_EVENT_INPUTS_BYTES, inputs) === undefined ? { inputs } : { inputs_omitted: true };
  return event(start, `approval.${name}`, approval.id, at, approval.id, { ...rest, ...shown } as JsonValue);
}
