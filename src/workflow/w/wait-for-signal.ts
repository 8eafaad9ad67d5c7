import { isName } from "../../protocol/ids.ts";
import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { durationArgument } from "./duration.ts";
import { type CommandRequest, issue } from "./issue.ts";

/** The command that waits for a signal. Throws at the call of `fn` when no signal can have the name. */
export function signalCommand(fn: string, name: string): Omit<CommandRequest, "position"> {
  if (!isName(name)) {
    throw new StarlarkError(
      `${fn}: got "${name.slice(0, 80)}" as the name of a signal, want 1 to 64 letters, digits, '.', '_' or '-', not at the ends`,
      { code: "InvalidName" },
    );
  }
  return { kind: "wait_for_signal", name, args: {} };
}

/**
 * `w.wait_for_signal("go", timeout="1h")`: returns the oldest signal of the name that the run was sent and that it has
 * not taken yet, a dict of `id`, `name`, `data`, `by`; waits for one where there is none. None when `timeout` comes
 * first.
 */
export const waitForSignal: Builtin = defineBuiltin(
  "wait_for_signal",
  "name: string, *, timeout??",
  (ctx: CallContext, name: string, timeout?: Value) => {
    const command = signalCommand("wait_for_signal", name);
    const args =
      timeout === undefined ? {} : { timeoutMs: durationArgument("wait_for_signal", "timeout", timeout) };
    return issue(ctx, { ...command, args });
  },
);
