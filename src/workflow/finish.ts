// How a run ended, as its last record says it.
import type { RunId } from "../protocol/ids.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import { StarlarkError, toJson, type Value } from "../starlark/index.ts";
import { CANCELLED, commandOf, errorDataOf } from "./error-data.ts";
import type { ThreadEnding } from "./fibers/thread.ts";
import type { CancelRequest, FinishedNote } from "./journal-state.ts";
import { MAX_PAYLOAD_BYTES } from "./limits.ts";
import { bytesBeyond } from "./payload.ts";
import { timedOutNote } from "./time-limit.ts";

/** A script can make its messages as long as its memory: a record keeps this much of them. */
const MAX_TEXT = 20_000;

/** The text as a record keeps it. */
export function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
}

/** The end of a run whose script has ended. */
export function finishedNote(
  ending: ThreadEnding,
  cancelRequested: CancelRequest | undefined,
  successor: RunId,
): FinishedNote {
  switch (ending.kind) {
    case "continued":
      // Somebody has asked during its cleanup. A limit is that of this run alone.
      if (cancelRequested && cancelRequested.timeoutMs === undefined) return stoppedNote(cancelRequested);
      return {
        state: "succeeded",
        continued: { run: successor, ...(ending.data === undefined ? {} : { data: ending.data }) },
      };
    case "returned":
      return returned(ending.value);
    case "failed":
      return failed(ending.error);
    case "cancelled":
      return stoppedNote(cancelRequested);
  }
}

function stoppedNote(request: CancelRequest | undefined): FinishedNote {
  const { by = "", reason = "", timeoutMs, commands = [] } = request ?? {};
  return timeoutMs === undefined ? cancelledNote(by, reason) : timedOutNote(timeoutMs, commands);
}

/** The end of a run that somebody cancelled. */
export function cancelledNote(by: string, reason: string): FinishedNote {
  const message = `the run was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`;
  return { state: "cancelled", error: { code: CANCELLED, message, details: { by, reason } } };
}

function returned(value: Value): FinishedNote {
  let output: JsonValue;
  try {
    output = toJson(value);
  } catch (error) {
    if (!(error instanceof StarlarkError)) throw error;
    return {
      state: "failed",
      error: { code: "NotJson", message: `the handler's result: ${error.message}` },
      command: null,
    };
  }
  const bytes = bytesBeyond(MAX_PAYLOAD_BYTES, output);
  if (bytes === undefined) return { state: "succeeded", output };
  return {
    state: "failed",
    error: {
      code: "PayloadTooLarge",
      message: `the handler's result is ${bytes} bytes of JSON, the limit is ${MAX_PAYLOAD_BYTES}`,
      details: { bytes, limit: MAX_PAYLOAD_BYTES },
    },
    command: null,
  };
}

function failed(cause: StarlarkError): FinishedNote {
  const error: ErrorData = errorDataOf(cause);
  return {
    state: "failed",
    error: { ...error, message: shortened(error.message) },
    command: commandOf(cause) ?? null,
    traceback: shortened(cause.format()),
  };
}
