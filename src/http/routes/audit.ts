import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub } from "../../../durable-objects/stubs.ts";
import { auditEntrySchema } from "../../protocol/audit.ts";
import { defined } from "../../protocol/defined.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { beforeSchema, limitSchema } from "../paging.ts";
import { problems } from "../problem.ts";

const list = createRoute({
  method: "get",
  path: "/v1/audit",
  tags: ["Audit"],
  summary: "Who did what, newest first",
  middleware: [requires("viewer")] as const,
  request: {
    query: z.object({
      before: beforeSchema,
      limit: limitSchema(500, 100),
    }),
  },
  responses: {
    200: json(
      z.object({ entries: z.array(auditEntrySchema), next: z.number().optional() }),
      "A page of entries",
    ),
    ...problems(400, 401, 403),
  },
});

export const audit = createRoutes().openapi(list, async (c) => {
  const page = defined(c.req.valid("query"));
  return c.json(await directoryStub(c.env, DEFAULT_WORKSPACE).audit(page), 200);
});
