/** The language in the runtime that it is for: hostile scripts end there as they do in Node. */
import { expect, test } from "vitest";
import { overBudget, refused, runHostile } from "../starlark/hostile-scripts.ts";

test.each(Object.entries(overBudget))("%s ends by its budget", (_name, source) => {
  expect(runHostile(source)?.code).toBe("BudgetExceeded");
});

test.each(Object.entries(refused))("%s is refused", (_name, [source, message]) => {
  expect(runHostile(source)?.message).toMatch(message);
});
