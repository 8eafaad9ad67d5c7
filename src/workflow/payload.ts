// How large a value is on its way through journal, jobs and events.
import type { JsonValue } from "../protocol/json.ts";

/** Bytes of the value's JSON in UTF-8. */
export function jsonBytes(value: JsonValue): number {
  const text = JSON.stringify(value);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // One half of a surrogate pair is two of its four bytes. JSON.stringify escapes unpaired ones.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
