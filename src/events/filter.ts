// The `filter` of a trigger or wait: a CEL expression over `event` that must come out true or false.
import { ok, type Result, refuse } from "../protocol/result.ts";
import { compileExpression, type FilteredEvent } from "./expression.ts";

/**
 * Whether the event passes. Refuses `filter_failed` when the expression fails on this event (a missing field, a
 * comparison of unlike types, too many steps) or comes out as something else than true or false.
 */
export type Filter = (event: FilteredEvent) => Result<boolean>;

/** Compiles a filter. Refuses `invalid_filter` with a message that says where. */
export function compileFilter(text: string): Result<Filter> {
  const compiled = compileExpression(text, "filter");
  if (!compiled.ok) return compiled;
  const { type, evaluate } = compiled.value;
  if (type !== "bool" && type !== "dyn") {
    return refuse("invalid_filter", `a filter must come out true or false, this one as ${type}`);
  }
  return ok((event) => {
    const outcome = evaluate(event);
    if (!outcome.ok) return outcome;
    return typeof outcome.value === "boolean"
      ? ok(outcome.value)
      : refuse("filter_failed", "the filter came out as neither true nor false");
  });
}

/** What is wrong with a filter, in a sentence; undefined when nothing is. */
export function checkFilter(text: string): string | undefined {
  const compiled = compileFilter(text);
  return compiled.ok ? undefined : compiled.error.message;
}
