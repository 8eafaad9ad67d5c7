/** The module `math`: functions on floats, which take ints too. */
import { EvaluationError } from "../errors.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkFloat } from "../value/float.ts";
import type { Builtin } from "../value/function.ts";
import { intToFloat, isInt, truncateFloat } from "../value/int.ts";
import { StarlarkModule } from "../value/struct.ts";
import { typeName, type Value } from "../value/value.ts";
import { gamma, tangent } from "./cephes.ts";

function toFloat(name: string, position: number, value: Value): number {
  if (value instanceof StarlarkFloat) return value.value;
  if (isInt(value)) return intToFloat(value);
  throw new EvaluationError(`${name}: for parameter ${position}: got ${typeName(value)}, want float or int`);
}

function unary(name: string, compute: (x: number) => number): Builtin {
  return defineBuiltin(name, "x, /", (_ctx, x: Value) => new StarlarkFloat(compute(toFloat(name, 1, x))));
}

function binary(name: string, compute: (x: number, y: number) => number): Builtin {
  return defineBuiltin(
    name,
    "x, y, /",
    (_ctx, x: Value, y: Value) => new StarlarkFloat(compute(toFloat(name, 1, x), toFloat(name, 2, y))),
  );
}

/** To an int; an int is itself. */
function rounding(name: string, round: (x: number) => number): Builtin {
  return defineBuiltin(name, "x, /", (_ctx, x: Value) =>
    isInt(x) ? x : truncateFloat(round(toFloat(name, 1, x))),
  );
}

/** Half away from zero, where JavaScript goes towards plus infinity. */
function roundHalfAway(x: number): number {
  if (!Number.isFinite(x)) return x;
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

function copySign(x: number, y: number): number {
  const isNegative = y < 0 || Object.is(y, -0);
  return isNegative ? -Math.abs(x) : Math.abs(x);
}

/** The remainder of a division rounded to the nearest whole, halves to even (IEEE 754). */
function remainder(x: number, y: number): number {
  if (!Number.isFinite(x) || Number.isNaN(y) || y === 0) return Number.NaN;
  if (!Number.isFinite(y)) return x;
  const divisor = Math.abs(y);
  // Reduced to [0, 2 divisor) first, so that the parity of the quotient survives.
  let rest = divisor <= Number.MAX_VALUE / 2 ? Math.abs(x) % (2 * divisor) : Math.abs(x);
  if (rest * 2 > divisor) {
    rest -= divisor;
    if (rest * 2 >= divisor) rest -= divisor;
  }
  return x < 0 || Object.is(x, -0) ? -rest : rest;
}

/** x to the power of y as IEEE 754 has it: 1 to any power is 1, even to NaN and infinity. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1;
  return x ** y;
}

const log = defineBuiltin("log", "x, base?, /", (_ctx, x: Value, base?: Value) => {
  const natural = Math.log(toFloat("log", 1, x));
  if (base === undefined) return new StarlarkFloat(natural);
  const divisor = Math.log(toFloat("log", 2, base));
  if (divisor === 0) throw new EvaluationError("log: division by zero");
  return new StarlarkFloat(natural / divisor);
});

const functions: readonly Builtin[] = [
  rounding("ceil", Math.ceil),
  binary("copysign", copySign),
  unary("fabs", Math.abs),
  rounding("floor", Math.floor),
  binary("mod", (x, y) => x % y),
  binary("pow", power),
  binary("remainder", remainder),
  unary("round", roundHalfAway),
  unary("exp", Math.exp),
  unary("sqrt", Math.sqrt),
  unary("acos", Math.acos),
  unary("asin", Math.asin),
  unary("atan", Math.atan),
  binary("atan2", Math.atan2),
  unary("cos", Math.cos),
  binary("hypot", Math.hypot),
  unary("sin", Math.sin),
  unary("tan", tangent),
  unary("degrees", (x) => x / (Math.PI / 180)),
  unary("radians", (x) => x * (Math.PI / 180)),
  unary("acosh", Math.acosh),
  unary("asinh", Math.asinh),
  unary("atanh", Math.atanh),
  unary("cosh", Math.cosh),
  unary("sinh", Math.sinh),
  unary("tanh", Math.tanh),
  log,
  unary("gamma", gamma),
];

export const mathModule = new StarlarkModule("math", {
  ...Object.fromEntries(functions.map((builtin) => [builtin.name, builtin])),
  e: new StarlarkFloat(Math.E),
  pi: new StarlarkFloat(Math.PI),
});
