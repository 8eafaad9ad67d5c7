import { createRoute, z } from "@hono/zod-openapi";
import packageJson from "../../../package.json";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";

const route = createRoute({
  method: "get",
  path: "/v1/health",
  tags: ["Service"],
  summary: "Is the service up?",
  security: [],
  responses: { 200: json(z.object({ status: z.literal("ok"), version: z.string() }), "It is") },
});

export const health = createRoutes().openapi(route, (c) =>
  c.json({ status: "ok" as const, version: packageJson.version }, 200),
);
