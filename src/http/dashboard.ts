// Hands out the dashboard: one page for every address that is not the API's, under a policy that lets it run its own
// scripts and nothing else.
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

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

/** Answers what a browser asks for as a page; everything else is for the routes. */
export function serveDashboard(): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const { pathname, origin } = new URL(c.req.url);
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
