import { createRoute, z } from "@hono/zod-openapi";
import { busStub, DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { decodeHttp } from "../../events/http-binding.ts";
import {
  type EventStory,
  eventReceiptSchema,
  MAX_BATCH_BYTES,
  type StoredEvent,
} from "../../protocol/cloud-event.ts";
import { defined } from "../../protocol/defined.ts";
import { triggerStatusSchema } from "../../protocol/workflow.ts";
import { acceptEvents } from "../accept-events.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { instantSchema, millisecondsOf } from "../instant.ts";
import { json } from "../json.ts";
import { readBody } from "../limits.ts";
import { beforeSchema, limitSchema } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Events"];
// Its shape is CloudEvents; it was checked when it arrived.
const storedSchema = z.custom<StoredEvent>().openapi({ type: "object" });
const storySchema = z.custom<EventStory>().openapi({ type: "object" });
const receipts = z.object({ events: z.array(eventReceiptSchema) });

const post = createRoute({
  method: "post",
  path: "/v1/events",
  tags,
  summary: "Take CloudEvents: binary, structured or batched",
  description:
    "Answers once the events are stored, with the runs they started or woke. The same source and id again changes nothing and gets the first answer. `unmatched`, `notWoken` and `skipped` are in it for those who may view, too. Types under `dev.sluice.` (but reports of health) and sources under `/workspaces/` are Sluice's own.",
  middleware: [requires("sender")] as const,
  responses: { 202: json(receipts, "Stored"), ...problems(400, 401, 403, 404, 413, 415) },
});

const list = createRoute({
  method: "get",
  path: "/v1/events",
  tags,
  summary: "Events, newest first, and what each started and woke",
  description:
    "`type` is a type, or a prefix that ends in `*`; `text` words that are somewhere in the event. `source` and `id` together ask for one event. A page with a `next` may be short, or empty: there is more to look through.",
  middleware: [requires("viewer")] as const,
  request: {
    query: z
      .object({
        type: z.string().max(256).optional(),
        before: beforeSchema,
        limit: limitSchema(200, 50),
        source: z.string().min(1).optional(),
        subject: z.string().min(1).optional(),
        text: z.string().max(200).optional(),
        from: instantSchema.optional().describe("Received at this instant (ISO 8601) or later"),
        to: instantSchema.optional().describe("Received before this instant"),
        id: z.string().min(1).optional(),
      })
      .refine(({ source, id }) => id === undefined || source !== undefined, {
        message: "an id names an event only together with its source",
        path: ["source"],
      }),
  },
  responses: {
    200: json(z.object({ events: z.array(storedSchema), next: z.number().optional() }), "A page of events"),
    ...problems(400, 401, 403, 404),
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/events/{seq}",
  tags,
  summary: "An event by its arrival number, and what has become of it",
  description:
    "`receipt` is what it did when it arrived: runs started and woken, starts queued, and of each trigger and the nearest waits of its type that it was not for, why. `starts` is what has become of the queued ones since, `woken` are the waits that it has gone to by now.",
  middleware: [requires("viewer")] as const,
  request: { params: z.object({ seq: z.coerce.number().int().min(1) }) },
  responses: { 200: json(storySchema, "The event"), ...problems(400, 401, 403, 404) },
});

const triggers = createRoute({
  method: "get",
  path: "/v1/triggers",
  tags,
  summary: "What starts runs, and which filters failed",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(z.object({ triggers: z.array(triggerStatusSchema) }), "All triggers"),
    ...problems(401, 403),
  },
});

export const events = createRoutes()
  .openapi(post, async (c) => {
    const body = await readBody(c, MAX_BATCH_BYTES);
    const { events: received } = unwrap(decodeHttp({ headers: c.req.raw.headers.entries(), body }));
    const identity = c.get("identity");
    return c.json({ events: await acceptEvents(c.env, received, identity.subject, identity.role) }, 202);
  })
  .openapi(list, async (c) => {
    const { id, from, to, ...query } = c.req.valid("query");
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    if (query.source !== undefined && id !== undefined) {
      return c.json({ events: [unwrap(await bus.event({ source: query.source, id }))] }, 200);
    }
    const page = defined({ ...query, from: millisecondsOf(from), to: millisecondsOf(to) });
    return c.json(await bus.events(page), 200);
  })
  .openapi(show, async (c) => {
    const { seq } = c.req.valid("param");
    return c.json(unwrap(await busStub(c.env, DEFAULT_WORKSPACE).eventStory(seq)), 200);
  })
  .openapi(triggers, async (c) =>
    c.json({ triggers: await busStub(c.env, DEFAULT_WORKSPACE).triggers() }, 200),
  );
