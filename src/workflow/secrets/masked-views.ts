// What people see of a run, without its secrets.
import { defined } from "../../protocol/defined.ts";
import type { Form } from "../../protocol/form.ts";
import type { CommandId } from "../../protocol/ids.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { MASK } from "../../protocol/mask.ts";
import { replacedAt } from "../../protocol/place.ts";
import type { Approval } from "../../protocol/policy.ts";
import type { Activity, RunSummary } from "../../protocol/run.ts";
import type { RunEnding } from "../machine-types.ts";
import type { RunSecrets } from "./run-secrets.ts";

export function maskedSummary(summary: RunSummary, secrets: RunSecrets): RunSummary {
  if (secrets.isEmpty) return summary;
  const { mask } = secrets;
  const { event, paused, error } = summary;
  return {
    ...mask.members(summary, ["waitingFor", "status", "labels", "environments"]),
    event: mask.members(event, ["id", "subject"]),
    ...(paused && { paused: mask.members(paused, ["reason"]) }),
    ...(error && { error: secrets.error(error) }),
  };
}

/** `inputs` of a `run` are its inputs, of all others their arguments. */
export function maskedActivity(activity: Activity, secrets: RunSecrets): Activity {
  if (secrets.isEmpty) return activity;
  const { mask } = secrets;
  const { kind, inputs, outputs, error, operated } = activity;
  const id = activity.command as CommandId;
  return {
    ...mask.members(activity, ["name", "environment"]),
    ...(inputs && { inputs: kind === "run" ? secrets.inputs(id, inputs) : secrets.args(id, inputs) }),
    ...(outputs !== undefined && { outputs: secrets.outcome(id, outputs) }),
    ...(error && { error: secrets.error(error) }),
    ...(operated && { operated: mask.members(operated, ["reason"]) }),
  };
}

export function maskedApproval(approval: Approval, secrets: RunSecrets): Approval {
  if (secrets.isEmpty) return approval;
  return {
    ...secrets.mask.members(approval, ["function", "reasons", "environment", "comment"]),
    inputs: secrets.inputs(approval.command as CommandId, approval.inputs),
  };
}

export function maskedForm(form: Form, secrets: RunSecrets): Form {
  if (secrets.isEmpty) return form;
  const { mask } = secrets;
  const { fields, values } = form;
  const secret = fields.filter(({ type }) => type === "secret").map(({ name }) => [name]);
  return {
    ...mask.members(form, ["title", "description"]),
    fields: fields.map((field) => mask.members(field, ["label", "help", "default", "options"])),
    ...(values && { values: mask.value(replacedAt(values, secret, MASK) as JsonObject) }),
  };
}

export function maskedEnding({ output, error, traceback }: RunEnding, secrets: RunSecrets): RunEnding {
  return {
    ...secrets.mask.members(defined({ output, traceback }), ["output", "traceback"]),
    ...(error && { error: secrets.error(error) }),
  };
}
