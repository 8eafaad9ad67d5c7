import { isJsonObject, type JsonValue } from "../../protocol/json.ts";
import { MASK } from "../../protocol/mask.ts";

/** Whether a value is what was written down of it, when a text with the mask in it can have been anything. */
export function isSameButMasked(written: JsonValue, value: JsonValue): boolean {
  if (typeof written === "string" && written.includes(MASK)) return true;
  if (Array.isArray(written)) {
    if (!Array.isArray(value) || written.length !== value.length) return false;
    return written.every((item, index) => isSameButMasked(item, value[index] ?? null));
  }
  if (!isJsonObject(written)) return written === value;
  if (!isJsonObject(value)) return false;
  const names = Object.keys(written);
  // Names that hold a secret are masked as well, and two may have become one.
  if (names.some((name) => name.includes(MASK))) return true;
  return (
    names.length === Object.keys(value).length &&
    names.every(
      (name) => Object.hasOwn(value, name) && isSameButMasked(written[name] ?? null, value[name] ?? null),
    )
  );
}
