/** Reading ints and floats from text, as `int(s, base)` and `float(s)` do. */
import type { Budget } from "../budget.ts";
import { type Int, negateInt, parseDigits } from "../value/int.ts";

const PREFIX_BASES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };

/**
 * The int that a text stands for: a sign, a prefix that agrees with the base, digits. Base 0 goes by
 * the prefix, and takes no other leading zeros. Undefined when the text is malformed.
 */
export function parseIntText(text: string, base: number, budget: Budget): Int | undefined {
  const isNegative = text.startsWith("-");
  const unsigned = isNegative || text.startsWith("+") ? text.slice(1) : text;
  const magnitude = parseUnsigned(unsigned, base, budget);
  return isNegative && magnitude !== undefined ? negateInt(magnitude) : magnitude;
}

function parseUnsigned(text: string, base: number, budget: Budget): Int | undefined {
  const prefixBase =
    text.length > 2 && text[0] === "0" ? PREFIX_BASES[(text[1] ?? "").toLowerCase()] : undefined;
  if (prefixBase !== undefined && (base === 0 || base === prefixBase)) {
    return parseDigits(text.slice(2), prefixBase, budget);
  }
  if (base !== 0) return parseDigits(text, base, budget);
  if (text.length > 1 && text[0] === "0") return /^0+$/.test(text) ? 0 : undefined;
  return parseDigits(text, 10, budget);
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i;

/** The float that a text stands for; undefined when it is malformed. Infinite when it is too large. */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  const [, sign, infinity] = special;
  if (infinity === undefined) return Number.NaN;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Whether a text asks for infinity by name, rather than by being too large a number. */
export function namesInfinity(text: string): boolean {
  return SPECIAL.test(text);
}
