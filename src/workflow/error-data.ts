// Errors on their way between Starlark and the journal.
import { isJsonObject } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import { StarlarkError } from "../starlark/index.ts";

/** The run was cancelled: raised at the blocked call, and not to be caught by `w.attempt`. */
export const CANCELLED = "Cancelled";

/** What `w.continue_as_new` ends the handler with. Nobody sees it. */
export const CONTINUE_AS_NEW = "ContinueAsNew";

/** A Starlark error as plain data, without its traceback. */
export function errorDataOf({ code, message, details }: StarlarkError): ErrorData {
  return isJsonObject(details) ? { code, message, details } : { code, message };
}

/** The error that an outcome raises at the call that waits for it. */
export function raisedError({ code, message, details }: ErrorData): StarlarkError {
  return new StarlarkError(message, { code, details });
}

export function cancelledError(by: string, reason: string): StarlarkError {
  const why = reason === "" ? "" : `: ${reason}`;
  return new StarlarkError(`the run was cancelled by ${by}${why}`, {
    code: CANCELLED,
    details: { by, reason },
    uncatchable: true,
  });
}
