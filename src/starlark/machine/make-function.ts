/** Makes function values: `def` and `lambda`. */
import type { Budget } from "../budget.ts";
import { type Cell, StarlarkFunction } from "../value/function.ts";
import type { Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/**
 * Makes the function with a number inside another one; its given defaults are in registers from
 * `defaults` on.
 */
export function makeFunction(
  enclosing: StarlarkFunction,
  number: number,
  registers: readonly Slot[],
  base: number,
  defaults: number,
  budget: Budget,
): StarlarkFunction {
  const code = enclosing.code.functions[number];
  if (code === undefined) throw new TypeError(`no function ${number} in ${enclosing.name}`);
  budget.charge(0, 160 + 8 * code.optionalParameters.length);
  let next = defaults;
  const values = code.optionalParameters.map((isOptional) =>
    isOptional ? (registers[next++] as Value) : undefined,
  );
  const cells = code.captures.map(({ fromCell, index }) =>
    fromCell ? (registers[base + index] as Cell) : (enclosing.cells[index] as Cell),
  );
  return new StarlarkFunction(code, enclosing.module, values, cells);
}
