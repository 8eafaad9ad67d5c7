/** The module `math`: functions on floats, which take ints too. */
import { EvaluationError } from "../errors.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkFloat } from "../value/float.ts";
import type { Builtin } from "../value/function.ts";
import { intToFloat, isInt, truncateFloat } from "../value/int.ts";
import { StarlarkModule } from "../value/struct.ts";
import { typeName, type Value } from "../value/value.ts";

function toFloat(name: string, parameter: string, value: Value): number {
  if (value instanceof StarlarkFloat) return value.value;
  if (isInt(value)) return intToFloat(value);
  throw new EvaluationError(`${name}: for parameter ${parameter}: got ${typeName(value)}, want float or int`);
}

function unary(name: string, compute: (x: number) => number): Builtin {
  return defineBuiltin(name, "x", (_ctx, x: Value) => new StarlarkFloat(compute(toFloat(name, "x", x))));
}

function binary(
  name: string,
  [first, second]: [string, string],
  compute: (x: number, y: number) => number,
): Builtin {
  return defineBuiltin(
    name,
    `${first}, ${second}`,
    (_ctx, x: Value, y: Value) =>
      new StarlarkFloat(compute(toFloat(name, first, x), toFloat(name, second, y))),
  );
}

/** To an int; an int is itself. */
function rounding(name: string, round: (x: number) => number): Builtin {
  return defineBuiltin(name, "x", (_ctx, x: Value) =>
    isInt(x) ? x : truncateFloat(round(toFloat(name, "x", x))),
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

const log = defineBuiltin("log", "x, base?", (_ctx, x: Value, base?: Value) => {
  const natural = Math.log(toFloat("log", "x", x));
  if (base === undefined) return new StarlarkFloat(natural);
  const divisor = Math.log(toFloat("log", "base", base));
  if (divisor === 0) throw new EvaluationError("log: division by zero");
  return new StarlarkFloat(natural / divisor);
});

// Lanczos' approximation (g = 7, nine terms): coefficients as published by Godfrey.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function gamma(x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (x === 0) return 1 / x;
  if (Number.isInteger(x)) return x < 0 ? Number.NaN : factorial(x - 1);
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const base = x + 6.5;
  const sum = LANCZOS.reduce((total, term, i) => total + (i === 0 ? term : term / (x - 1 + i)), 0);
  // In two steps, because the power alone would overflow early.
  const half = base ** ((x - 0.5) / 2);
  return Math.sqrt(2 * Math.PI) * half * Math.exp(-base) * half * sum;
}

/** Beyond 170 it is not a finite float. */
function factorial(n: number): number {
  if (n > 170) return Number.POSITIVE_INFINITY;
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

const functions: readonly Builtin[] = [
  rounding("ceil", Math.ceil),
  binary("copysign", ["x", "y"], copySign),
  unary("fabs", Math.abs),
  rounding("floor", Math.floor),
  binary("mod", ["x", "y"], (x, y) => x % y),
  binary("pow", ["x", "y"], power),
  binary("remainder", ["x", "y"], remainder),
  unary("round", roundHalfAway),
  unary("exp", Math.exp),
  unary("sqrt", Math.sqrt),
  unary("acos", Math.acos),
  unary("asin", Math.asin),
  unary("atan", Math.atan),
  binary("atan2", ["y", "x"], Math.atan2),
  unary("cos", Math.cos),
  binary("hypot", ["x", "y"], Math.hypot),
  unary("sin", Math.sin),
  unary("tan", Math.tan),
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
