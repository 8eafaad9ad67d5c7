/** Characters by number. */

/** The character with a number from 0 to 0x10ffff; surrogates are no characters and give U+FFFD. */
export function characterOf(codePoint: number): string {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return isSurrogate ? "\ufffd" : String.fromCodePoint(codePoint);
}
