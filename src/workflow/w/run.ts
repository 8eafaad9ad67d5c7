import { parseFunctionReference } from "../../protocol/function-reference.ts";
import type { JsonObject } from "../../protocol/json.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  StarlarkList,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { durationArgument } from "./duration.ts";
import { issue } from "./issue.ts";
import { checkPayload, jsonObjectArgument } from "./json-argument.ts";
import { retryArgument } from "./retry-argument.ts";
import { sensitiveArgument } from "./sensitive-argument.ts";

const MAX_TAGS = 32;

/** References that were found valid: a replay meets the same few again and again. */
const valid = new Set<string>();
const MAX_REMEMBERED = 1000;

function checkReference(step: string): void {
  if (valid.has(step)) return;
  const parsed = parseFunctionReference(step);
  if (parsed.ok) {
    if (valid.size < MAX_REMEMBERED) valid.add(step);
    return;
  }
  throw new StarlarkError(`run: ${parsed.error.message}`, { code: "InvalidReference" });
}

function tagsArgument(tags: Value): string[] {
  const items = tags instanceof StarlarkList ? tags.items : [];
  if (items.length > MAX_TAGS) {
    throw new StarlarkError(`run: for parameter tags: at most ${MAX_TAGS}`, { code: "InvalidTags" });
  }
  return items.map((tag) => {
    if (typeof tag === "string" && tag !== "" && tag.length <= 64) return tag;
    const got = typeof tag === "string" ? `one of ${tag.length} characters` : typeName(tag);
    throw new StarlarkError(
      `run: for parameter tags: got ${got} in the list, want a string of 1 to 64 characters`,
      { code: "InvalidTags" },
    );
  });
}

/**
 * `w.run(step="host/path@v1", inputs={…})`: runs a Function where policy allows it, and returns its outputs. What
 * the script leaves out is left out of the arguments too, so that a later option changes no digest.
 */
export const run: Builtin = defineBuiltin(
  "run",
  "step: string, inputs??: dict, *, sensitive??: list, environment??: string, retry??, timeout??, deadline??, tags??: list",
  (
    ctx: CallContext,
    step: string,
    inputs?: Value,
    sensitive?: Value,
    environment?: string,
    retry?: Value,
    timeout?: Value,
    deadline?: Value,
    tags?: Value,
  ) => {
    checkReference(step);
    const args: JsonObject = {
      inputs: inputs === undefined ? {} : jsonObjectArgument("run", "inputs", inputs),
    };
    if (sensitive !== undefined) args.sensitive = sensitiveArgument("run", sensitive, args.inputs);
    if (environment !== undefined) args.environment = environment;
    if (retry !== undefined) args.retry = retryArgument(retry);
    if (timeout !== undefined) args.timeoutMs = durationArgument("run", "timeout", timeout);
    if (deadline !== undefined) args.deadlineMs = durationArgument("run", "deadline", deadline);
    if (tags !== undefined) args.tags = tagsArgument(tags);
    checkPayload("run", args);
    return issue(ctx, { kind: "run", name: step, args });
  },
);
