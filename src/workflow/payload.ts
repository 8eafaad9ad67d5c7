// How large a value is on its way through journal, jobs and events.
import type { JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { encodeValue, fromJson } from "../starlark/index.ts";
import { MAX_KEPT_BYTES } from "./limits.ts";

/** Bytes of the value's JSON in UTF-8 when they are more than `limit`; undefined when they are not. */
export function bytesBeyond(limit: number, value: JsonValue): number | undefined {
  const text = JSON.stringify(value);
  // No UTF-16 code unit takes more than three bytes, so that nearly all values are told by their length.
  if (text.length * 3 <= limit) return undefined;
  const bytes = utf8Length(text);
  return bytes > limit ? bytes : undefined;
}

/** The code of what is told to scripts. */
export const PAYLOAD_TOO_LARGE = "PayloadTooLarge";

/**
 * The value as the journal keeps it, where members named `$starlark` take several times more. Refuses `PayloadTooLarge`
 * for what is too much for it; `what` names the value in the message.
 */
export function keptValue(what: string, value: JsonValue): Result<JsonValue> {
  const kept = encodeValue(fromJson(value));
  const bytes = bytesBeyond(MAX_KEPT_BYTES, kept);
  if (bytes === undefined) return ok(kept);
  const message = `${what} is ${bytes} bytes in the journal, the limit is ${MAX_KEPT_BYTES}`;
  return refuse(PAYLOAD_TOO_LARGE, message, { bytes, limit: MAX_KEPT_BYTES });
}

/** Bytes of the value's JSON in UTF-8. */
export function bytesOf(value: JsonValue): number {
  return utf8Length(JSON.stringify(value));
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // One half of a surrogate pair is two of its four bytes. JSON.stringify escapes unpaired ones.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
