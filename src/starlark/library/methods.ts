/** Which methods a value of a builtin type has. */
import { StarlarkBytes } from "../value/bytes.ts";
import type { MethodTable } from "../value/define.ts";
import { StarlarkDict } from "../value/dict.ts";
import { StarlarkList } from "../value/list.ts";
import { StarlarkSet } from "../value/set.ts";
import type { Value } from "../value/value.ts";
import { bytesMethods } from "./bytes-methods.ts";
import { dictMethods } from "./dict-methods.ts";
import { listMethods } from "./list-methods.ts";
import { setMethods } from "./set-methods.ts";
import { stringMethods } from "./string-methods.ts";

/** The methods of a value's type, not bound; undefined for a type that has none. */
export function methodsOf(value: Value): MethodTable | undefined {
  if (typeof value === "string") return stringMethods;
  if (value instanceof StarlarkList) return listMethods;
  if (value instanceof StarlarkDict) return dictMethods;
  if (value instanceof StarlarkSet) return setMethods;
  if (value instanceof StarlarkBytes) return bytesMethods;
  return undefined;
}
