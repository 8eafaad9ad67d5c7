// Reading webhooks' payloads, whose shape only their sender knows: what is not there is undefined.
import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** The object under `key`; undefined when there is none, or something else. */
export function objectAt(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const child = value?.[key];
  return typeof child === "object" && child !== null && !Array.isArray(child) ? child : undefined;
}

/** The text or number under `key`, as text; undefined when it is missing, empty or something else. */
export function textAt(value: JsonObject | undefined, key: string): string | undefined {
  const child: JsonValue | undefined = value?.[key];
  if (typeof child === "number") return String(child);
  return typeof child === "string" && child !== "" ? child : undefined;
}
