import type { JsonObject } from "../../protocol/json.ts";
import { lockKeySchema } from "../../protocol/lock.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { AllJoin } from "../fibers/all-join.ts";
import { FIBER_COST, MAX_LOCK_LIMIT } from "../limits.ts";
import { durationArgument } from "./duration.ts";
import { callingFiber, issue } from "./issue.ts";
import { callingThread } from "./parallel.ts";

/**
 * `w.lock("env/production", fn, *args, limit=1, timeout="1h")`: calls `fn(*args)` while at most `limit` hold the lock,
 * whatever run they belong to, and returns what it returns. Those that wait get it in the order they asked. `fn` runs in
 * a fiber of its own, so that whatever ends it, its cleanup included, ends before the lock is let go of. Raises
 * `LockTimeout` when `timeout` comes first, `LockReentered` inside itself.
 */
export const lock: Builtin = defineBuiltin(
  "lock",
  "key: string, fn: callable, *args, limit??: index, timeout??",
  (
    ctx: CallContext,
    key: string,
    fn: Value,
    limit: number | undefined,
    timeout: Value | undefined,
    args: readonly Value[],
  ) => {
    const options = lockOptions(key, limit, timeout);
    const position = ctx.position();
    const thread = callingThread(ctx);
    ctx.charge(FIBER_COST.steps, FIBER_COST.bytes);
    thread.claimFibers(1);
    const unlock = defineBuiltin("unlock", "", (inFiber: CallContext) =>
      issue(inFiber, { kind: "unlock", name: key, args: {}, position }),
    );
    const locked = defineBuiltin("lock", "", (inFiber: CallContext) => {
      // Whether it was granted or not: a cancellation can come between the grant and this fiber's turn.
      callingFiber(inFiber).defer({ fn: unlock, args: [] });
      return issue(inFiber, { kind: "lock", name: key, args: options, position }, () =>
        inFiber.call(fn, args),
      );
    });
    const member = thread.startChild({ fn: locked, args: [] }, thread.callStack.at(-1));
    const join = new AllJoin({
      members: [member].values(),
      limit: 1,
      cancelOnError: false,
      result: ([value = null]) => value,
      print: (text) => ctx.print(text),
    });
    return ctx.suspend({ join });
  },
);

function lockOptions(key: string, limit: number | undefined, timeout: Value | undefined): JsonObject {
  const checked = lockKeySchema.safeParse(key);
  if (!checked.success) {
    throw new StarlarkError(`lock: for parameter key: ${checked.error.issues[0]?.message ?? "not a key"}`, {
      code: "InvalidName",
    });
  }
  if (limit !== undefined && (limit < 1 || limit > MAX_LOCK_LIMIT)) {
    throw new StarlarkError(`lock: for parameter limit: got ${limit}, want 1 to ${MAX_LOCK_LIMIT}`, {
      code: "InvalidLimit",
    });
  }
  const options: JsonObject = {};
  if (limit !== undefined) options.limit = limit;
  if (timeout !== undefined) options.timeoutMs = durationArgument("lock", "timeout", timeout);
  return options;
}
