import { z } from "zod";
import { isHealthReport, readHealthReport } from "../events/health-report.ts";
import { attributesOfConsequence, hopsOf, MAX_HOPS } from "../events/hops.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import { type BuiltinCall, checkInputs, failure, idempotencyKey, type LocalBuiltin } from "./builtin.ts";

const attribute = z.string().min(1).max(1024);
const inputsSchema = z.strictObject({
  type: z.string().min(1).max(255),
  source: attribute.optional(),
  subject: attribute.optional(),
  data: z.json().optional(),
});

function eventOf(call: BuiltinCall, inputs: z.infer<typeof inputsSchema>): CloudEvent {
  return {
    specversion: "1.0",
    // The same on every attempt: the bus takes an id once.
    id: idempotencyKey(call),
    source: inputs.source ?? `/workspaces/${call.workspace}/runs/${call.run}`,
    type: inputs.type,
    time: new Date(call.now).toISOString(),
    ...attributesOfConsequence(call.cause),
    ...(inputs.subject === undefined ? {} : { subject: inputs.subject }),
    ...(inputs.data === undefined ? {} : { datacontenttype: "application/json", data: inputs.data }),
  };
}

/**
 * `builtin://emit`: an event to the workspace's bus. Inputs `type`, and optionally `source` (this run), `subject`
 * and `data`; outputs the event's `id`, `source` and `type`. Types under `dev.sluice.` are Sluice's own,
 * but for reports of health.
 */
export const emit: LocalBuiltin = {
  kind: "local",
  perform(call) {
    const inputs = checkInputs("emit", inputsSchema, call.inputs);
    if ("outcome" in inputs) return inputs;
    const event = eventOf(call, inputs.value);
    if (isHealthReport(event)) {
      const report = readHealthReport(event, call.now);
      if (!report.ok) return { outcome: failure("InvalidHealthReport", report.error.message) };
    } else if (inputs.value.type.startsWith("dev.sluice.")) {
      return {
        outcome: failure(
          "ReservedEventType",
          `only Sluice itself emits ${inputs.value.type}: choose another type`,
        ),
      };
    }
    // The bus would keep it and start nothing: the chain ends here, and this run can say so.
    if (hopsOf(event) > MAX_HOPS) {
      return {
        outcome: failure(
          "TooManyHops",
          `${MAX_HOPS} runs in a row were caused by one another's events, the last being ${call.cause.type}: ` +
            `does a workflow start itself by emitting ${event.type}?`,
        ),
      };
    }
    return {
      outcome: { ok: { id: event.id, source: event.source, type: event.type } },
      events: [event],
    };
  },
};
