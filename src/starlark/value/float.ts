/** Floats: IEEE 754 doubles, boxed so that `1.0` and `1` stay apart. */
import { HeapValue } from "./value.ts";

/** Rough size of a float, for charging the budget. */
export const FLOAT_BYTES = 32;

export class StarlarkFloat extends HeapValue {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  override get type(): string {
    return "float";
  }

  override truth(): boolean {
    return this.value !== 0;
  }
}

/**
 * Compares two floats in the total order of Starlark, where NaN equals itself and is above +inf:
 * negative, zero or positive.
 */
export function compareFloats(x: number, y: number): number {
  if (x < y) return -1;
  if (x > y) return 1;
  if (x === y) return 0;
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

/** What finding the shortest text of a float takes. */
export const FLOAT_TEXT_STEPS = 20;

/**
 * Text of a float: the fewest digits that read back as the same float, always recognisable as a
 * float, with an exponent when it is below -4 or at least 6 (starlark-go): `1.0`, `1e+06`, `nan`.
 */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Number.POSITIVE_INFINITY) return "+inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) {
    return Number.isInteger(magnitude) ? `${sign}${magnitude}.0` : sign + magnitude;
  }
  // JavaScript's exponential form without an argument has the shortest digits that read back.
  const [mantissa = "0", exponentText = "0"] = magnitude.toExponential().split("e");
  const exponent = Number(exponentText);
  const digits = Math.abs(exponent).toString().padStart(2, "0");
  return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}
