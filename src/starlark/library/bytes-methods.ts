/** The methods of bytes. */
import type { StarlarkBytes } from "../value/bytes.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import { BytesElements } from "./string-iterables.ts";

export const bytesMethods: MethodTable = new Map([
  ["elems", defineMethod("elems", "", (_ctx, bytes: StarlarkBytes) => new BytesElements(bytes))],
]);
