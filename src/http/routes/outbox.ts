import { createRoute, z } from "@hono/zod-openapi";
import { outboxStub } from "../../../durable-objects/deliver.ts";
import { DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { parkedMessageSchema } from "../../protocol/outbox.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems } from "../problem.ts";

const tags = ["Outbox"];
/** Those of which a workspace has one. */
const single = ["bus", "catalog", "router", "directory"] as const;
const actorSchema = z
  .string()
  .regex(
    /^(bus|catalog|router|directory|run\/run_[0-9a-f]{32}|environment\/[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?|lock\/[\x21-\x7e]{1,200})$/,
    "bus, catalog, router, directory, run/<id>, environment/<name> or lock/<key>",
  );

const list = createRoute({
  method: "get",
  path: "/v1/outbox",
  tags,
  summary: "Messages between actors that failed too often, oldest first",
  description:
    "An actor's messages are delivered until they are acknowledged; one that has failed twenty times is parked, so that it holds up no others. Without `actor`, those of the workspace's own actors; runs and environments are asked by name.",
  middleware: [requires("operator")] as const,
  request: { query: z.object({ actor: actorSchema.optional() }) },
  responses: {
    200: json(z.object({ parked: z.array(parkedMessageSchema) }), "Parked messages"),
    ...problems(400, 401, 403),
  },
});

const retry = createRoute({
  method: "post",
  path: "/v1/outbox/retry",
  tags,
  summary: "Deliver an actor's parked messages again",
  middleware: [requires("operator"), limitBody()] as const,
  request: { body: jsonBody(z.strictObject({ actor: actorSchema })) },
  responses: { 200: json(z.object({ retried: z.number().int() }), "How many"), ...problems(400, 401, 403) },
});

export const outbox = createRoutes()
  .openapi(list, async (c) => {
    const { actor } = c.req.valid("query");
    const actors = actor === undefined ? single : [actor];
    const found = await Promise.all(
      actors.map(async (one) => {
        const messages = await outboxStub(c.env, DEFAULT_WORKSPACE, one).parkedMessages();
        return messages.map((message) => ({ actor: one, ...message }));
      }),
    );
    return c.json({ parked: found.flat() }, 200);
  })
  .openapi(retry, async (c) => {
    const { actor } = c.req.valid("json");
    const by = c.get("identity");
    const retried = await outboxStub(c.env, DEFAULT_WORKSPACE, actor).retryParked({ actor, by });
    return c.json({ retried }, 200);
  });
