/** Text of numbers in the forms that `%` asks for. */
import { EvaluationError } from "../errors.ts";
import { formatFloat } from "../value/float.ts";

/** `%e`, `%f` or `%g` (and in capitals) of a float: six digits after the point, or the fewest for `%g`. */
export function formatFloatAs(value: number, conversion: string): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  switch (conversion) {
    case "e":
      return exponential(value);
    case "E":
      return exponential(value).toUpperCase();
    case "f":
    case "F":
      return fixed(value);
    case "g":
      return formatFloat(value);
    case "G":
      return formatFloat(value).toUpperCase();
    default:
      throw new EvaluationError(`unknown conversion %${conversion}`);
  }
}

const DIGITS = 6;
/** With so many digits a tie shows: no double is nearer to one without being one. */
const EXACT_DIGITS = 60;

function fixed(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  // Beyond, JavaScript changes to exponent form; such floats are whole.
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}.${"0".repeat(DIGITS)}`;
  return sign + (tiedDown(magnitude.toFixed(EXACT_DIGITS)) ?? magnitude.toFixed(DIGITS));
}

function exponential(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  const [exact = "", exponent = "+0"] = magnitude.toExponential(EXACT_DIGITS).split("e");
  const rounded = magnitude.toExponential(DIGITS);
  const down = tiedDown(exact);
  const text = down === undefined ? rounded : `${down}e${exponent}`;
  // At least two digits of exponent.
  return sign + text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** The digits to keep when a half is to be rounded down to an even digit; JavaScript rounds it up. */
function tiedDown(exact: string): string | undefined {
  const kept = exact.length - (EXACT_DIGITS - DIGITS);
  const last = exact.charCodeAt(kept - 1) - 48;
  return last % 2 === 0 && /^50*$/.test(exact.slice(kept)) ? exact.slice(0, kept) : undefined;
}
