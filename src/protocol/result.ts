import type { JsonObject } from "./json.ts";

/**
 * An error as plain data: what actors hand each other, because exceptions lose their class across RPC.
 * `code` is stable and documented in docs/errors.md; `retryable` says whether the same call may succeed later.
 */
export interface ErrorData {
  code: string;
  message: string;
  retryable?: boolean;
  details?: JsonObject;
}

/** An answer that can be a refusal. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: ErrorData };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(code: string, message: string, details?: JsonObject): Result<never> {
  return { ok: false, error: details === undefined ? { code, message } : { code, message, details } };
}
