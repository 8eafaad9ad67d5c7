// Hands out the dashboard: one page for every address that is not the API's, under a policy that lets it run its own
// scripts and nothing else.
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

const noStore = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
const API = /^\/(v1|docs|openapi\.json|cdn-cgi)(\/|$)/;

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // The code view makes its style sheets as it runs; they carry the nonce of the page.
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** A file of the build. Its name is made from its content: what is there never changes, what is not may yet come. */
async function answerAsset(c: Context<AppEnv>): Promise<Response> {
  const found = await c.env.ASSETS.fetch(c.req.raw);
  const isThere = found.ok || found.status === 304;
  if (!isThere)
    return c.text("There is no such file. Reload the page: it may be of an older version.", 404, noStore);
  const answer = new Response(found.body, found);
  answer.headers.set("cache-control", "public, max-age=31536000, immutable");
  answer.headers.set("x-content-type-options", "nosniff");
  return answer;
}

/** Answers what a browser asks for as a page, and its files; everything else is for the routes. */
export function serveDashboard(): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const { pathname, origin } = new URL(c.req.url);
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (isRead && pathname.startsWith("/assets/")) return await answerAsset(c);
    const isPage =
      c.req.method === "GET" && !API.test(pathname) && /text\/html/.test(c.req.header("accept") ?? "");
    if (!isPage) return await next();
    const page = await c.env.ASSETS.fetch(new Request(`${origin}/`, { headers: { accept: "text/html" } }));
    if (!page.ok) {
      return c.text(
        "The dashboard has not been built: `npm run build:dashboard` does it. The API is at /docs.",
        404,
      );
    }
    const nonce = crypto.randomUUID();
    return c.html((await page.text()).replace("__NONCE__", nonce), 200, {
      "cache-control": "no-store",
      "content-security-policy": policy(nonce),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  });
}
