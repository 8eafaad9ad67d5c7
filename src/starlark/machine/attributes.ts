/** `x.name` and `x.name = v`. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { methodsOf } from "../library/methods.ts";
import { HostObject } from "../value/host-object.ts";
import { nearestName } from "../value/spelling.ts";
import { typeName, type Value } from "../value/value.ts";

const BOUND_METHOD_BYTES = 128;

/** `x.name`; methods come bound to `x`. */
export function attributeOf(x: Value, name: string, budget: Budget): Value {
  const value = x instanceof HostObject ? x.attribute(name, budget) : boundMethod(x, name, budget);
  if (value === undefined) throw noAttribute(x, name);
  return value;
}

function boundMethod(x: Value, name: string, budget: Budget): Value | undefined {
  budget.charge(0, BOUND_METHOD_BYTES);
  return methodsOf(x)?.get(name)?.bind(x);
}

/** The error for an attribute that is not there, with the nearest one that is. */
export function noAttribute(x: Value, name: string): EvaluationError {
  const names = x instanceof HostObject ? x.attributeNames() : (methodsOf(x)?.keys() ?? []);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? "" : ` (did you mean .${nearest}?)`;
  return new EvaluationError(`${typeName(x)} has no .${name} field or method${hint}`);
}

/** `x.name = value`. */
export function setAttribute(x: Value, name: string, value: Value): void {
  if (x instanceof HostObject && x.setAttribute(name, value)) return;
  throw new EvaluationError(`can't assign to .${name} field of ${typeName(x)}`);
}
