// Holds what a workflow is started with against what it declares to take.
import type { FormField } from "../../protocol/form.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import { ok, type Result, refuse } from "../../protocol/result.ts";
import { checkValues } from "./check-values.ts";

/**
 * What the handler gets: with fields a value for every one of them, `null` for those left empty; without any, the input
 * as it is. No input at all is one with nothing filled in. Refuses `invalid_input`, with every fault as a pointer below
 * `/input` in `details.errors`.
 */
export function checkStartInput(
  workflow: string,
  fields: readonly FormField[] | undefined,
  input: JsonValue,
): Result<JsonValue> {
  if (fields === undefined) return ok(input);
  const given = input ?? {};
  const checked = isJsonObject(given)
    ? checkValues(fields, given, "/input")
    : { faults: [{ pointer: "/input", message: `must be an object of ${namesOf(fields)}` }] };
  if ("values" in checked) return ok(checked.values);
  const { faults } = checked;
  const [first] = faults;
  const what = first?.pointer.slice("/input/".length) || "the input";
  return refuse("invalid_input", `${workflow} does not start with this input: ${what} ${first?.message}`, {
    errors: faults as unknown as JsonObject[],
  });
}

function namesOf(fields: readonly FormField[]): string {
  return fields.map(({ name }) => name).join(", ");
}
