// What a script does about errors: catch them, and clean up.
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  fromJson,
  makeStruct,
  type StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { errorDataOf } from "../error-data.ts";
import { callingFiber } from "./issue.ts";

function errorStruct(error: StarlarkError): Value {
  const { code, message, details } = errorDataOf(error);
  return makeStruct({ code, message, details: fromJson(details ?? {}) }, "error");
}

/**
 * `w.attempt(fn, *args)`: calls `fn(*args)` and returns `struct(ok, value, error)`: `value` is what it returned,
 * or None; `error` is `struct(code, message, details)`, or None. A cancellation and a used-up budget pass by.
 */
export const attempt: Builtin = defineBuiltin(
  "attempt",
  "fn: callable, /, *args",
  (ctx: CallContext, fn: Value, args: readonly Value[]) =>
    ctx.attempt(fn, args, (outcome) =>
      outcome.ok
        ? makeStruct({ ok: true, value: outcome.value, error: null })
        : makeStruct({ ok: false, value: null, error: errorStruct(outcome.error) }),
    ),
);

/**
 * `w.defer(fn, *args)`: calls `fn(*args)` when the handler has ended in whichever way, a cancellation included;
 * the last one deferred is the first one called.
 */
export const defer: Builtin = defineBuiltin(
  "defer",
  "fn: callable, /, *args",
  (ctx: CallContext, fn: Value, args: readonly Value[]) => {
    callingFiber(ctx).defer(fn, args);
    return null;
  },
);
