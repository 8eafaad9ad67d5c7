import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub, runStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { type ApprovalId, compoundIdSchema, parseCompoundId } from "../../protocol/ids.ts";
import { approvalDecisionSchema, approvalSchema } from "../../protocol/policy.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, limitSchema, pageOf } from "../paging.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";

const tags = ["Approvals"];

const list = createRoute({
  method: "get",
  path: "/v1/approvals",
  tags,
  summary: "What policy holds for a person, newest first",
  middleware: [requires("viewer")] as const,
  request: {
    query: z.object({
      state: approvalSchema.shape.state.optional(),
      limit: limitSchema(500, 100),
      cursor: cursorSchema,
    }),
  },
  responses: {
    200: json(z.object({ approvals: z.array(approvalSchema), next: z.string().optional() }), "Approvals"),
    ...problems(400, 401, 403),
  },
});

const decide = createRoute({
  method: "post",
  path: "/v1/approvals/{id}",
  tags,
  summary: "Approve or deny a held call",
  description:
    "The initiator of a run cannot approve its calls, only deny them. Policy is asked again with the decision.",
  middleware: [requires("operator"), limitBody()] as const,
  request: { params: z.object({ id: compoundIdSchema }), body: jsonBody(approvalDecisionSchema) },
  responses: { 200: json(approvalSchema, "The approval, decided"), ...problems(400, 401, 403, 404, 409) },
});

export const approvals = createRoutes()
  .openapi(list, async (c) => {
    const { cursor, limit, ...query } = defined(c.req.valid("query"));
    const filter = { ...query, before: decodeCursor(cursor), limit: limit + 1 };
    const found = await directoryStub(c.env, DEFAULT_WORKSPACE).approvals(filter);
    const { items, next } = pageOf(found, limit, ({ openedAt, id }) => ({ createdAt: openedAt, id }));
    return c.json({ approvals: items, next }, 200);
  })
  .openapi(decide, async (c) => {
    const { id } = c.req.valid("param");
    const parts = parseCompoundId(id);
    if (!parts) throw new ProblemException("approval_not_found", `There is no approval ${id}.`);
    const run = runStub(c.env, DEFAULT_WORKSPACE, parts.run);
    const decided = await run.resolveApproval({
      approval: id as ApprovalId,
      by: c.get("identity"),
      ...c.req.valid("json"),
    });
    return c.json(unwrap(decided), 200);
  });
