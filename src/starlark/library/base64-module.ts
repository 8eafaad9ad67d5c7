/** The module `base64` (RFC 4648): `encode` and `decode`, both with `url = True` for the safe alphabet. */
import { EvaluationError } from "../errors.ts";
import { BYTES_BYTES, bytesToLatin1, StarlarkBytes } from "../value/bytes.ts";
import { defineBuiltin } from "../value/define.ts";
import { StarlarkModule } from "../value/struct.ts";
import { octetsOf } from "./octets.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const STANDARD = `${LETTERS}+/`;
const URL_SAFE = `${LETTERS}-_`;

const encode = defineBuiltin(
  "base64.encode",
  "data: string|bytes, /, *, url?: bool",
  (ctx, data: string | StarlarkBytes, url?: boolean) => {
    const octets = octetsOf(ctx, data);
    ctx.charge(1 + octets.length, 16 + Math.ceil(octets.length / 3) * 4);
    return encodeBase64(octets, url === true ? URL_SAFE : STANDARD, url !== true);
  },
);

const decode = defineBuiltin(
  "base64.decode",
  "text: string, /, *, url?: bool",
  (ctx, text: string, url?: boolean) => {
    ctx.charge(1 + text.length, BYTES_BYTES + text.length);
    return new StarlarkBytes(decodeBase64(text, url === true ? URL_SAFE : STANDARD, url !== true));
  },
);

/** Text of bytes; filled up to four characters with `=` when `padded`. */
function encodeBase64(octets: Uint8Array, alphabet: string, padded: boolean): string {
  const codes = new Uint8Array(Math.ceil(octets.length / 3) * 4).fill("=".charCodeAt(0));
  let end = 0;
  for (let i = 0; i < octets.length; i += 3) {
    const count = Math.min(3, octets.length - i);
    const group = ((octets[i] ?? 0) << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0);
    for (let j = 0; j <= count; j++) codes[end++] = alphabet.charCodeAt((group >> (18 - 6 * j)) & 63);
  }
  return bytesToLatin1(padded ? codes : codes.subarray(0, end));
}

/** Bytes of a text; refuses other characters, wrong padding and bits that stand for nothing. */
function decodeBase64(text: string, alphabet: string, padded: boolean): Uint8Array {
  if (padded && text.length % 4 !== 0) {
    throw new EvaluationError(`base64.decode: got ${text.length} characters, want a multiple of 4`);
  }
  const digits = text.replace(/={1,2}$/, "");
  if (digits.length % 4 === 1) throw new EvaluationError("base64.decode: the text ends within a byte");
  const octets = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = alphabet.indexOf(digits.charAt(i));
    if (digit < 0) throw new EvaluationError(`base64.decode: invalid character at offset ${i}`);
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    octets[at++] = (held >> bits) & 255;
  }
  if ((held & ((1 << bits) - 1)) !== 0)
    throw new EvaluationError("base64.decode: the last character has stray bits");
  return octets;
}

export const base64Module = new StarlarkModule("base64", { decode, encode });
