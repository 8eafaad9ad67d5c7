// Tokens: `slc_<id>_<secret>`. Only the SHA-256 of the whole text is ever stored or compared.

const tokenPattern = /^slc_[a-z0-9]{1,32}_[A-Za-z0-9_-]{32,128}$/;

export function isTokenText(text: string): boolean {
  return tokenPattern.test(text);
}

function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** SHA-256 of a token as lower-case hexadecimal. */
export async function tokenDigest(token: string): Promise<string> {
  return toHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
}

/** A new token with 256 random bits; `id` names it in lists and logs. */
export function makeToken(): { id: string; token: string } {
  const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => (byte % 36).toString(36)).join("");
  return { id, token: `slc_${id}_${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}` };
}

/** Compares two digests without telling by its time where they differ. */
export function isSameDigest(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1)
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
