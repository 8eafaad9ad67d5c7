// Who is calling, and whether they may.
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import { isAllowed } from "../auth/roles.ts";
import { isSameDigest, isTokenText, tokenDigest } from "../auth/token.ts";
import type { Identity, Role } from "../protocol/token.ts";
import type { AppEnv } from "./context.ts";
import { ProblemException } from "./problem.ts";

/** A revoked token may still work for this long on an isolate that has just seen it. */
const CACHE_MS = 5000;
const CACHE_SIZE = 1000;
/** Holds the token of who has signed in to the dashboard. No script can read it. */
export const SESSION_COOKIE = "sluice_session";
const known = new Map<string, { identity: Identity; until: number }>();

export async function identify(env: Env, token: string): Promise<Identity | null> {
  if (!isTokenText(token)) return null;
  const digest = await tokenDigest(token);
  if (env.SLUICE_ADMIN_TOKEN_SHA256 && isSameDigest(digest, env.SLUICE_ADMIN_TOKEN_SHA256.toLowerCase())) {
    return { subject: "admin", role: "admin", tokenId: "bootstrap" };
  }
  const cached = known.get(digest);
  if (cached && cached.until > Date.now()) return cached.identity;
  known.delete(digest);
  const identity = await directoryStub(env, DEFAULT_WORKSPACE).authenticate(digest);
  if (!identity) return null;
  if (known.size >= CACHE_SIZE) known.clear();
  known.set(digest, { identity, until: Date.now() + CACHE_MS });
  return identity;
}

/**
 * What a browser sends by itself must come from the dashboard: a cookie only counts for a request that changes
 * something, or opens a socket, when its Origin is ours. SameSite alone would let sibling subdomains through.
 */
export function isSameOrigin(c: Context<AppEnv>): boolean {
  return c.req.header("origin") === new URL(c.req.url).origin;
}

function cookie(c: Context<AppEnv>): string | undefined {
  const token = getCookie(c, SESSION_COOKIE);
  if (!token) return undefined;
  const isReading =
    (c.req.method === "GET" || c.req.method === "HEAD") && c.req.header("upgrade") === undefined;
  if (!isReading && !isSameOrigin(c)) {
    throw new ProblemException(
      "cross_origin",
      "The session of the dashboard counts only for the dashboard itself. Programs send `Authorization: Bearer <token>`.",
    );
  }
  return token;
}

function challenge(detail: string): ProblemException {
  return new ProblemException("unauthenticated", detail, {
    headers: { "www-authenticate": 'Bearer realm="sluice"' },
  });
}

async function authorise(c: Context<AppEnv>, token: string | undefined, needed: Role): Promise<void> {
  if (!token) throw challenge("This needs a token: send `Authorization: Bearer <token>`.");
  const identity = await identify(c.env, token);
  if (!identity) throw challenge("The token is not known, has expired, or was revoked.");
  if (!isAllowed(identity.role, needed)) {
    throw new ProblemException(
      "forbidden",
      `This needs the role ${needed}; the token of ${identity.subject} has ${identity.role}.`,
    );
  }
  c.set("identity", identity);
}

function bearer(c: Context<AppEnv>): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

const neededBy = new WeakMap<object, Role>();

function guard(role: Role, tokenOf: (c: Context<AppEnv>) => string | undefined): MiddlewareHandler<AppEnv> {
  const middleware = createMiddleware<AppEnv>(async (c, next) => {
    await authorise(c, tokenOf(c), role);
    await next();
  });
  neededBy.set(middleware, role);
  return middleware;
}

/** Lets the route be called by this role, and by those that include it. Sets `identity`. */
export function requires(role: Role): MiddlewareHandler<AppEnv> {
  return guard(role, (c) => bearer(c) ?? cookie(c));
}

/** As `requires`, for senders that cannot set headers: the token may be the query parameter `token`. */
export function requiresInQuery(role: Role): MiddlewareHandler<AppEnv> {
  return guard(role, (c) => bearer(c) ?? c.req.query("token"));
}

/** The role that a route's handler guards with; undefined for any other handler. What descriptions are made from. */
export function roleNeededBy(handler: object): Role | undefined {
  return neededBy.get(handler);
}
