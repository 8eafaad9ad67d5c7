// No body is read further than its route allows, whatever its Content-Length claims.
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { ProblemException } from "./problem.ts";

export const DEFAULT_BODY_BYTES = 1024 * 1024;

function tooLarge(maxBytes: number): ProblemException {
  return new ProblemException(
    "payload_too_large",
    `The body is larger than the ${maxBytes} bytes that are taken here.`,
  );
}

/**
 * Refuses a larger body with 413 before the route sees any of it; 1 MiB where no other limit is given. Hono's own limit
 * takes an honest Content-Length on trust; this one counts.
 */
export function limitBody(maxBytes = DEFAULT_BODY_BYTES): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    if (c.req.raw.body) c.req.raw = new Request(c.req.raw, { body: await readBody(c, maxBytes) });
    await next();
  });
}

/** The raw bytes of the body, for signatures. Throws 413 as soon as there are, or are claimed, too many. */
export async function readBody(c: Context<AppEnv>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(c.req.header("content-length")) > maxBytes) throw tooLarge(maxBytes);
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
