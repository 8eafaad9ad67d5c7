import type { JobOutcome } from "../src/protocol/job.ts";
import type { JsonObject } from "../src/protocol/json.ts";

/** Why a job failed, in the words of its outcome. `code` is stable and documented in docs/functions.md. */
export class JobError extends Error {
  readonly code: string;
  readonly details: JsonObject | undefined;
  /** Whether another attempt may succeed; undefined leaves it to the workflow's retry policy. */
  readonly retryable: boolean | undefined;

  constructor(
    code: string,
    message: string,
    options: { details?: JsonObject | undefined; retryable?: boolean | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryable = options.retryable;
  }

  outcome(): JobOutcome {
    return {
      error: {
        code: this.code,
        message: shortened(this.message),
        ...(this.details === undefined ? {} : { details: this.details }),
        ...(this.retryable === undefined ? {} : { retryable: this.retryable }),
      },
    };
  }
}

const MAX_MESSAGE = 10_000;

/** The mark at the end also tells a mask that a secret may have been cut there. */
function shortened(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}
