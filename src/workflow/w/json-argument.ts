// Arguments leave the script as JSON: checked and measured at the call, where the script can still be told.
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { StarlarkError, toJson, type Value } from "../../starlark/index.ts";
import { MAX_PAYLOAD_BYTES } from "../limits.ts";
import { bytesBeyond } from "../payload.ts";

/** The argument as JSON; throws `NotJson` when it has no such form. */
export function jsonArgument(fn: string, parameter: string, value: Value): JsonValue {
  try {
    return toJson(value);
  } catch (error) {
    if (!(error instanceof StarlarkError)) throw error;
    throw new StarlarkError(`${fn}: for parameter ${parameter}: ${error.message}`, { code: "NotJson" });
  }
}

/** As `jsonArgument`, for a dict with string keys. */
export function jsonObjectArgument(fn: string, parameter: string, value: Value): JsonObject {
  return jsonArgument(fn, parameter, value) as JsonObject;
}

/** Throws `PayloadTooLarge` when a command's arguments are more than 1 MiB of JSON. */
export function checkPayload(fn: string, args: JsonObject): void {
  const bytes = bytesBeyond(MAX_PAYLOAD_BYTES, args);
  if (bytes === undefined) return;
  throw new StarlarkError(
    `${fn}: the arguments are ${bytes} bytes of JSON, the limit is ${MAX_PAYLOAD_BYTES}: pass a reference to the data`,
    { code: "PayloadTooLarge", details: { bytes, limit: MAX_PAYLOAD_BYTES } },
  );
}
