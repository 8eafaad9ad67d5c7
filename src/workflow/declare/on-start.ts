import { START_TRIGGER, WORKFLOW_START } from "../../events/workflow-start.ts";
import type { FormField } from "../../protocol/form.ts";
import type { JsonValue } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { declaredFields } from "../forms/declared-fields.ts";
import { bytesBeyond } from "../payload.ts";
import { declare, timeLimit } from "./declaration.ts";
import { flowControl } from "./flow-rules.ts";

/** Every run keeps its trigger, and so these. */
const MAX_INPUTS_BYTES = 64 * 1024;

/**
 * `on_start(handler, inputs=None, concurrency=None, rate_limit=None, priority=0, timeout=None)`: lets people and other
 * workflows start this one by its name. The handler gets an event whose `data` is what they give it: any JSON, or with
 * `inputs`, fields as of `w.form`, a dict with a value for every field. Once per workflow. Throws `InvalidInputs`.
 */
export const onStart: Builtin = defineBuiltin(
  "on_start",
  "handler: callable, inputs??: dict, *, concurrency??, rate_limit??, priority??: index, timeout??",
  (
    ctx: CallContext,
    handler: Value,
    inputs: Value | undefined,
    ...[concurrency, rate_limit, priority, timeout]: [Value?, Value?, number?, Value?]
  ) =>
    declare(ctx, "on_start", {
      type: WORKFLOW_START,
      handler,
      filter: undefined,
      match: undefined,
      name: START_TRIGGER,
      schedule: undefined,
      // No debounce and no batch: whoever asks for a start, asks for a run of their own.
      flow: flowControl("on_start", { concurrency, rate_limit, priority }),
      timeoutMs: timeLimit("on_start", timeout),
      inputs: inputs === undefined ? undefined : inputsOf(inputs, ctx),
    }),
);

function inputsOf(inputs: Value, ctx: CallContext): FormField[] {
  const code = "InvalidInputs";
  const fields = declaredFields({ fn: "on_start", parameter: "inputs", code }, inputs, ctx);
  if (bytesBeyond(MAX_INPUTS_BYTES, fields as unknown as JsonValue) !== undefined) {
    const message = `on_start: for parameter inputs: more than ${MAX_INPUTS_BYTES} bytes as JSON`;
    throw new StarlarkError(message, { code });
  }
  return fields;
}
