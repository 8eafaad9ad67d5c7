/** The methods of bytes. */
import type { StarlarkBytes } from "../value/bytes.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import { BytesElements, VIEW_BYTES } from "./string-iterables.ts";

export const bytesMethods: MethodTable = new Map([
  [
    "elems",
    defineMethod("elems", "", (ctx, bytes: StarlarkBytes) => {
      ctx.charge(0, VIEW_BYTES);
      return new BytesElements(bytes);
    }),
  ],
]);
