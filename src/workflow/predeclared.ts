// What every file of a workflow knows besides the language itself: `on_event` and the library modules.
import type { JsonObject } from "../protocol/json.ts";
import {
  type CallContext,
  defineBuiltin,
  type Position,
  StarlarkError,
  standardModules,
  type Value,
} from "../starlark/index.ts";
import { jsonObjectArgument } from "./w/json-argument.ts";

/** One call of `on_event`. */
export interface Declaration {
  type: string;
  handler: Value;
  filter: string | undefined;
  match: JsonObject | undefined;
  name: string | undefined;
  position: Position;
}

/** `on_event(type=, handler=)`: runs `handler(w, event)` for every event of the type that passes filter and match. */
const onEvent = defineBuiltin(
  "on_event",
  "type: string, handler: callable, filter??: string, match??: dict, name??: string",
  (
    ctx: CallContext,
    type: string,
    handler: Value,
    filter: string | undefined,
    match: Value | undefined,
    name: string | undefined,
  ) => {
    // Set by load-workflow.ts while a file's top level runs; a handler that calls it finds something else.
    const declarations = ctx.hostData;
    if (!Array.isArray(declarations)) {
      throw new StarlarkError("on_event: triggers are declared at top level, not while a run is on", {
        code: "TriggerInHandler",
      });
    }
    declarations.push({
      type,
      handler,
      filter,
      match: match === undefined ? undefined : jsonObjectArgument("on_event", "match", match),
      name,
      position: ctx.position(),
    } satisfies Declaration);
    return null;
  },
);

export const predeclared: Readonly<Record<string, Value>> = {
  on_event: onEvent,
  ...standardModules,
};
