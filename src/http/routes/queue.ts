import { createRoute, z } from "@hono/zod-openapi";
import { busStub, DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import { startSchema } from "../../protocol/start.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, limitSchema, pageOf } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Queue"];
const params = z.object({ run: runIdSchema });

const list = createRoute({
  method: "get",
  path: "/v1/queue",
  tags,
  summary: "Starts that wait by a trigger's flow control, newest first",
  description: "With `all=true` also those that have started, were superseded, dropped or cancelled.",
  middleware: [requires("viewer")] as const,
  request: {
    query: z.object({
      all: z.enum(["true", "false"]).default("false"),
      limit: limitSchema(500, 100),
      cursor: cursorSchema,
    }),
  },
  responses: {
    200: json(z.object({ queue: z.array(startSchema), next: z.string().optional() }), "Starts"),
    ...problems(400, 401, 403),
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/queue/{run}",
  tags,
  summary: "What has become of a start, and why",
  description: "Only of starts of triggers with flow control: other runs start at once.",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(startSchema, "The start"), ...problems(400, 401, 403, 404) },
});

const cancel = createRoute({
  method: "post",
  path: "/v1/queue/{run}/cancel",
  tags,
  summary: "Take a start back that waits",
  description: "One that has started is cancelled by `POST /v1/runs/{id}/cancel`.",
  middleware: [requires("operator"), limitBody()] as const,
  request: { params, body: jsonBody(z.strictObject({ reason: z.string().max(1000).default("") })) },
  responses: { 200: json(startSchema, "The start, cancelled"), ...problems(400, 401, 403, 404, 409) },
});

export const queue = createRoutes()
  .openapi(list, async (c) => {
    const { all, limit, cursor } = c.req.valid("query");
    const before = decodeCursor(cursor);
    const found = await busStub(c.env, DEFAULT_WORKSPACE).queuedStarts({
      all: all === "true",
      before,
      limit: limit + 1,
    });
    const { items, next } = pageOf(found, limit, ({ createdAt, run }) => ({ createdAt, id: run }));
    return c.json({ queue: items, next }, 200);
  })
  .openapi(show, async (c) => {
    const run = c.req.valid("param").run as RunId;
    return c.json(unwrap(await busStub(c.env, DEFAULT_WORKSPACE).queuedStart(run)), 200);
  })
  .openapi(cancel, async (c) => {
    const run = c.req.valid("param").run as RunId;
    const { reason } = c.req.valid("json");
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    return c.json(unwrap(await bus.cancelStart({ run, by: c.get("identity"), reason })), 200);
  });
