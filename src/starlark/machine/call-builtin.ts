/** Calls builtins with arguments that are in registers. */
import { bindArguments, checkArgument } from "../value/arguments.ts";
import type { CallContext, CallResult } from "../value/call.ts";
import type { Builtin } from "../value/function.ts";
import type { Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/**
 * Calls a builtin with `count` positional arguments in registers from `first` on. The usual cases
 * make no array of arguments.
 */
export function callBuiltin(
  ctx: CallContext,
  builtin: Builtin,
  receiver: Value | undefined,
  registers: readonly Slot[],
  first: number,
  count: number,
): CallResult {
  const { signature, implementation, isMethod } = builtin;
  if (
    count > 3 ||
    signature.isOpen ||
    count < signature.requiredPositional ||
    count > signature.positionalCount
  ) {
    const args = registers.slice(first, first + count) as Value[];
    const bound = bindArguments(builtin.name, signature, args, []);
    return isMethod ? implementation(ctx, receiver, ...bound) : implementation(ctx, ...bound);
  }
  let x: Value | undefined;
  let y: Value | undefined;
  let z: Value | undefined;
  if (count > 0) {
    x = registers[first] as Value;
    if (count > 1) {
      y = registers[first + 1] as Value;
      if (count > 2) z = registers[first + 2] as Value;
    }
    if (signature.isChecked) {
      x = checkArgument(builtin.name, signature, 0, x);
      if (count > 1) y = checkArgument(builtin.name, signature, 1, y as Value);
      if (count > 2) z = checkArgument(builtin.name, signature, 2, z as Value);
    }
  }
  return isMethod ? implementation(ctx, receiver, x, y, z) : implementation(ctx, x, y, z);
}
