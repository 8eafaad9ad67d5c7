// How large a value is on its way through journal, jobs and events.
import type { JsonValue } from "../protocol/json.ts";
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

/** Bytes of the value as the journal keeps it when they are too many for it. Members named `$starlark` take several times more there. */
export function keptBytesBeyond(value: JsonValue): number | undefined {
  return bytesBeyond(MAX_KEPT_BYTES, encodeValue(fromJson(value)));
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
