/** Quoted text of strings and bytes, which reads back as the same value. */
import { utf8Length } from "./utf8.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
  "\x07": "\\a",
};

// What has no visible form: controls, other separators, private use, unassigned, lone surrogates.
const UNPRINTABLE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const PLAIN = /^[ !#-[\]-~]*$/;

/** A string in double quotes, as `repr` shows it. */
export function quoteString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${text.replace(UNPRINTABLE, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  // A lone surrogate cannot leave as UTF-8, so it shows as the replacement character.
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Bytes in double quotes after a `b`: valid UTF-8 as text, other bytes as `\xNN`. */
export function quoteBytes(data: Uint8Array): string {
  let text = 'b"';
  for (let i = 0; i < data.length; ) {
    const length = utf8Length(data, i);
    if (length === 0) {
      text += `\\x${(data[i] ?? 0).toString(16).padStart(2, "0")}`;
      i++;
    } else {
      text += quoteString(
        new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(data.subarray(i, i + length)),
      ).slice(1, -1);
      i += length;
    }
  }
  return `${text}"`;
}
