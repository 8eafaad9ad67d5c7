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
        message: this.message.slice(0, 10_000),
        ...(this.details === undefined ? {} : { details: this.details }),
        ...(this.retryable === undefined ? {} : { retryable: this.retryable }),
      },
    };
  }
}
