import { StarlarkList, StarlarkTuple, type Value } from "../../starlark/index.ts";

/** The elements, where a script gives a list: a tuple will do. Undefined for anything else. */
export function listItems(value: Value): readonly Value[] | undefined {
  return value instanceof StarlarkList || value instanceof StarlarkTuple ? value.items : undefined;
}
