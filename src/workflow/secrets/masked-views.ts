// What people see of a run, without its secrets.
import type { Form } from "../../protocol/form.ts";
import type { CommandId } from "../../protocol/ids.ts";
import type { JsonObject } from "../../protocol/json.ts";
import type { Approval } from "../../protocol/policy.ts";
import type { Activity, RunSummary } from "../../protocol/run.ts";
import type { RunEnding } from "../machine-types.ts";
import type { RunSecrets } from "./run-secrets.ts";

export function maskedSummary(summary: RunSummary, secrets: RunSecrets): RunSummary {
  if (secrets.isEmpty) return summary;
  const { mask } = secrets;
  const { event, waitingFor, paused, status, labels, environments, error } = summary;
  return {
    ...summary,
    event: {
      ...event,
      id: mask.text(event.id),
      ...(event.subject === undefined ? {} : { subject: mask.text(event.subject) }),
    },
    waitingFor: mask.text(waitingFor),
    ...(paused ? { paused: { ...paused, reason: mask.text(paused.reason) } } : {}),
    environments: environments.map((name) => mask.text(name)),
    ...(status === undefined ? {} : { status: mask.text(status) }),
    ...(labels ? { labels: mask.value(labels) } : {}),
    ...(error ? { error: secrets.error(error) } : {}),
  };
}

/** `inputs` of a `run` are its inputs, of all others their arguments. */
export function maskedActivity(activity: Activity, secrets: RunSecrets): Activity {
  if (secrets.isEmpty) return activity;
  const { mask } = secrets;
  const { kind, name, environment, inputs, outputs, error, operated } = activity;
  const id = activity.command as CommandId;
  return {
    ...activity,
    name: mask.text(name),
    ...(environment === undefined ? {} : { environment: mask.text(environment) }),
    ...(inputs === undefined
      ? {}
      : { inputs: kind === "run" ? secrets.inputs(id, inputs) : secrets.args(id, inputs) }),
    ...(outputs === undefined ? {} : { outputs: secrets.outcome(id, outputs) }),
    ...(error === undefined ? {} : { error: secrets.error(error) }),
    ...(operated === undefined ? {} : { operated: { ...operated, reason: mask.text(operated.reason) } }),
  };
}

export function maskedApproval(approval: Approval, secrets: RunSecrets): Approval {
  if (secrets.isEmpty) return approval;
  const { mask } = secrets;
  const { command, inputs, reasons, environment, comment } = approval;
  return {
    ...approval,
    function: mask.text(approval.function),
    inputs: secrets.inputs(command as CommandId, inputs),
    reasons: reasons.map((reason) => mask.text(reason)),
    ...(environment === undefined ? {} : { environment: mask.text(environment) }),
    ...(comment === undefined ? {} : { comment: mask.text(comment) }),
  };
}

export function maskedForm(form: Form, secrets: RunSecrets): Form {
  if (secrets.isEmpty) return form;
  const { mask } = secrets;
  const { command, title, description, fields, values } = form;
  return {
    ...form,
    title: mask.text(title),
    ...(description === undefined ? {} : { description: mask.text(description) }),
    fields: fields.map((field) => ({
      ...field,
      ...(field.label === undefined ? {} : { label: mask.text(field.label) }),
      ...(field.help === undefined ? {} : { help: mask.text(field.help) }),
      ...(field.default === undefined ? {} : { default: mask.value(field.default) }),
      ...(field.options === undefined ? {} : { options: mask.value(field.options) }),
    })),
    ...(values === undefined ? {} : { values: secrets.outcome(command as CommandId, values as JsonObject) }),
  };
}

export function maskedEnding({ output, error, traceback }: RunEnding, secrets: RunSecrets): RunEnding {
  return {
    ...(output === undefined ? {} : { output: secrets.mask.value(output) }),
    ...(error === undefined ? {} : { error: secrets.error(error) }),
    ...(traceback === undefined ? {} : { traceback: secrets.mask.text(traceback) }),
  };
}
