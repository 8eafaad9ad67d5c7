/** `format % operand`: conversions without flags, width or precision. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { StarlarkDict } from "../value/dict.ts";
import { FLOAT_TEXT_STEPS, StarlarkFloat } from "../value/float.ts";
import { formatInt, type Int, isInt, truncateFloat } from "../value/int.ts";
import { StarlarkTuple } from "../value/list.ts";
import { repr } from "../value/repr.ts";
import { typeName, type Value } from "../value/value.ts";
import { characterOf } from "./code-point.ts";
import { displayText } from "./display-text.ts";
import { formatFloatAs } from "./number-text.ts";
import { RecentlyParsed } from "./recently-parsed.ts";

/** A conversion and the text before it. */
interface Conversion {
  readonly before: string;
  /** For `%(key)s`. */
  readonly key: string | undefined;
  /** Undefined where the format ends too early. */
  readonly letter: string | undefined;
}

interface Format {
  readonly conversions: readonly Conversion[];
  /** The text behind the last conversion. */
  readonly after: string;
  /** What is wrong behind the last conversion. */
  readonly problem: string | undefined;
}

const formats = new RecentlyParsed(parseFormat);

function parseFormat(format: string): Format {
  const conversions: Conversion[] = [];
  let before = "";
  let at = 0;
  for (;;) {
    const percent = format.indexOf("%", at);
    if (percent < 0) break;
    before += format.slice(at, percent);
    at = percent + 1;
    if (format[at] === "%") {
      before += "%";
      at++;
      continue;
    }
    let key: string | undefined;
    if (format[at] === "(") {
      const end = format.indexOf(")", at);
      if (end < 0) return { conversions, after: before, problem: "incomplete format key" };
      key = format.slice(at + 1, end);
      at = end + 1;
    }
    conversions.push({ before, key, letter: format[at] });
    before = "";
    at++;
  }
  return { conversions, after: before + format.slice(at), problem: undefined };
}

/** Replaces the conversions of a format by the operand, the elements of a tuple, or values of a dict. */
export function interpolate(format: string, operand: Value, budget: Budget): string {
  budget.charge(format.length / 64, format.length);
  const { conversions, after, problem } = formats.get(format);
  const operands = operand instanceof StarlarkTuple ? operand.items : undefined;
  const operandCount = operands === undefined ? 1 : operands.length;
  let text = "";
  let used = 0;
  for (const { before, key, letter } of conversions) {
    const value = key === undefined ? nextOperand(operand, operands, used) : lookUp(operand, key, budget);
    if (letter === undefined) throw new EvaluationError("incomplete format");
    const piece = convert(letter, value, budget);
    budget.charge(1 + piece.length / 256, piece.length);
    text += before + piece;
    used++;
  }
  if (problem !== undefined) throw new EvaluationError(problem);
  // A dict is there to be looked things up in.
  if (used < operandCount && !(operand instanceof StarlarkDict)) {
    throw new EvaluationError("too many arguments for format string");
  }
  return text + after;
}

function nextOperand(operand: Value, operands: readonly Value[] | undefined, used: number): Value {
  const value = operands !== undefined ? operands[used] : used === 0 ? operand : undefined;
  if (value === undefined) throw new EvaluationError("not enough arguments for format string");
  return value;
}

function lookUp(operand: Value, key: string, budget: Budget): Value {
  if (!(operand instanceof StarlarkDict)) throw new EvaluationError("format requires a mapping");
  const value = operand.get(key, budget);
  if (value === undefined) throw new EvaluationError(`key not found: ${key}`);
  return value;
}

/** To round to six digits exactly takes up to sixty, of numbers of up to 300. */
const FIXED_TEXT_STEPS = 1000;

function convert(conversion: string, value: Value, budget: Budget): string {
  switch (conversion) {
    case "s":
      return displayText(value, budget);
    case "r":
      return repr(value, budget);
    case "d":
    case "i":
      return formatInt(requireInt(conversion, value), budget);
    case "o":
      return formatInt(requireInt(conversion, value), budget, 8);
    case "x":
      return formatInt(requireInt(conversion, value), budget, 16);
    case "X":
      return formatInt(requireInt(conversion, value), budget, 16).toUpperCase();
    case "c":
      return character(value);
    case "e":
    case "f":
    case "g":
    case "E":
    case "F":
    case "G":
      budget.charge(conversion === "g" || conversion === "G" ? FLOAT_TEXT_STEPS : FIXED_TEXT_STEPS, 0);
      return formatFloatAs(requireFloat(conversion, value), conversion);
    default:
      throw new EvaluationError(`unknown conversion %${conversion}`);
  }
}

function requireInt(conversion: string, value: Value): Int {
  if (isInt(value)) return value;
  const problem = `%${conversion} format requires integer`;
  if (!(value instanceof StarlarkFloat)) {
    throw new EvaluationError(`${problem}: cannot convert ${typeName(value)} to int`);
  }
  if (!Number.isFinite(value.value)) {
    const what = Number.isNaN(value.value) ? "NaN" : "infinity";
    throw new EvaluationError(`${problem}: cannot convert float ${what} to integer`);
  }
  return truncateFloat(value.value);
}

function requireFloat(conversion: string, value: Value): number {
  if (value instanceof StarlarkFloat) return value.value;
  if (isInt(value)) return Number(value);
  throw new EvaluationError(`%${conversion} format requires float, not ${typeName(value)}`);
}

function character(value: Value): string {
  if (isInt(value)) {
    if (value < 0 || value > 0x10ffff) {
      throw new EvaluationError(`%c format requires a valid Unicode code point, got ${value}`);
    }
    return characterOf(Number(value));
  }
  if (typeof value !== "string") {
    throw new EvaluationError(`%c format requires int or single-character string, not ${typeName(value)}`);
  }
  if (value === "" || String.fromCodePoint(value.codePointAt(0) ?? 0) !== value) {
    throw new EvaluationError("%c format requires a single-character string");
  }
  return value;
}
