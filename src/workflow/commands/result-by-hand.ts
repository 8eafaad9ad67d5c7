// What an operator gives a command as its result, before the script gets to see it.
import type { JsonValue } from "../../protocol/json.ts";

/**
 * The result as the script gets it, with the places in it that are sensitive; or what is wrong with it, as the rest of a
 * sentence that begins with the command.
 */
export type ResultByHand = { value: JsonValue; sensitive?: string[] } | { fault: string };

/** For a command that may return whatever JSON can say. */
export function anyResult(_command: unknown, value: JsonValue): ResultByHand {
  return { value };
}

/** For a command that returns nothing. */
export function noResult(_command: unknown, value: JsonValue): ResultByHand {
  return value === null ? { value } : { fault: "returns None: skip it, or give it null" };
}
