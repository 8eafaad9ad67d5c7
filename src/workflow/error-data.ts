// Errors on their way between Starlark and the journal.
import type { CommandId } from "../protocol/ids.ts";
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

/** The error that a command's outcome raises at the call that waits for it. */
export function raisedError({ code, message, details }: ErrorData, command: CommandId): StarlarkError {
  return new StarlarkError(message, { code, details, origin: command });
}

/** The command whose outcome raised the error, however often it was caught and raised again; undefined for any other. */
export function commandOf({ origin }: StarlarkError): CommandId | undefined {
  // Only `raisedError` gives errors an origin.
  return origin as CommandId | undefined;
}

export function cancelledError(by: string, reason: string): StarlarkError {
  const why = reason === "" ? "" : `: ${reason}`;
  return new StarlarkError(`the run was cancelled by ${by}${why}`, {
    code: CANCELLED,
    details: { by, reason },
    uncatchable: true,
  });
}
