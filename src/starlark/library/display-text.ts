/** The text of values inside formatted strings. */
import type { Budget } from "../budget.ts";
import { StarlarkBytes } from "../value/bytes.ts";
import { repr, str } from "../value/repr.ts";
import type { Value } from "../value/value.ts";

/** As `str`, but bytes, which may be no text, are shown as in a program (starlark-go). */
export function displayText(value: Value, budget: Budget): string {
  return value instanceof StarlarkBytes ? repr(value, budget) : str(value, budget);
}
