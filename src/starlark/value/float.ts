/** Floats: IEEE 754 doubles, boxed so that `1.0` and `1` stay apart. */
import { HeapValue } from "./value.ts";

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

/**
 * Text of a float: the fewest digits that read back as the same float, always recognisable as a
 * float, with an exponent when it is below -4 or at least 6 (starlark-go): `1.0`, `1e+06`, `nan`.
 */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Number.POSITIVE_INFINITY) return "+inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  // JavaScript's exponential form without an argument has the shortest digits that read back.
  const [mantissa = "0", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const digits = Math.abs(exponent).toString().padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  const plain = Math.abs(value).toString();
  // Small numbers print in exponent form below 1e-6 only, which the branch above has taken.
  return sign + (plain.includes(".") ? plain : `${plain}.0`);
}
