import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  typeName,
  type Value,
} from "../../starlark/index.ts";
import { type CommandRequest, issue } from "./issue.ts";
import { timeToMs } from "./time.ts";

/**
 * The command that sleeps until a `time.time`; undefined for any other value. It holds the moment and no length, so that
 * no clock has to be asked: the same program always makes the same command.
 */
export function sleepUntilCommand(time: Value): Omit<CommandRequest, "position"> | undefined {
  const until = timeToMs(time);
  return until === undefined ? undefined : { kind: "sleep", name: "", args: { until } };
}

/** `w.sleep_until(t)`: as `w.sleep`, until `t`, a `time.time`. One that has passed is no wait. Throws `InvalidTime`. */
export const sleepUntil: Builtin = defineBuiltin("sleep_until", "time", (ctx: CallContext, time: Value) => {
  const command = sleepUntilCommand(time);
  if (command) return issue(ctx, command);
  throw new StarlarkError(`sleep_until: for parameter time: got ${typeName(time)}, want a time.time`, {
    code: "InvalidTime",
  });
});
