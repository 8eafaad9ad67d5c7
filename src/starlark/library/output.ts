/** `print` and `fail`: what a program says to whoever runs it. */
import { EvaluationError } from "../errors.ts";
import type { CallContext } from "../value/call.ts";
import { CaughtError } from "../value/caught-error.ts";
import { defineBuiltin } from "../value/define.ts";
import { str } from "../value/repr.ts";
import type { Value } from "../value/value.ts";

export const print = defineBuiltin(
  "print",
  "*args, sep?: string",
  (ctx, separator: string | undefined, args: Value[]) => {
    ctx.print(joinTexts(ctx, args, separator ?? " "));
    return null;
  },
);

export const fail = defineBuiltin(
  "fail",
  "*args, sep?: string",
  (ctx, separator: string | undefined, args: Value[]) => {
    const [only] = args;
    if (only instanceof CaughtError && args.length === 1) throw only.raisedAgain();
    throw new EvaluationError(`fail: ${joinTexts(ctx, args, separator ?? " ")}`);
  },
);

function joinTexts(ctx: CallContext, values: readonly Value[], separator: string): string {
  ctx.charge(values.length, separator.length * values.length);
  return values.map((value) => str(value, ctx.budget)).join(separator);
}
