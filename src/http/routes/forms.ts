import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub, runStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { formAnswerSchema, formSchema, formStates } from "../../protocol/form.ts";
import { compoundIdSchema, type FormId, parseCompoundId } from "../../protocol/ids.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, limitSchema, pageOf } from "../paging.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";

const tags = ["Forms"];
const params = z.object({ id: compoundIdSchema });

const list = createRoute({
  method: "get",
  path: "/v1/forms",
  tags,
  summary: "What runs ask people, newest first",
  middleware: [requires("viewer")] as const,
  request: {
    query: z.object({
      state: z.enum(formStates).optional(),
      limit: limitSchema(500, 100),
      cursor: cursorSchema,
    }),
  },
  responses: {
    200: json(
      z.object({ forms: z.array(formSchema), next: z.string().optional() }),
      "Forms, without what was filled in",
    ),
    ...problems(400, 401, 403),
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/forms/{id}",
  tags,
  summary: "A form, with what was filled in",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(formSchema, "The form"), ...problems(400, 401, 403, 404) },
});

const fill = createRoute({
  method: "post",
  path: "/v1/forms/{id}",
  tags,
  summary: "Fill in a form",
  description:
    "The first answer counts; the same one again gets the same answer. `errors` points at every value that does not " +
    "fit its field. A form with assignees takes it from them alone.",
  middleware: [requires("operator"), limitBody()] as const,
  request: { params, body: jsonBody(formAnswerSchema) },
  responses: { 200: json(formSchema, "The form, filled in"), ...problems(400, 401, 403, 404, 409, 422) },
});

function runOf(env: Env, id: string) {
  const parts = parseCompoundId(id);
  if (!parts) throw new ProblemException("unknown_form", `There is no form ${id}.`);
  return runStub(env, DEFAULT_WORKSPACE, parts.run);
}

export const forms = createRoutes()
  .openapi(list, async (c) => {
    const { cursor, limit, ...query } = defined(c.req.valid("query"));
    const filter = { ...query, before: decodeCursor(cursor), limit: limit + 1 };
    const found = await directoryStub(c.env, DEFAULT_WORKSPACE).forms(filter);
    const { items, next } = pageOf(found, limit, ({ openedAt, id }) => ({ createdAt: openedAt, id }));
    return c.json({ forms: items, next }, 200);
  })
  .openapi(show, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(unwrap(await runOf(c.env, id).form(id as FormId)), 200);
  })
  .openapi(fill, async (c) => {
    const { id } = c.req.valid("param");
    const { values } = c.req.valid("json");
    const filled = await runOf(c.env, id).fillForm({ form: id as FormId, values, by: c.get("identity") });
    return c.json(unwrap(filled), 200);
  });
