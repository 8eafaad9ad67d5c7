// No body is read further than its route allows, whatever its Content-Length claims.
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "./context.ts";
import { ProblemException } from "./problem.ts";

export const DEFAULT_BODY_BYTES = 1024 * 1024;

function tooLarge(maxBytes: number): ProblemException {
  return new ProblemException(
    "payload_too_large",
    `The body is larger than the ${maxBytes} bytes that are taken here.`,
  );
}

/** Refuses a larger body with 413 before or while it is read. */
export function limitBody(maxBytes: number): MiddlewareHandler<AppEnv> {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw tooLarge(maxBytes);
    },
  });
}

/** The raw bytes of the body, for signatures. Throws 413 as soon as there are too many. */
export async function readBody(c: Context<AppEnv>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
