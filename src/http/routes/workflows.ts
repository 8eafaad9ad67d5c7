import { createRoute, z } from "@hono/zod-openapi";
import { catalogStub, DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { nameSchema } from "../../protocol/ids.ts";
import {
  MAX_SOURCE_BYTES,
  workflowInputSchema,
  workflowSchema,
  workflowVersionSchema,
} from "../../protocol/workflow.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { limitSchema } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Workflows"];
const params = z.object({ name: nameSchema });
// In JSON a character may take six bytes.
const BODY_BYTES = 6 * MAX_SOURCE_BYTES + 64 * 1024;
const program = z.object({ digest: z.string(), entry: z.string(), files: z.record(z.string(), z.string()) });

const list = createRoute({
  method: "get",
  path: "/v1/workflows",
  tags,
  summary: "Registered workflows",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(z.object({ workflows: z.array(workflowSchema) }), "All of them"),
    ...problems(401, 403),
  },
});

const put = createRoute({
  method: "put",
  path: "/v1/workflows/{name}",
  tags,
  summary: "Register a workflow, or a new version of it",
  description:
    "The program is checked and compiled first; one with mistakes is refused with their positions (`diagnostics`), and the version before stays. Runs in flight keep the program they began with.",
  middleware: [requires("admin"), limitBody(BODY_BYTES)] as const,
  request: { params, body: jsonBody(workflowInputSchema) },
  responses: { 200: json(workflowSchema, "The workflow"), ...problems(400, 401, 403, 413, 422) },
});

const show = createRoute({
  method: "get",
  path: "/v1/workflows/{name}",
  tags,
  summary: "A workflow with its program",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: {
    200: json(workflowSchema.extend({ program }), "The workflow"),
    ...problems(400, 401, 403, 404),
  },
});

const versions = createRoute({
  method: "get",
  path: "/v1/workflows/{name}/versions",
  tags,
  summary: "Every version of a workflow, newest first: when, and by whom",
  description: "One without `digest` is a removal. `next` is the `before` of the following page.",
  middleware: [requires("viewer")] as const,
  request: {
    params,
    query: z.object({
      before: z.coerce.number().int().min(1).optional().describe("`next` of the page before"),
      limit: limitSchema(200, 50),
    }),
  },
  responses: {
    200: json(
      z.object({ versions: z.array(workflowVersionSchema), next: z.number().int().optional() }),
      "A page of versions",
    ),
    ...problems(400, 401, 403, 404),
  },
});

const version = createRoute({
  method: "get",
  path: "/v1/workflows/{name}/versions/{version}",
  tags,
  summary: "A version of a workflow with its program",
  middleware: [requires("viewer")] as const,
  request: { params: params.extend({ version: z.coerce.number().int().min(1) }) },
  responses: {
    200: json(workflowVersionSchema.extend({ program }), "The version"),
    ...problems(400, 401, 403, 404),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/workflows/{name}",
  tags,
  summary: "Remove a workflow and its triggers",
  description: "Runs in flight go on.",
  middleware: [requires("admin")] as const,
  request: { params },
  responses: { 204: { description: "Removed" }, ...problems(400, 401, 403, 404) },
});

export const workflows = createRoutes()
  .openapi(list, async (c) =>
    c.json({ workflows: await catalogStub(c.env, DEFAULT_WORKSPACE).workflows() }, 200),
  )
  .openapi(put, async (c) => {
    const { name } = c.req.valid("param");
    const stored = await catalogStub(c.env, DEFAULT_WORKSPACE).putWorkflow({
      name,
      input: c.req.valid("json"),
      by: c.get("identity"),
    });
    return c.json(unwrap(stored), 200);
  })
  .openapi(show, async (c) => {
    const { name } = c.req.valid("param");
    return c.json(unwrap(await catalogStub(c.env, DEFAULT_WORKSPACE).workflow(name)), 200);
  })
  .openapi(versions, async (c) => {
    const { name } = c.req.valid("param");
    const page = defined(c.req.valid("query"));
    const catalog = catalogStub(c.env, DEFAULT_WORKSPACE);
    const found = unwrap(await catalog.versions({ name, ...page }));
    const last = found.at(-1);
    const hasMore = found.length === page.limit && last !== undefined && last.version > 1;
    return c.json({ versions: found, ...(hasMore && { next: last.version }) }, 200);
  })
  .openapi(version, async (c) => {
    const { name, version } = c.req.valid("param");
    return c.json(unwrap(await catalogStub(c.env, DEFAULT_WORKSPACE).version(name, version)), 200);
  })
  .openapi(remove, async (c) => {
    const { name } = c.req.valid("param");
    unwrap(await catalogStub(c.env, DEFAULT_WORKSPACE).removeWorkflow(name, c.get("identity")));
    return c.body(null, 204);
  });
