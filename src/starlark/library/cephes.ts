/**
 * Functions that JavaScript computes differently, or not at all: the tangent and the gamma function of
 * the Cephes library, which Go's `math` and so starlark-go uses. Coefficients as published by Moshier.
 */

/** A polynomial, the coefficient of the highest power first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

const TAN_P = [-13093.693918138373, 1153516.6483858742, -17956525.197648488];
const TAN_Q = [1, 13681.296347069296, -1320892.3444021097, 25008380.18233579, -53869575.592945464];
/** A quarter of pi in three parts, so that multiples of it can be subtracted exactly. */
const QUARTER_PI = [0.7853981256484985, 3.774894707930798e-8, 2.6951514290790595e-15] as const;
/** Beyond, the three parts are not enough. */
const MAX_REDUCIBLE = 2 ** 29;

export function tangent(x: number): number {
  const magnitude = Math.abs(x);
  if (x === 0 || !(magnitude < MAX_REDUCIBLE)) return Math.tan(x);
  let octant = Math.floor(magnitude * (4 / Math.PI));
  if (octant % 2 === 1) octant++;
  const [high, middle, low] = QUARTER_PI;
  const rest = magnitude - octant * high - octant * middle - octant * low;
  const square = rest * rest;
  let y = rest;
  if (square > 1e-14) y += rest * (square * (polynomial(square, TAN_P) / polynomial(square, TAN_Q)));
  if (octant % 4 === 2) y = -1 / y;
  return x < 0 ? -y : y;
}

const GAMMA_P = [
  0.00016011952247675185, 0.0011913514700658638, 0.010421379756176158, 0.04763678004571372,
  0.20744822764843598, 0.4942148268014971, 1.0,
];
const GAMMA_Q = [
  -2.3158187332412014e-5, 0.0005396055804933034, -0.004456419138517973, 0.011813978522206043,
  0.035823639860549865, -0.23459179571824335, 0.0714304917030273, 1.0,
];
const STIRLING = [
  0.0007873113957930937, -0.00022954996161337813, -0.0026813261780578124, 0.0034722222160545866,
  0.08333333333334822,
];
const EULER = 0.5772156649015329;

export function gamma(x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY || (x < 0 && Number.isInteger(x))) return Number.NaN;
  if (x === 0) return 1 / x;
  if (Math.abs(x) > 33) return x > 0 ? stirling(x) : reflected(x);
  let factor = 1;
  let reduced = x;
  while (reduced >= 3) {
    reduced -= 1;
    factor *= reduced;
  }
  while (reduced < 2) {
    if (Math.abs(reduced) < 1e-9) return factor / ((1 + EULER * reduced) * reduced);
    factor /= reduced;
    reduced += 1;
  }
  if (reduced === 2) return factor;
  reduced -= 2;
  return (factor * polynomial(reduced, GAMMA_P)) / polynomial(reduced, GAMMA_Q);
}

/** For large negative numbers, by way of the positive ones. */
function reflected(x: number): number {
  const magnitude = -x;
  const whole = Math.floor(magnitude);
  const sign = whole % 2 === 0 ? -1 : 1;
  const fraction = magnitude - whole;
  const sine = magnitude * Math.sin(Math.PI * (fraction > 0.5 ? 1 - fraction : fraction));
  return (sign * Math.PI) / (Math.abs(sine) * stirling(magnitude));
}

function stirling(x: number): number {
  if (x > 200) return Number.POSITIVE_INFINITY;
  const correction = 1 + polynomial(1 / x, STIRLING) / x;
  const exponential = Math.exp(x);
  // The power alone would overflow.
  if (x > 143.01608) {
    const half = x ** (0.5 * x - 0.25);
    return Math.sqrt(2 * Math.PI) * half * correction * (half / exponential);
  }
  return Math.sqrt(2 * Math.PI) * (x ** (x - 0.5) / exponential) * correction;
}
