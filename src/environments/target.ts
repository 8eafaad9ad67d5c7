// Which calls touch an environment.
import type { Target } from "../protocol/environment.ts";
import { canonicalName } from "../protocol/function-name.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { matchesGlob } from "./glob.ts";

/** Inputs are compared as text; lists and structs have none that a glob could mean. */
function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** A target as somebody wrote it, in the spelling of names. The functions below compare it with names as it is. */
export function canonicalTarget(target: Target): Target {
  return { ...target, function: canonicalName(target.function) };
}

/**
 * True when a call of the function `name` (its reference without the version) with `inputs` is one that the target
 * means: every part of the target must fit, and an input it names must be there.
 */
export function matchesTarget(target: Target, call: { name: string; inputs: JsonObject }): boolean {
  if (!meansFunction(target, call.name)) return false;
  return Object.entries(target.inputs).every(([input, glob]) => {
    const text = Object.hasOwn(call.inputs, input) ? textOf(call.inputs[input]) : undefined;
    return text !== undefined && matchesGlob(glob, text);
  });
}

/** True when there are calls of the function `name` that the target means. */
export function meansFunction(target: Target, name: string): boolean {
  return matchesGlob(target.function, name);
}
