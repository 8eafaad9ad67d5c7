/** Arguments that are text or bytes. */

import { StarlarkBytes } from "../value/bytes.ts";
import type { CallContext } from "../value/call.ts";

/** The bytes of an argument: those of a string are its UTF-8 encoding. Charges for them. */
export function octetsOf(ctx: CallContext, data: string | StarlarkBytes): Uint8Array {
  if (data instanceof StarlarkBytes) return data.data;
  ctx.charge(1 + data.length / 64, data.length * 3);
  return new TextEncoder().encode(data);
}
