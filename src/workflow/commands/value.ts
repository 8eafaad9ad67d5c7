// `w.now`, `w.uuid`, `w.random`: what the host answers at once, from its clock or from chance.
import { encodeValue, StarlarkFloat, type Value } from "../../starlark/index.ts";
import type { Moment } from "../machine-types.ts";
import type { Command, Kind } from "./kind.ts";

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexOfByte[byte] ?? "";
  return text;
}

/** A UUID of version 4 from 16 random bytes (RFC 9562, section 5.4). */
function uuidFrom(bytes: Uint8Array): string {
  const fields = Uint8Array.from(bytes);
  fields[6] = ((fields[6] ?? 0) & 0x0f) | 0x40;
  fields[8] = ((fields[8] ?? 0) & 0x3f) | 0x80;
  const text = hex(fields);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    "-",
  );
}

/** A float in [0, 1) from the first 53 of the random bits: every multiple of 2⁻⁵³ is equally likely. */
function fractionFrom(bytes: Uint8Array): number {
  const bits = BigInt(`0x${hex(bytes.subarray(0, 8))}`) >> 11n;
  return Number(bits) / 2 ** 53;
}

function valueKind(valueAt: (moment: Moment) => Value): Kind<Command> {
  return {
    opened: (command) => command,
    outcomeAtOnce: (_command, moment) => ({ ok: encodeValue(valueAt(moment)) }),
  };
}

export const nowKind = valueKind(({ now }) => now);
export const uuidKind = valueKind(({ entropy }) => uuidFrom(entropy()));
export const randomKind = valueKind(({ entropy }) => new StarlarkFloat(fractionFrom(entropy())));
