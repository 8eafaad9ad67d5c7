/** The module `json`. */
import { BudgetError, EvaluationError } from "../errors.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkModule } from "../value/struct.ts";
import type { Value } from "../value/value.ts";
import { decodeJson } from "./json-decode.ts";
import { encodeJson } from "./json-encode.ts";
import { indentJson } from "./json-indent.ts";

const decode = defineBuiltin("json.decode", "x: string, /, default?", (ctx, x: string, absent?: Value) => {
  if (absent === undefined) return decodeJson(x, ctx.budget);
  try {
    return decodeJson(x, ctx.budget);
  } catch (error) {
    if (error instanceof EvaluationError && !(error instanceof BudgetError)) return absent;
    throw error;
  }
});

const encode = defineBuiltin("json.encode", "x, /", (ctx, x: Value) => encodeJson(x, ctx.budget));

const indent = defineBuiltin(
  "json.indent",
  "x: string, /, *, prefix?: string, indent?: string",
  (ctx, x: string, prefix?: string, unit?: string) => indentJson(x, prefix ?? "", unit ?? "\t", ctx.budget),
);

const encodeIndent = defineBuiltin(
  "json.encode_indent",
  "x, /, *, prefix?: string, indent?: string",
  (ctx, x: Value, prefix?: string, unit?: string) =>
    indentJson(encodeJson(x, ctx.budget, "json.encode_indent"), prefix ?? "", unit ?? "\t", ctx.budget),
);

export const jsonModule = new StarlarkModule("json", { decode, encode, encode_indent: encodeIndent, indent });
