/**
 * Upper, lower and title case, and what kind of characters a text is made of.
 *
 * Characters are mapped one to one (Unicode's simple case mapping), as in starlark-go: "ß" has no
 * capital, and no character depends on its neighbours.
 */

const ASCII = /^[\0-\x7f]*$/;
const LETTER = /\p{L}/u;
const CASED = /[\p{Lu}\p{Ll}\p{Lt}]/u;
const CAPITAL = /[\p{Lu}\p{Lt}]/u;
const SMALL = /\p{Ll}/u;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

export function toUpper(text: string): string {
  return isAscii(text) ? text.toUpperCase() : mapCharacters(text, upperOf);
}

export function toLower(text: string): string {
  return isAscii(text) ? text.toLowerCase() : mapCharacters(text, lowerOf);
}

/** The first character in title case, the others in lower case. */
export function capitalize(text: string): string {
  const [first] = text;
  return first === undefined ? "" : titleOf(first) + toLower(text.slice(first.length));
}

/** The first letter of every run of letters in title case, the others in lower case. */
export function toTitle(text: string): string {
  let inWord = false;
  return mapCharacters(text, (character) => {
    const mapped = inWord ? lowerOf(character) : titleOf(character);
    inWord = LETTER.test(character);
    return mapped;
  });
}

/**
 * Capitals only after uncased characters, small letters only after cased ones, and at least one. "Ǆ" is no
 * title case: "ǅ" is.
 */
export function isTitle(text: string): boolean {
  let afterCased = false;
  let anyCased = false;
  for (const character of text) {
    if (CAPITAL.test(character)) {
      if (afterCased || titleOf(character) !== character) return false;
      afterCased = true;
      anyCased = true;
    } else if (SMALL.test(character)) {
      if (!afterCased) return false;
    } else afterCased = false;
  }
  return anyCased;
}

export function isUpper(text: string): boolean {
  return CASED.test(text) && toUpper(text) === text;
}

export function isLower(text: string): boolean {
  return CASED.test(text) && toLower(text) === text;
}

export function isAlphabetic(text: string): boolean {
  return /^\p{L}+$/u.test(text);
}

export function isAlphanumeric(text: string): boolean {
  return /^[\p{L}\p{Nd}]+$/u.test(text);
}

export function isDigits(text: string): boolean {
  return /^\p{Nd}+$/u.test(text);
}

function mapCharacters(text: string, map: (character: string) => string): string {
  let mapped = "";
  for (const character of text) mapped += map(character);
  return mapped;
}

function upperOf(character: string): string {
  return onlyOne(character.toUpperCase(), character);
}

function lowerOf(character: string): string {
  // The one character whose small letter JavaScript writes as two.
  if (character === "İ") return "i";
  return onlyOne(character.toLowerCase(), character);
}

/** The four pairs of letters that have a title case of their own, by their capital. */
const TITLE_CASE: Readonly<Record<string, string>> = { Ǆ: "ǅ", Ǉ: "ǈ", Ǌ: "ǋ", Ǳ: "ǲ" };

function titleOf(character: string): string {
  const upper = upperOf(character);
  return TITLE_CASE[upper] ?? upper;
}

function onlyOne(mapped: string, original: string): string {
  const [first] = mapped;
  return first === mapped ? mapped : original;
}
