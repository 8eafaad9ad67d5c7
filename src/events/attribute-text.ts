// The CloudEvents types String and URI-reference: what they do not allow, and how foreign text is made to fit.

/** True for a character that a String may not hold: controls, noncharacters, lone surrogates. */
function isForbidden(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code <= 0x1f ||
    (code >= 0x7f && code <= 0x9f) ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & 0xfffe) === 0xfffe ||
    (code >= 0xd800 && code <= 0xdfff)
  );
}

/** The first character that a String may not hold, as `U+0007`; undefined when there is none. */
export function forbiddenCharacter(text: string): string | undefined {
  for (const character of text) {
    if (!isForbidden(character)) continue;
    return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  }
  return undefined;
}

/** The text as a String of at most `maxLength` UTF-16 units: what is not allowed becomes U+FFFD. */
export function asAttribute(text: string, maxLength: number): string {
  return [...text.slice(0, maxLength)]
    .map((character) => (isForbidden(character) ? "�" : character))
    .join("");
}

// RFC 3986: the characters a URI may hold, percent signs only as escapes.
const uriReferencePattern = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const notInUriPattern = /%(?![0-9A-Fa-f]{2})|[^%A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]+/g;

export function isUriReference(text: string): boolean {
  return uriReferencePattern.test(text);
}

/** The text as a URI reference: what a URI may not hold becomes percent escapes; escapes stay. */
export function asUriReference(text: string): string {
  return text.toWellFormed().replaceAll(notInUriPattern, encodeURIComponent);
}
