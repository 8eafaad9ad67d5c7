import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub } from "../../../durable-objects/stubs.ts";
import { makeToken, tokenDigest } from "../../auth/token.ts";
import { nameSchema } from "../../protocol/ids.ts";
import { tokenInputSchema, tokenSchema } from "../../protocol/token.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems, unwrap } from "../problem.ts";

const section = ["Tokens"];
const DAY_MS = 86_400_000;

const create = createRoute({
  method: "post",
  path: "/v1/tokens",
  tags: section,
  summary: "Create a token",
  description:
    "The token is in this answer and nowhere else: only its digest is stored. With `tags`, one of role runner takes only jobs that ask for none but these.",
  middleware: [requires("admin"), limitBody()] as const,
  request: { body: jsonBody(tokenInputSchema) },
  responses: {
    201: json(tokenSchema.extend({ token: z.string() }), "The token"),
    ...problems(400, 401, 403),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/tokens",
  tags: section,
  summary: "Tokens, without their secrets",
  middleware: [requires("admin")] as const,
  responses: { 200: json(z.object({ tokens: z.array(tokenSchema) }), "All of them"), ...problems(401, 403) },
});

const revoke = createRoute({
  method: "delete",
  path: "/v1/tokens/{id}",
  tags: section,
  summary: "Revoke a token",
  description: "Takes effect within five seconds everywhere.",
  middleware: [requires("admin")] as const,
  request: { params: z.object({ id: nameSchema }) },
  responses: { 204: { description: "Revoked" }, ...problems(400, 401, 403, 404) },
});

export const tokens = createRoutes()
  .openapi(create, async (c) => {
    const { subject, role, expiresInDays, tags } = c.req.valid("json");
    const { id, token } = makeToken();
    const created = await directoryStub(c.env, DEFAULT_WORKSPACE).createToken({
      id,
      digest: await tokenDigest(token),
      subject,
      role,
      by: c.get("identity").subject,
      ...(expiresInDays !== undefined && { expiresAt: Date.now() + expiresInDays * DAY_MS }),
      ...(tags !== undefined && { tags }),
    });
    return c.json({ ...unwrap(created), token }, 201);
  })
  .openapi(list, async (c) => c.json({ tokens: await directoryStub(c.env, DEFAULT_WORKSPACE).tokens() }, 200))
  .openapi(revoke, async (c) => {
    const { id } = c.req.valid("param");
    unwrap(await directoryStub(c.env, DEFAULT_WORKSPACE).revokeToken(id, c.get("identity").subject));
    return c.body(null, 204);
  });
