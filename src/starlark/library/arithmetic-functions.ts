/** `abs`. */
import { EvaluationError } from "../errors.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkFloat } from "../value/float.ts";
import { isInt, negateInt } from "../value/int.ts";
import { typeName, type Value } from "../value/value.ts";

export const abs = defineBuiltin("abs", "x, /", (_ctx, x: Value) => {
  if (isInt(x)) return x < 0 ? negateInt(x) : x;
  if (x instanceof StarlarkFloat) return new StarlarkFloat(Math.abs(x.value));
  throw new EvaluationError(`abs: got ${typeName(x)}, want int or float`);
});
