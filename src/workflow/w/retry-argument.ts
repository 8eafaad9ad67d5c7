// `retry=` of `w.run`: how often, how long between, and which errors are final.
import type { JsonObject } from "../../protocol/json.ts";
import {
  StarlarkDict,
  StarlarkError,
  StarlarkFloat,
  StarlarkStruct,
  spellingHint,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { MAX_ATTEMPTS } from "../limits.ts";
import { durationArgument } from "./duration.ts";
import { listItems } from "./list-items.ts";

const options = ["attempts", "initial", "factor", "max", "final"];

function retryError(message: string): StarlarkError {
  return new StarlarkError(`run: for parameter retry: ${message}`, { code: "InvalidRetry" });
}

function optionsOf(value: Value): Iterable<readonly [Value, Value]> {
  if (typeof value === "number") return [["attempts", value]];
  if (value instanceof StarlarkStruct) return value.fields;
  if (value instanceof StarlarkDict)
    return [...value.entries.values()].map((entry) => [entry.key, entry.value]);
  throw retryError(`got ${typeName(value)}, want a number of attempts or a dict of ${options.join(", ")}`);
}

function finalCodes(value: Value): string[] {
  const items = listItems(value);
  if (!items) throw retryError(`final: got ${typeName(value)}, want a list of error codes`);
  return items.map((item) => {
    if (typeof item === "string") return item;
    throw retryError(`final: got ${typeName(item)} in the list, want string`);
  });
}

/** Reads `retry=`; what is not given is not in the result. Throws `InvalidRetry`. */
export function retryArgument(value: Value): JsonObject {
  const retry: JsonObject = {};
  for (const [name, option] of optionsOf(value)) {
    switch (name) {
      case "attempts":
        if (typeof option !== "number" || option < 1 || option > MAX_ATTEMPTS) {
          throw retryError(`attempts must be an int from 1 to ${MAX_ATTEMPTS}`);
        }
        retry.attempts = option;
        break;
      case "initial":
        retry.initialMs = durationArgument("run: retry", "initial", option);
        break;
      case "max":
        retry.maxMs = durationArgument("run: retry", "max", option);
        break;
      case "factor": {
        const factor = option instanceof StarlarkFloat ? option.value : option;
        if (typeof factor !== "number" || !(factor >= 1 && factor <= 100)) {
          throw retryError("factor must be a number from 1 to 100");
        }
        retry.factor = factor;
        break;
      }
      case "final":
        retry.final = finalCodes(option);
        break;
      default: {
        const hint = typeof name === "string" ? spellingHint(name, options) : "";
        throw retryError(`there is no option ${String(name)}${hint}, only ${options.join(", ")}`);
      }
    }
  }
  return retry;
}
