/** White space in strings: Unicode's White_Space property, as starlark-go has it. */

export function isSpace(code: number): boolean {
  if (code === 32 || (code >= 9 && code <= 13)) return true;
  if (code < 0x85) return false;
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Whether a text is made of white space only, and not empty. */
export function isBlank(text: string): boolean {
  return text !== "" && skipSpace(text, 0) === text.length;
}

/** The first position from `at` on that is not white space, or the end. */
export function skipSpace(text: string, at: number): number {
  let position = at;
  while (position < text.length && isSpace(text.charCodeAt(position))) position++;
  return position;
}

/** The first position from `at` on that is white space, or the end. */
export function skipWord(text: string, at: number): number {
  let position = at;
  while (position < text.length && !isSpace(text.charCodeAt(position))) position++;
  return position;
}

/** As `skipSpace`, backwards: the position behind the last character before `at` that is not white space. */
export function skipSpaceBack(text: string, at: number): number {
  let position = at;
  while (position > 0 && isSpace(text.charCodeAt(position - 1))) position--;
  return position;
}

/** As `skipWord`, backwards. */
export function skipWordBack(text: string, at: number): number {
  let position = at;
  while (position > 0 && !isSpace(text.charCodeAt(position - 1))) position--;
  return position;
}
