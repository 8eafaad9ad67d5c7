// `w.set_status`, `w.set_label`, `w.set_progress`, `w.set_output`: what a run says about itself.
import { isName } from "../../protocol/ids.ts";
import type { JsonObject } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  StarlarkFloat,
  type Value,
} from "../../starlark/index.ts";
import { MAX_LABEL_LENGTH, MAX_OUTPUT_BYTES, MAX_STATUS_LENGTH } from "../limits.ts";
import { bytesBeyond } from "../payload.ts";
import { issue } from "./issue.ts";
import { jsonArgument } from "./json-argument.ts";

function checkName(fn: string, parameter: string, name: string): void {
  if (isName(name)) return;
  throw new StarlarkError(
    `${fn}: for parameter ${parameter}: got "${name.slice(0, 80)}", want 1 to 64 letters, digits, '.', '_' or '-', not at the ends`,
    { code: "InvalidName" },
  );
}

/** `w.set_status(text)`: what the run is doing, for people. Cut at 200 characters. */
export const setStatus: Builtin = defineBuiltin(
  "set_status",
  "text: string",
  (ctx: CallContext, text: string) => {
    const shown = text.length > MAX_STATUS_LENGTH ? `${text.slice(0, MAX_STATUS_LENGTH - 1)}…` : text;
    return issue(ctx, { kind: "set_status", name: "", args: { text: shown } });
  },
);

/** `w.set_label(key, value)`: a label that lists of runs filter by; None takes it away. */
export const setLabel: Builtin = defineBuiltin(
  "set_label",
  "key: string, value: string|None",
  (ctx: CallContext, key: string, value: Value) => {
    checkName("set_label", "key", key);
    const text = typeof value === "string" ? value : null;
    if (text !== null && text.length > MAX_LABEL_LENGTH) {
      throw new StarlarkError(
        `set_label: for parameter value: ${text.length} characters, the limit is ${MAX_LABEL_LENGTH}`,
        { code: "InvalidLabel" },
      );
    }
    return issue(ctx, { kind: "set_label", name: key, args: { value: text } });
  },
);

function amount(parameter: string, value: Value): number {
  const number = value instanceof StarlarkFloat ? value.value : Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new StarlarkError(`set_progress: for parameter ${parameter}: got ${number}, want 0 or more`, {
    code: "InvalidProgress",
  });
}

/** `w.set_progress(done, total)`: how far the run is, in whatever it counts. */
export const setProgress: Builtin = defineBuiltin(
  "set_progress",
  "done: int|float, total??: int|float",
  (ctx: CallContext, done: Value, total?: Value) => {
    const args: JsonObject = { done: amount("done", done) };
    if (total !== undefined) args.total = amount("total", total);
    return issue(ctx, { kind: "set_progress", name: "", args });
  },
);

/** `w.set_output(key, value)`: a result that can be read while the run still goes. */
export const setOutput: Builtin = defineBuiltin(
  "set_output",
  "key: string, value",
  (ctx: CallContext, key: string, given: Value) => {
    checkName("set_output", "key", key);
    const value = jsonArgument("set_output", "value", given);
    const bytes = bytesBeyond(MAX_OUTPUT_BYTES, value);
    if (bytes !== undefined) {
      throw new StarlarkError(
        `set_output: ${key} is ${bytes} bytes of JSON, the limit is ${MAX_OUTPUT_BYTES}: pass a reference to the data`,
        { code: "PayloadTooLarge", details: { bytes, limit: MAX_OUTPUT_BYTES } },
      );
    }
    return issue(ctx, { kind: "set_output", name: key, args: { value } });
  },
);
