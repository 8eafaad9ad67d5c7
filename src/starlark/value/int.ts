/**
 * Arithmetic on ints: a JavaScript number while the value is a safe integer, else a bigint.
 *
 * 1. Every result is normalised, so equal ints have one representation, and -0 never appears.
 * 2. Work on big ints is charged to the budget in proportion to their size, before it is done.
 */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";

export type Int = number | bigint;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER);
/** A shift further than this is an error, as in starlark-go. */
const MAX_SHIFT = 512;
/** Bits beyond which V8 refuses a bigint; reached only without an allocation budget. */
const MAX_BITS = 1 << 29;

/** Tells whether a value is an int. */
export function isInt(value: unknown): value is Int {
  return typeof value === "number" || typeof value === "bigint";
}

/** Tells whether an int is in the range that starlark-go takes for indexes, counts and shifts. */
export function isInt32(value: Int): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** Gives a bigint its one representation. */
export function normalise(value: bigint): Int {
  return value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

/** The int nearest to zero from a finite float: `int(2.9)` is 2. Throws for NaN and infinity. */
export function truncateFloat(value: number): Int {
  if (Number.isNaN(value)) throw new EvaluationError("cannot convert float NaN to integer");
  if (!Number.isFinite(value)) throw new EvaluationError("cannot convert float infinity to integer");
  const whole = Math.trunc(value) + 0;
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
}

/** The nearest float; throws when the int is beyond the range of floats. */
export function intToFloat(value: Int): number {
  const result = Number(value);
  if (!Number.isFinite(result)) throw new EvaluationError("int too large to convert to float");
  return result;
}

/** Size of an int in bits, for charging: at least the real one, at most about twice that. */
export function bitSize(value: Int): number {
  if (typeof value === "number") return 53;
  const approximate = Math.abs(Number(value));
  if (Number.isFinite(approximate)) return Math.ceil(Math.log2(approximate)) + 1;
  // JavaScript does not tell the length of a bigint. To compare two of different lengths takes no time.
  const magnitude = value < 0n ? -value : value;
  let bits = 2048;
  while (magnitude >= powerOfTwo(bits)) bits *= 2;
  return bits;
}

/** 2^2048, 2^4096, and so on, up to half a megabyte. */
const powersOfTwo: bigint[] = [];
const MAX_KEPT_BITS = 1 << 22;

function powerOfTwo(bits: number): bigint {
  if (bits > MAX_KEPT_BITS) return 1n << BigInt(bits);
  const index = Math.log2(bits) - 11;
  while (powersOfTwo.length <= index) powersOfTwo.push(1n << BigInt(2048 << powersOfTwo.length));
  return powersOfTwo[index] ?? 0n;
}

/** Charges for comparing two big ints, which takes time where they are of about the same size. */
export function chargeComparison(x: bigint, y: bigint, budget: Budget): void {
  const bits = Math.min(bitSize(x), bitSize(y));
  if (bits > 4096) budget.charge(bits / 4096, 0);
}

function chargeBits(budget: Budget, bits: number, steps: number): void {
  if (bits > MAX_BITS) throw new EvaluationError("integer too large: more than 2^29 bits");
  budget.charge(steps, 24 + bits / 8);
}

export function addInts(x: Int, y: Int, budget: Budget): Int {
  if (typeof x === "number" && typeof y === "number") {
    const sum = x + y;
    if (Number.isSafeInteger(sum)) return sum;
    return BigInt(x) + BigInt(y);
  }
  const bits = Math.max(bitSize(x), bitSize(y)) + 1;
  chargeBits(budget, bits, bits / 4096);
  return normalise(BigInt(x) + BigInt(y));
}

export function subtractInts(x: Int, y: Int, budget: Budget): Int {
  if (typeof x === "number" && typeof y === "number") {
    const difference = x - y;
    if (Number.isSafeInteger(difference)) return difference;
    return BigInt(x) - BigInt(y);
  }
  const bits = Math.max(bitSize(x), bitSize(y)) + 1;
  chargeBits(budget, bits, bits / 4096);
  return normalise(BigInt(x) - BigInt(y));
}

export function multiplyInts(x: Int, y: Int, budget: Budget): Int {
  if (typeof x === "number" && typeof y === "number") {
    const product = x * y;
    // Adding zero turns -0 into 0.
    if (Number.isSafeInteger(product)) return product + 0;
    return BigInt(x) * BigInt(y);
  }
  const xBits = bitSize(x);
  const yBits = bitSize(y);
  const words = Math.min(xBits, yBits) / 64;
  chargeBits(budget, xBits + yBits, (Math.max(xBits, yBits) / 64) * Math.sqrt(words) * 0.2);
  return normalise(BigInt(x) * BigInt(y));
}

function chargeDivision(x: Int, y: Int, budget: Budget): void {
  const xBits = bitSize(x);
  const words = Math.min(xBits, bitSize(y)) / 64;
  chargeBits(budget, xBits + 64, (xBits / 64) * Math.sqrt(words) * 0.4);
}

/** `x // y`, rounded towards minus infinity. */
export function floorDivideInts(x: Int, y: Int, budget: Budget): Int {
  if (y === 0) throw new EvaluationError("floored division by zero");
  if (typeof x === "number" && typeof y === "number") {
    const remainder = floorModulo(x, y);
    const exact = x - remainder;
    if (Number.isSafeInteger(exact)) return exact / y + 0;
  } else {
    chargeDivision(x, y, budget);
  }
  const dividend = BigInt(x);
  const divisor = BigInt(y);
  const quotient = dividend / divisor;
  const inexact = quotient * divisor !== dividend;
  return normalise(inexact && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient);
}

/** `x % y`, with the sign of y. */
export function moduloInts(x: Int, y: Int, budget: Budget): Int {
  if (y === 0) throw new EvaluationError("integer modulo by zero");
  if (typeof x === "number" && typeof y === "number") return floorModulo(x, y);
  chargeDivision(x, y, budget);
  const divisor = BigInt(y);
  const remainder = BigInt(x) % divisor;
  return normalise(remainder !== 0n && remainder < 0n !== divisor < 0n ? remainder + divisor : remainder);
}

/** Remainder with the sign of the divisor, exact for safe integers. */
function floorModulo(x: number, y: number): number {
  const remainder = (x % y) + 0;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

export function negateInt(x: Int): Int {
  return typeof x === "number" ? 0 - x : normalise(-x);
}

export function invertInt(x: Int): Int {
  if (typeof x === "number") return x === Number.MAX_SAFE_INTEGER ? -BigInt(x) - 1n : -1 - x;
  return normalise(~x);
}

export function bitwiseInts(operator: "&" | "|" | "^", x: Int, y: Int, budget: Budget): Int {
  if (typeof x === "number" && typeof y === "number" && (x | 0) === x && (y | 0) === y) {
    return operator === "&" ? x & y : operator === "|" ? x | y : x ^ y;
  }
  if (typeof x === "bigint" || typeof y === "bigint") {
    const bits = Math.max(bitSize(x), bitSize(y)) + 1;
    chargeBits(budget, bits, bits / 4096);
  }
  const left = BigInt(x);
  const right = BigInt(y);
  return normalise(operator === "&" ? left & right : operator === "|" ? left | right : left ^ right);
}

function checkShift(count: Int): void {
  if (!isInt32(count)) throw new EvaluationError(`${count} out of range`);
  if (count < 0) throw new EvaluationError(`negative shift count: ${count}`);
}

export function shiftLeft(x: Int, count: Int, budget: Budget): Int {
  checkShift(count);
  if (count >= MAX_SHIFT) throw new EvaluationError(`shift count too large: ${count}`);
  if (typeof x === "number" && count < 53) {
    const product = x * 2 ** Number(count);
    if (Number.isSafeInteger(product)) return product;
  }
  const bits = bitSize(x) + Number(count);
  chargeBits(budget, bits, bits / 4096);
  return normalise(BigInt(x) << BigInt(count));
}

/** `x >> count`, rounding towards minus infinity; a count of any size up to 2^31 is fine. */
export function shiftRight(x: Int, count: Int, budget: Budget): Int {
  checkShift(count);
  if (typeof x === "number") {
    return count > 53 ? (x < 0 ? -1 : 0) : Math.floor(x / 2 ** Number(count));
  }
  const bits = bitSize(x);
  chargeBits(budget, bits, bits / 4096);
  return normalise(x >> BigInt(count));
}

/** Compares an int with a float exactly, NaN above everything: negative, zero or positive. */
export function compareIntWithFloat(x: Int, y: number): number {
  // JavaScript compares bigint and number by mathematical value.
  if (Number.isNaN(y)) return -1;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Decimal (or other base, 2 to 36) text of an int. */
export function formatInt(value: Int, budget?: Budget, base = 10): string {
  if (typeof value === "bigint" && budget !== undefined) {
    const bits = bitSize(value);
    const words = bits / 64;
    budget.charge(words * Math.sqrt(words), bits / 3);
  }
  return value.toString(base);
}

/**
 * Reads digits of a base from 2 to 36, letters in either case; undefined when the text is empty or
 * has any other character. Takes no sign, prefix, space or underscore.
 */
export function parseDigits(digits: string, base: number, budget?: Budget): Int | undefined {
  if (digits === "") return undefined;
  for (let i = 0; i < digits.length; i++) {
    if (digitValue(digits.charCodeAt(i)) >= base) return undefined;
  }
  if (digits.length <= 10) return Number.parseInt(digits, base);
  const words = digits.length / 12;
  budget?.charge(words * Math.sqrt(words), digits.length);
  if (base === 10) return normalise(BigInt(digits));
  if (base === 16) return normalise(BigInt(`0x${digits}`));
  if (base === 8) return normalise(BigInt(`0o${digits}`));
  if (base === 2) return normalise(BigInt(`0b${digits}`));
  return normalise(parseChunks(digits, base));
}

/** Halving keeps the multiplications balanced, which is what makes big ones cheap. */
function parseChunks(digits: string, base: number): bigint {
  if (digits.length <= 10) return BigInt(Number.parseInt(digits, base));
  const lowLength = digits.length >> 1;
  const high = parseChunks(digits.slice(0, digits.length - lowLength), base);
  const low = parseChunks(digits.slice(digits.length - lowLength), base);
  return high * BigInt(base) ** BigInt(lowLength) + low;
}

function digitValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 122 ? letter - 87 : 99;
}
