/** Calls with keyword arguments, `*args` or `**kwargs`. */
import { EvaluationError } from "../errors.ts";
import { isIterable } from "../value/arguments.ts";
import type { CallResult, KeywordArgument } from "../value/call.ts";
import { StarlarkDict } from "../value/dict.ts";
import { StarlarkFunction } from "../value/function.ts";
import type { CallShape } from "../value/function-code.ts";
import { collect } from "../value/iterate.ts";
import { typeName, type Value } from "../value/value.ts";
import { planCall } from "./call-plan.ts";
import type { Slot } from "./frame.ts";
import type { RunningFiber } from "./running-fiber.ts";

/**
 * Calls the value in a register with the arguments in those after it. As `Fiber.invoke`: undefined
 * means that a frame has been made for it.
 */
export function callWithShape(
  fiber: RunningFiber,
  registers: readonly Slot[],
  calleeRegister: number,
  shape: CallShape,
  target: number,
): CallResult | undefined {
  const callee = registers[calleeRegister] as Value;
  if (callee instanceof StarlarkFunction && !shape.hasStar && !shape.hasStarStar) {
    const plan = planCall(shape, callee.code);
    if (plan !== undefined) {
      fiber.enterPlanned(callee, plan, calleeRegister + 1, target);
      return undefined;
    }
  }
  let at = calleeRegister + 1;
  let args = registers.slice(at, at + shape.positionalCount) as Value[];
  at += shape.positionalCount;
  const kwargs: KeywordArgument[] = [];
  for (const name of shape.names) kwargs.push([name, registers[at++] as Value]);
  if (shape.hasStar) args = args.concat(spread(fiber, registers[at++] as Value));
  if (shape.hasStarStar) spreadNamed(fiber, registers[at++] as Value, kwargs);
  return fiber.invoke(callee, args, kwargs, target);
}

function spread(fiber: RunningFiber, value: Value): Value[] {
  if (!isIterable(value)) {
    throw new EvaluationError(`argument after * must be iterable, not ${typeName(value)}`);
  }
  return collect(value, fiber.budget);
}

function spreadNamed(fiber: RunningFiber, value: Value, kwargs: KeywordArgument[]): void {
  if (!(value instanceof StarlarkDict)) {
    throw new EvaluationError(`argument after ** must be a mapping, not ${typeName(value)}`);
  }
  fiber.budget.charge(value.size, value.size * 32);
  for (const entry of value.entries.values()) {
    if (typeof entry.key !== "string") {
      throw new EvaluationError(`keywords must be strings, not ${typeName(entry.key)}`);
    }
    kwargs.push([entry.key, entry.value]);
  }
}
