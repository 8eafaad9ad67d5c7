// The platform's limit on a row, which the local runtime does not enforce.

/** Bytes of one row or value that a Durable Object stores at most. */
export const MAX_ROW_BYTES = 2_000_000;

export class RowTooLarge extends Error {
  readonly code = "PayloadTooLarge";
  readonly retryable = false;

  constructor(what: string, bytes: number) {
    super(`${what} has ${bytes} bytes; a stored row holds at most ${MAX_ROW_BYTES}`);
    this.name = "RowTooLarge";
  }
}

/** Throws `RowTooLarge` when `text` cannot be stored in a row; `what` names it in the message. */
export function assertFitsRow(text: string, what: string): void {
  // A UTF-16 code unit takes at most three bytes in UTF-8: short texts need no counting.
  if (text.length * 3 <= MAX_ROW_BYTES) return;
  const bytes = new TextEncoder().encode(text).byteLength;
  if (bytes > MAX_ROW_BYTES) throw new RowTooLarge(what, bytes);
}
