import { START_TRIGGER, WORKFLOW_START } from "../../events/workflow-start.ts";
import { type Builtin, type CallContext, defineBuiltin, type Value } from "../../starlark/index.ts";
import { declare } from "./declaration.ts";

/**
 * `on_start(handler)`: lets people and other workflows start this one by its name. The handler gets an event whose
 * `data` is what they give it. Once per workflow.
 */
export const onStart: Builtin = defineBuiltin(
  "on_start",
  "handler: callable",
  (ctx: CallContext, handler: Value) =>
    declare(ctx, "on_start", {
      type: WORKFLOW_START,
      handler,
      filter: undefined,
      match: undefined,
      name: START_TRIGGER,
      schedule: undefined,
      flow: {},
    }),
);
