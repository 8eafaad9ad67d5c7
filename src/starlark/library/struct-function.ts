/** `struct(name = value, ...)`. */
import type { KeywordArgument } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import { FIELD_BYTES, StarlarkStruct } from "../value/struct.ts";

export const struct = defineBuiltin("struct", "**kwargs", (ctx, fields: KeywordArgument[]) => {
  ctx.charge(fields.length, FIELD_BYTES * (4 + fields.length));
  return new StarlarkStruct(fields);
});
