import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub, environmentStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { deploymentSchema, environmentInputSchema, environmentSchema } from "../../protocol/environment.ts";
import { healthChangeSchema } from "../../protocol/health.ts";
import { nameSchema } from "../../protocol/ids.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, encodeCursor, limitSchema } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Environments"];
const params = z.object({ name: nameSchema });

const list = createRoute({
  method: "get",
  path: "/v1/environments",
  tags,
  summary: "Environments and what is deployed there",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(z.object({ environments: z.array(environmentSchema) }), "All of them"),
    ...problems(401, 403),
  },
});

const put = createRoute({
  method: "put",
  path: "/v1/environments/{name}",
  tags,
  summary: "Create an environment, or replace its settings",
  middleware: [requires("admin"), limitBody()] as const,
  request: { params, body: jsonBody(environmentInputSchema) },
  responses: { 200: json(environmentSchema, "The environment"), ...problems(400, 401, 403, 413, 503) },
});

const show = createRoute({
  method: "get",
  path: "/v1/environments/{name}",
  tags,
  summary: "An environment",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(environmentSchema, "The environment"), ...problems(400, 401, 403, 404) },
});

const history = createRoute({
  method: "get",
  path: "/v1/environments/{name}/deployments",
  tags,
  summary: "What was deployed there, newest first",
  description: "Kept for 400 days.",
  middleware: [requires("viewer")] as const,
  request: {
    params,
    query: z.object({
      cursor: cursorSchema,
      limit: limitSchema(200, 50),
    }),
  },
  responses: {
    200: json(
      z.object({ deployments: z.array(deploymentSchema), next: z.string().optional() }),
      "A page of deployments",
    ),
    ...problems(400, 401, 403, 404),
  },
});

const health = createRoute({
  method: "get",
  path: "/v1/environments/{name}/health",
  tags,
  summary: "How healthy what is deployed there has been: every change, newest first",
  description:
    "As events of type `dev.sluice.deployment.health` report it. Kept for 400 days, the latest 10,000. What holds now is " +
    "in `health` of the environment.",
  middleware: [requires("viewer")] as const,
  request: {
    params,
    query: z.object({
      cursor: cursorSchema,
      limit: limitSchema(200, 50),
    }),
  },
  responses: {
    200: json(
      z.object({ changes: z.array(healthChangeSchema), next: z.string().optional() }),
      "A page of changes",
    ),
    ...problems(400, 401, 403, 404),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/environments/{name}",
  tags,
  summary: "Remove an environment",
  middleware: [requires("admin")] as const,
  request: { params },
  responses: { 204: { description: "Removed" }, ...problems(400, 401, 403, 404, 503) },
});

export const environments = createRoutes()
  .openapi(list, async (c) =>
    c.json({ environments: await directoryStub(c.env, DEFAULT_WORKSPACE).environments() }, 200),
  )
  .openapi(put, async (c) => {
    const { name } = c.req.valid("param");
    const stored = await environmentStub(c.env, DEFAULT_WORKSPACE, name).put({
      workspace: DEFAULT_WORKSPACE,
      name,
      value: c.req.valid("json"),
      by: c.get("identity"),
    });
    return c.json(unwrap(stored), 200);
  })
  .openapi(show, async (c) => {
    const { name } = c.req.valid("param");
    return c.json(unwrap(await environmentStub(c.env, DEFAULT_WORKSPACE, name).view()), 200);
  })
  .openapi(history, async (c) => {
    const { name } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    const environment = environmentStub(c.env, DEFAULT_WORKSPACE, name);
    const page = defined({ limit, before: decodeCursor(cursor) });
    const { deployments, next } = unwrap(await environment.deployments(page));
    return c.json({ deployments, next: encodeCursor(next) }, 200);
  })
  .openapi(health, async (c) => {
    const { name } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    const environment = environmentStub(c.env, DEFAULT_WORKSPACE, name);
    const page = defined({ limit, before: decodeCursor(cursor) });
    const { changes, next } = unwrap(await environment.healthChanges(page));
    return c.json({ changes, next: encodeCursor(next) }, 200);
  })
  .openapi(remove, async (c) => {
    const { name } = c.req.valid("param");
    unwrap(await environmentStub(c.env, DEFAULT_WORKSPACE, name).remove(c.get("identity")));
    return c.body(null, 204);
  });
