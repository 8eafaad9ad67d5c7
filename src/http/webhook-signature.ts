// Signatures of webhooks: HMAC over the raw bytes of the body, checked before anybody looks into it.

const signaturePattern = /^sha256=([0-9a-f]{64})$/i;

/**
 * True when `signature` (`sha256=<hex>`) is the HMAC-SHA-256 of `body` under `secret`. Takes the same time for every
 * wrong one.
 */
export async function isSignedBy(
  secret: string,
  body: Uint8Array<ArrayBuffer>,
  signature: string,
): Promise<boolean> {
  const hex = signaturePattern.exec(signature)?.[1];
  if (hex === undefined) return false;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [
    "verify",
  ]);
  const expected = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return await crypto.subtle.verify(algorithm, key, expected, body);
}
