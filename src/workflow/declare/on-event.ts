import { type Builtin, type CallContext, defineBuiltin, type Value } from "../../starlark/index.ts";
import { jsonObjectArgument } from "../w/json-argument.ts";
import { declare, timeLimit } from "./declaration.ts";
import { flowControl } from "./flow-rules.ts";

/** `on_event(type=, handler=)`: runs `handler(w, event)` for every event of the type that passes filter and match. */
export const onEvent: Builtin = defineBuiltin(
  "on_event",
  "type: string, handler: callable, filter??: string, match??: dict, name??: string, *, concurrency??, rate_limit??, debounce??, batch??, priority??: index, timeout??",
  (
    ctx: CallContext,
    type: string,
    handler: Value,
    filter: string | undefined,
    match: Value | undefined,
    name: string | undefined,
    ...[concurrency, rate_limit, debounce, batch, priority, timeout]: [
      Value?,
      Value?,
      Value?,
      Value?,
      number?,
      Value?,
    ]
  ) =>
    declare(ctx, "on_event", {
      type,
      handler,
      filter,
      match: match === undefined ? undefined : jsonObjectArgument("on_event", "match", match),
      name,
      schedule: undefined,
      flow: flowControl("on_event", { concurrency, rate_limit, debounce, batch, priority }),
      timeoutMs: timeLimit("on_event", timeout),
    }),
);
