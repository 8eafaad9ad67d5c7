import { createRoute, z } from "@hono/zod-openapi";
import { catalogStub, DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { catalogFunctionSchema, functionInputSchema } from "../../protocol/workflow.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems } from "../problem.ts";

const tags = ["Functions"];
// Local references (./folder) have names, too.
const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9.][A-Za-z0-9._~+:@/-]{0,499}$/,
    "a reference without its version, such as gitlab.com/cd/reconcile",
  );

const list = createRoute({
  method: "get",
  path: "/v1/functions",
  tags,
  summary: "The catalog: functions and how far they are trusted",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(z.object({ functions: z.array(catalogFunctionSchema) }), "All of them"),
    ...problems(401, 403),
  },
});

const put = createRoute({
  method: "put",
  path: "/v1/functions/{name}",
  tags,
  summary: "Register a function with its trust score",
  description:
    "The name is the reference without its version (`gitlab.com/cd/reconcile`), or with it, for that version alone. It is answered in the one spelling that targets and policy know the function by. A function nobody registered counts as 0.",
  middleware: [requires("admin"), limitBody()] as const,
  request: { params: z.object({ name: nameSchema }), body: jsonBody(functionInputSchema) },
  responses: { 200: json(catalogFunctionSchema, "The function"), ...problems(400, 401, 403) },
});

/** The same for a name whose slashes are not percent-encoded. */
const putWithSlashes = createRoute({ ...put, path: "/v1/functions/{name}{.+}", hide: true });

export const functions = createRoutes().openapi(list, async (c) =>
  c.json({ functions: await catalogStub(c.env, DEFAULT_WORKSPACE).functions() }, 200),
);

for (const route of [put, putWithSlashes]) {
  functions.openapi(route, async (c) => {
    const { name } = c.req.valid("param");
    const fn = { name, ...c.req.valid("json"), by: c.get("identity") };
    return c.json(await catalogStub(c.env, DEFAULT_WORKSPACE).putFunction(fn), 200);
  });
}
