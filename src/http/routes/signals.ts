import { createRoute, z } from "@hono/zod-openapi";
import { idempotencyKeySchema, nameSchema, type RunId, runIdSchema } from "../../protocol/ids.ts";
import { jsonSchema } from "../../protocol/json.ts";
import { MAX_SIGNAL_BYTES } from "../../protocol/signal.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems, unwrap } from "../problem.ts";

const send = createRoute({
  method: "post",
  path: "/v1/runs/{id}/signals/{name}",
  tags: ["Runs"],
  summary: "Send a run a signal",
  description:
    "What `w.wait_for_signal(name)` returns; kept until the run asks for it. With the header `Idempotency-Key` the " +
    "same signal can be sent again: it counts once.",
  middleware: [requires("operator"), limitBody(MAX_SIGNAL_BYTES)] as const,
  request: {
    params: z.object({ id: runIdSchema, name: nameSchema }),
    headers: z.object({ "idempotency-key": idempotencyKeySchema.optional() }),
    body: jsonBody(z.strictObject({ data: jsonSchema.optional() })),
  },
  responses: {
    202: json(z.object({ id: z.string() }), "Kept; `id` is its idempotency key"),
    ...problems(400, 401, 403, 404, 409, 410, 413),
  },
});

export const signals = createRoutes().openapi(send, async (c) => {
  const { id: run, name } = c.req.valid("param");
  const id = c.req.valid("header")["idempotency-key"] ?? crypto.randomUUID();
  const { data = null } = c.req.valid("json");
  const signal = { id, name, data, by: c.get("identity") };
  unwrap(await askRun(c.env, run as RunId, (stub) => stub.signal(signal)));
  return c.json({ id }, 202);
});
