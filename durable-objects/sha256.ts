import { createHash } from "node:crypto";

/**
 * The SHA-256 of a text's UTF-8, in lower-case hexadecimal. Synchronous, unlike WebCrypto: a digest that a
 * decision needs must not let another message in between decision and commit.
 */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
