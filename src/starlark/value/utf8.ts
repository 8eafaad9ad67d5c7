/** Reads UTF-8 byte by byte: unlike TextDecoder, one replacement character per invalid byte, as Go does. */

/** The text that bytes are; every byte that is not part of valid UTF-8 becomes U+FFFD. */
export function decodeUtf8(data: Uint8Array): string {
  let text = "";
  for (let i = 0; i < data.length; ) {
    const length = utf8Length(data, i);
    if (length > 0)
      text += new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(
        data.subarray(i, i + length),
      );
    else text += "\ufffd";
    i += Math.max(1, length);
  }
  return text;
}

/** Length of the longest run of valid UTF-8 from an index (at most a few kilobytes), 0 for none. */
export function utf8Length(data: Uint8Array, from: number): number {
  let end = from;
  while (end < data.length && end - from < 4096) {
    const size = sequenceLength(data, end);
    if (size === 0) break;
    end += size;
  }
  return end - from;
}

/** Length of the valid UTF-8 sequence at an index, 0 when there is none. */
function sequenceLength(data: Uint8Array, at: number): number {
  const first = data[at] ?? 0;
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > data.length) return 0;
  const second = data[at + 1] ?? 0;
  // Overlong forms, surrogates and what is beyond U+10FFFF.
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  for (let i = 1; i < size; i++) {
    const next = data[at + i] ?? 0;
    if (next < 0x80 || next > 0xbf) return 0;
  }
  return size;
}
