import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { CONTINUE_AS_NEW } from "../error-data.ts";
import { callingFiber } from "./issue.ts";
import { checkPayload, jsonArgument } from "./json-argument.ts";

/**
 * `w.continue_as_new(data = None)`: ends the run and starts it over, in a run of its own with an empty journal. The
 * handler gets the same event again, with `data` in the place of its data where it is given. Never returns; deferred
 * functions run before the end. Error `InvalidContinue` outside of the handler's own fiber, and in cleanup.
 */
export const continueAsNew: Builtin = defineBuiltin(
  "continue_as_new",
  "data??",
  (ctx: CallContext, data?: Value) => {
    if (!callingFiber(ctx).mayContinue) {
      throw new StarlarkError(
        "continue_as_new: only the handler starts its run over: not a branch, a task or a deferred function",
        { code: "InvalidContinue" },
      );
    }
    const given = data === undefined ? undefined : jsonArgument("continue_as_new", "data", data);
    if (given !== undefined) checkPayload("continue_as_new", { data: given });
    throw new StarlarkError("the run continues as a new one", {
      code: CONTINUE_AS_NEW,
      details: given === undefined ? {} : { data: given },
      uncatchable: true,
    });
  },
);
