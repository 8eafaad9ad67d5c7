import { z } from "zod";

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Any JSON, for places that were parsed from JSON text anyway. Not `z.json()`: that walks the whole value again, and
 * is recursive, which the generator of our OpenAPI description cannot follow.
 */
export const jsonSchema = z.unknown() as unknown as z.ZodType<JsonValue>;
