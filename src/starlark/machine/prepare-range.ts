/** Loops over `range(…)` that only count, without making the range. */
import { EvaluationError } from "../errors.ts";
import { isInt } from "../value/int.ts";
import { StarlarkRange } from "../value/range.ts";
import { typeName, type Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/**
 * Reads one to three arguments of `range` and writes three registers: the first element, the number
 * of elements, the step. Throws as `range` does.
 */
export function prepareRange(registers: Slot[], target: number, first: number, count: number): void {
  const args = registers.slice(first, first + count) as Value[];
  const numbers = args.map((value, i) => rangeArgument(value, count === 1 ? "stop" : NAMES[i]));
  const [start = 0, stop = 0, step = 1] = count === 1 ? [0, numbers[0]] : numbers;
  if (step === 0) throw new EvaluationError("range: step argument must not be zero");
  const range = new StarlarkRange(start, stop, step);
  registers[target] = start;
  registers[target + 1] = range.length;
  registers[target + 2] = step;
}

const NAMES = ["start", "stop", "step"];

function rangeArgument(value: Value, name: string | undefined): number {
  if (typeof value === "number") return value;
  const reason = isInt(value) ? `${value} out of range` : `got ${typeName(value)}, want int`;
  throw new EvaluationError(`range: for parameter ${name}: ${reason}`);
}
