/** The functions that look at what a value is: its type, its attributes, its hash. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { attributeOf } from "../machine/attributes.ts";
import { StarlarkBytes } from "../value/bytes.ts";
import { defineBuiltin } from "../value/define.ts";
import { HostObject } from "../value/host-object.ts";
import { StarlarkList } from "../value/list.ts";
import { typeName, type Value } from "../value/value.ts";
import { methodsOf } from "./methods.ts";

export const type = defineBuiltin("type", "x, /", (_ctx, x: Value) => typeName(x));

export const dir = defineBuiltin("dir", "x, /", (ctx, x: Value) => {
  const names = x instanceof HostObject ? x.attributeNames() : [...(methodsOf(x)?.keys() ?? [])];
  ctx.charge(4 + names.length * 4, 32 + names.length * 8);
  return new StarlarkList(names.sort());
});

function hasAttribute(x: Value, name: string, budget: Budget): boolean {
  if (x instanceof HostObject) return x.attribute(name, budget) !== undefined;
  return methodsOf(x)?.has(name) ?? false;
}

export const hasattr = defineBuiltin("hasattr", "x, name: string, /", (ctx, x: Value, name: string) =>
  hasAttribute(x, name, ctx.budget),
);

export const getattr = defineBuiltin(
  "getattr",
  "x, name: string, default?, /",
  (ctx, x: Value, name: string, absent?: Value) => {
    if (absent !== undefined && !hasAttribute(x, name, ctx.budget)) return absent;
    return attributeOf(x, name, ctx.budget);
  },
);

export const hash = defineBuiltin("hash", "x, /", (ctx, x: Value) => {
  if (typeof x === "string") {
    ctx.charge(x.length / 8, 0);
    return hashText(x);
  }
  if (x instanceof StarlarkBytes) {
    ctx.charge(x.data.length / 2, 0);
    return hashBytes(x.data);
  }
  throw new EvaluationError(`hash: got ${typeName(x)}, want string or bytes`);
});

/** Java's hash of a string, over its UTF-16 code units: a signed number of 32 bits. */
function hashText(text: string): number {
  let hashed = 0;
  for (let i = 0; i < text.length; i++) hashed = (Math.imul(hashed, 31) + text.charCodeAt(i)) | 0;
  return hashed;
}

/** FNV-1a: an unsigned number of 32 bits. */
function hashBytes(data: Uint8Array): number {
  let hashed = 0x811c9dc5;
  for (const byte of data) hashed = Math.imul(hashed ^ byte, 0x01000193);
  return hashed >>> 0;
}
