// Branches as scripts give them: a callable, or a tuple of a callable and its arguments.
import { HostObject, StarlarkError, StarlarkTuple, typeName, type Value } from "../../starlark/index.ts";
import type { FunctionCall } from "./issue.ts";
import { listItems } from "./list-items.ts";

export function invalidBranch(message: string): StarlarkError {
  return new StarlarkError(message, { code: "InvalidBranch" });
}

function isCallable(value: Value): boolean {
  return typeof value === "object" && value !== null && "callable" in value && value.callable === true;
}

/** The elements of a list or tuple. Throws `InvalidBranch` for anything else. */
export function listArgument(fn: string, value: Value): readonly Value[] {
  const items = listItems(value);
  if (items) return items;
  throw invalidBranch(`${fn}: for parameter branches: got ${typeName(value)}, want a list`);
}

/** Throws `InvalidBranch` when it is none. */
export function branchOf(fn: string, value: Value, index: number): FunctionCall {
  if (isCallable(value)) return { fn: value, args: [] };
  if (value instanceof StarlarkTuple) {
    const [callee = null, ...args] = value.items;
    if (isCallable(callee)) return { fn: callee, args };
  }
  const got = value instanceof HostObject ? value.type : typeName(value);
  throw invalidBranch(
    `${fn}: branch ${index} is ${got}, want a function, or a tuple of a function and its arguments`,
  );
}
