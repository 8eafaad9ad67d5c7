/** `struct(name = value, ...)`. */
import type { KeywordArgument } from "../value/call.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkStruct } from "../value/struct.ts";

const FIELD_BYTES = 64;

export const struct = defineBuiltin("struct", "**kwargs", (ctx, fields: KeywordArgument[]) => {
  ctx.charge(fields.length, FIELD_BYTES * (1 + fields.length));
  return new StarlarkStruct(fields);
});
