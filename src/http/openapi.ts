// The API's description, made from the routes themselves: for programs (/openapi.json) and for people (/docs).
import type { OpenAPIHono } from "@hono/zod-openapi";
import packageJson from "../../package.json";
import type { Role } from "../protocol/token.ts";
import { roleNeededBy } from "./authentication.ts";
import type { AppEnv } from "./context.ts";
import { type Operation, refusalsPage, routesPage, style } from "./reference-page.ts";

const about = {
  openapi: "3.1.0",
  info: {
    title: "Sluice",
    version: packageJson.version,
    description: "A durable workflow engine for continuous delivery. Errors are problem+json (RFC 9457).",
  },
  security: [{ token: [] }],
};

/** The role each route is guarded with, by `get /v1/runs/:id`. From the guards, so it cannot say otherwise. */
function rolesByRoute(app: OpenAPIHono<AppEnv>): Map<string, Role> {
  const roles = new Map<string, Role>();
  for (const { method, path, handler } of app.routes) {
    const role = roleNeededBy(handler);
    if (role) roles.set(`${method.toLowerCase()} ${path}`, role);
  }
  return roles;
}

/** The OpenAPI document; `x-role` says which role an operation asks for. */
function describe(app: OpenAPIHono<AppEnv>) {
  const document = app.getOpenAPI31Document(about);
  const roles = rolesByRoute(app);
  const operations: Operation[] = [];
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const role = roles.get(`${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`);
      if (role) Object.assign(operation, { "x-role": role });
      else Object.assign(operation, { security: [] });
      operations.push({ ...operation, path, method, ...(role && { role }) });
    }
  }
  return { document, operations };
}

/** Adds the descriptions; to be called after every route has been mounted. */
export function addDescription(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  // Made when first asked for: it takes milliseconds that no other request should pay.
  let made: ReturnType<typeof describe> | undefined;
  const description = () => {
    made ??= describe(app);
    return made;
  };
  app.get("/openapi.json", (c) => c.json(description().document));
  app.get("/docs", (c) => c.html(routesPage(description().operations)));
  app.get("/docs/errors", (c) => c.html(refusalsPage()));
  app.get("/docs/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
}
