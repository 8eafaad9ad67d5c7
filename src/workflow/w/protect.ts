// What a script does about errors: catch them, and clean up.
import {
  type Builtin,
  type CallContext,
  CaughtError,
  defineBuiltin,
  fromJson,
  type KeywordArgument,
  makeStruct,
  type StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { errorDataOf } from "../error-data.ts";
import { callingFiber } from "./issue.ts";

function caught(error: StarlarkError): Value {
  return new CaughtError(error, fromJson(errorDataOf(error).details ?? {}));
}

/**
 * `w.attempt(fn, *args, **kwargs)`: calls `fn(*args, **kwargs)` and returns `struct(ok, value, error)`: `value` is what
 * it returned, or None; `error` is `struct(code, message, details)`, which `fail` raises again, or None. A cancellation
 * and a used-up budget pass by.
 */
export const attempt: Builtin = defineBuiltin(
  "attempt",
  "fn: callable, /, *args, **kwargs",
  (ctx: CallContext, fn: Value, args: readonly Value[], kwargs: readonly KeywordArgument[]) =>
    ctx.attempt(fn, args, kwargs, (outcome) =>
      outcome.ok
        ? makeStruct({ ok: true, value: outcome.value, error: null })
        : makeStruct({ ok: false, value: null, error: caught(outcome.error) }),
    ),
);

/**
 * `w.defer(fn, *args, **kwargs)`: calls `fn(*args, **kwargs)` when the handler has ended in whichever way, a
 * cancellation included; the last one deferred is the first one called.
 */
export const defer: Builtin = defineBuiltin(
  "defer",
  "fn: callable, /, *args, **kwargs",
  (ctx: CallContext, fn: Value, args: readonly Value[], kwargs: readonly KeywordArgument[]) => {
    callingFiber(ctx).defer({ fn, args, kwargs });
    return null;
  },
);
