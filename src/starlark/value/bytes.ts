/** Bytes: an immutable sequence of numbers from 0 to 255. */
import { HeapValue } from "./value.ts";

/** Rough size of what is around the bytes, for charging the budget. */
export const BYTES_BYTES = 192;

export class StarlarkBytes extends HeapValue {
  /** Never written to after construction. */
  readonly data: Uint8Array;

  constructor(data: Uint8Array) {
    super();
    this.data = data;
  }

  override get type(): string {
    return "bytes";
  }

  override truth(): boolean {
    return this.data.length > 0;
  }
}

/** Compares two byte sequences lexicographically: negative, zero or positive. */
export function compareBytes(x: Uint8Array, y: Uint8Array): number {
  const length = Math.min(x.length, y.length);
  for (let i = 0; i < length; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/** One character per byte (Latin-1), for use as part of a key. */
export function bytesToLatin1(data: Uint8Array): string {
  let text = "";
  // In pieces, because the arguments of a call live on the JavaScript stack.
  for (let i = 0; i < data.length; i += 4096) {
    text += String.fromCharCode(...data.subarray(i, i + 4096));
  }
  return text;
}
