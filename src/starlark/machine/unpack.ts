/** `a, b = sequence`. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { iterate, lengthOf } from "../value/iterate.ts";
import { StarlarkList, StarlarkTuple } from "../value/list.ts";
import { typeName, type Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/** Writes exactly `count` elements of an iterable to registers from `first` on. */
export function unpack(value: Value, registers: Slot[], first: number, count: number, budget: Budget): void {
  if (value instanceof StarlarkTuple || value instanceof StarlarkList) {
    const { items } = value;
    if (items.length !== count) throw wrongLength(items.length, count);
    for (let i = 0; i < count; i++) registers[first + i] = items[i];
    return;
  }
  const iteration = iterate(value, budget);
  if (iteration === undefined) throw new EvaluationError(`got ${typeName(value)} in sequence assignment`);
  try {
    for (let i = 0; i < count; i++) {
      const element = iteration.next();
      if (element === undefined) throw wrongLength(i, count);
      registers[first + i] = element;
    }
    if (iteration.next() !== undefined) throw wrongLength(lengthOf(value) ?? count + 1, count);
  } finally {
    iteration.release();
  }
}

function wrongLength(got: number, want: number): EvaluationError {
  const much = got < want ? "few" : "many";
  return new EvaluationError(`too ${much} values to unpack (got ${got}, want ${want})`);
}
