import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub, lockStub } from "../../../durable-objects/stubs.ts";
import { type CommandId, type RunId, runIdSchema } from "../../protocol/ids.ts";
import { lockKeySchema, lockSchema } from "../../protocol/lock.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Locks"];
const params = z.object({ key: lockKeySchema.describe("Percent-encoded: `env%2Fproduction`") });

const list = createRoute({
  method: "get",
  path: "/v1/locks",
  tags,
  summary: "Locks that somebody holds or waits for",
  middleware: [requires("viewer")] as const,
  responses: { 200: json(z.object({ locks: z.array(lockSchema) }), "Locks by key"), ...problems(401, 403) },
});

const show = createRoute({
  method: "get",
  path: "/v1/locks/{key}",
  tags,
  summary: "Who holds a lock and who waits for it",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(lockSchema, "The lock"), ...problems(400, 401, 403, 404) },
});

const release = createRoute({
  method: "post",
  path: "/v1/locks/{key}/release",
  tags,
  summary: "Take a lock away from a run",
  description:
    "For a run that cannot let go of it. The run is not stopped: it goes on as if it held the lock, while the next gets it. " +
    "Recorded with who and why, in the run's journal too.",
  middleware: [requires("operator"), limitBody()] as const,
  request: {
    params,
    body: jsonBody(
      z.strictObject({
        run: runIdSchema,
        command: z.string().max(2000).describe("The command that got it, as the lock shows it"),
        reason: z.string().max(2000).default(""),
      }),
    ),
  },
  responses: { 200: json(lockSchema, "The lock as it is now"), ...problems(400, 401, 403, 409) },
});

export const locks = createRoutes()
  .openapi(list, async (c) => {
    return c.json({ locks: await directoryStub(c.env, DEFAULT_WORKSPACE).locks() }, 200);
  })
  .openapi(show, async (c) => {
    const { key } = c.req.valid("param");
    return c.json(unwrap(await lockStub(c.env, DEFAULT_WORKSPACE, key).view()), 200);
  })
  .openapi(release, async (c) => {
    const { key } = c.req.valid("param");
    const { run, command, reason } = c.req.valid("json");
    const claim = { run: run as RunId, command: command as CommandId, by: c.get("identity"), reason };
    return c.json(unwrap(await lockStub(c.env, DEFAULT_WORKSPACE, key).revoke(claim)), 200);
  });
