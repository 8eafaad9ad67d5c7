// JSON from outside, as bytes.
import type { JsonValue } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";

/**
 * The JSON value in UTF-8 bytes, a byte order mark aside. Refuses `malformed_body` and says where it stops being JSON.
 */
export function parseJson(bytes: Uint8Array): Result<JsonValue> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return refuse("malformed_body", "the body is not UTF-8");
  }
  if (text.trim() === "") return refuse("malformed_body", "the body is empty where JSON was expected");
  try {
    return ok(JSON.parse(text) as JsonValue);
  } catch (error) {
    return refuse(
      "malformed_body",
      `the body is not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}
