/** Reads number literals: `12`, `0xff`, `0o17`, `0b101`, `1.5`, `.5`, `1e9`. */
import { type Int, parseDigits } from "../value/int.ts";

export interface NumberLiteral {
  readonly isFloat: boolean;
  /** Of a float the nearest double. */
  readonly value: Int;
  readonly end: number;
  readonly error?: string;
}

/** Reading more digits than these takes long, and no source means so many. */
const MAX_DIGITS = 100_000;
const TOO_LONG = `number literal of more than ${MAX_DIGITS} digits`;

const DECIMAL = /(?:\d+(\.\d*)?|(\.\d+))([eE][+-]?\d*)?/y;
const BASES: Readonly<Record<string, readonly [base: number, name: string]>> = {
  x: [16, "hex"],
  o: [8, "octal"],
  b: [2, "binary"],
};

/** Reads the number literal that starts at an offset. */
export function scanNumber(text: string, start: number): NumberLiteral {
  return scanShortInt(text, start) ?? scanAnyNumber(text, start);
}

/** A decimal int of up to nine digits, as most are; undefined for everything else. */
function scanShortInt(text: string, start: number): NumberLiteral | undefined {
  let value = 0;
  let end = start;
  let code = text.charCodeAt(end);
  for (; code >= 48 && code <= 57 && end - start < 9; code = text.charCodeAt(++end)) {
    value = value * 10 + code - 48;
  }
  // More digits, a point, a letter (of an exponent or a base), or a zero in front of others.
  const goesOn = (code >= 48 && code <= 57) || code === 46 || (code | 32) >= 97;
  const isPadded = end - start > 1 && text.charCodeAt(start) === 48;
  return goesOn || isPadded || end === start ? undefined : { isFloat: false, value, end };
}

function scanAnyNumber(text: string, start: number): NumberLiteral {
  const prefixed = text[start] === "0" ? BASES[(text[start + 1] ?? "").toLowerCase()] : undefined;
  if (prefixed !== undefined) return scanPrefixed(text, start, ...prefixed);
  DECIMAL.lastIndex = start;
  const match = DECIMAL.exec(text);
  if (match === null) return { isFloat: false, value: 0, end: start + 1, error: "invalid int literal" };
  const [literal, fraction, bareFraction, exponent] = match;
  const end = start + literal.length;
  if (literal.length > MAX_DIGITS) return { isFloat: false, value: 0, end, error: TOO_LONG };
  if (fraction !== undefined || bareFraction !== undefined || exponent !== undefined) {
    const value = Number(literal);
    if (Number.isNaN(value)) return { isFloat: true, value: 0, end, error: "invalid float literal" };
    if (!Number.isFinite(value))
      return { isFloat: true, value: 0, end, error: "floating-point literal too large" };
    return { isFloat: true, value, end };
  }
  if (literal.length > 1 && literal.startsWith("0") && !/^0+$/.test(literal)) {
    const error = /^[0-7]+$/.test(literal)
      ? `obsolete form of octal literal; use 0o${literal.slice(1)}`
      : "invalid int literal";
    return { isFloat: false, value: 0, end, error };
  }
  return { isFloat: false, value: parseDigits(literal, 10) ?? 0, end };
}

function scanPrefixed(text: string, start: number, base: number, name: string): NumberLiteral {
  let end = start + 2;
  while (/[0-9a-fA-F]/.test(text[end] ?? "") && Number.parseInt(text[end] ?? "", 16) < base) end++;
  if (end - start > MAX_DIGITS) return { isFloat: false, value: 0, end, error: TOO_LONG };
  const value = parseDigits(text.slice(start + 2, end), base);
  if (value === undefined) return { isFloat: false, value: 0, end, error: `invalid ${name} literal` };
  return { isFloat: false, value, end };
}
