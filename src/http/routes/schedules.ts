import { createRoute, z } from "@hono/zod-openapi";
import { busStub, DEFAULT_WORKSPACE } from "../../../durable-objects/stubs.ts";
import { eventReceiptSchema } from "../../protocol/cloud-event.ts";
import { nameSchema } from "../../protocol/ids.ts";
import { backfilledSchema, scheduleReasonSchema, scheduleViewSchema } from "../../protocol/schedule.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { instantSchema, millisecondsOf } from "../instant.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems, unwrap } from "../problem.ts";

const tags = ["Schedules"];
const params = z.object({ workflow: nameSchema, name: z.string().min(1).max(100) });
const key = z.string().min(1).max(200);

const list = createRoute({
  method: "get",
  path: "/v1/schedules",
  tags,
  summary: "Schedules, with their next times",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(z.object({ schedules: z.array(scheduleViewSchema) }), "All schedules"),
    ...problems(401, 403),
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/schedules/{workflow}/{name}",
  tags,
  summary: "One schedule",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(scheduleViewSchema, "The schedule"), ...problems(400, 401, 403, 404) },
});

const pause = createRoute({
  method: "post",
  path: "/v1/schedules/{workflow}/{name}/pause",
  tags,
  summary: "Let its times go until it is resumed",
  description: "Stays paused across new versions of the workflow. What goes by meanwhile is not made up for.",
  middleware: [requires("operator"), limitBody()] as const,
  request: { params, body: jsonBody(scheduleReasonSchema) },
  responses: { 200: json(scheduleViewSchema, "The schedule, paused"), ...problems(400, 401, 403, 404) },
});

const resume = createRoute({
  method: "post",
  path: "/v1/schedules/{workflow}/{name}/resume",
  tags,
  summary: "Go on with the next time",
  description: "A body is optional.",
  middleware: [requires("operator"), limitBody()] as const,
  request: { params, body: { ...jsonBody(scheduleReasonSchema), required: false } },
  responses: { 200: json(scheduleViewSchema, "The schedule"), ...problems(400, 401, 403, 404) },
});

const trigger = createRoute({
  method: "post",
  path: "/v1/schedules/{workflow}/{name}/trigger",
  tags,
  summary: "Fire now, also while it is paused",
  description:
    "The same `Idempotency-Key` again fires nothing and gets the first answer. Without one, each request fires.",
  middleware: [requires("operator")] as const,
  request: { params, headers: z.object({ "idempotency-key": key.optional() }) },
  responses: { 202: json(eventReceiptSchema, "What its event did"), ...problems(400, 401, 403, 404) },
});

const backfill = createRoute({
  method: "post",
  path: "/v1/schedules/{workflow}/{name}/backfill",
  tags,
  summary: "Fire for times that have gone by, also while it is paused",
  description:
    "For its times from `from` on and before `to`, by its present rule: at most 100, none of which is yet to come, and " +
    "not longer ago than events are kept. A time fires once: the same request again, or one that overlaps, fires only " +
    "what has not been fired for, and answers the rest under `before`.",
  middleware: [requires("operator"), limitBody()] as const,
  request: {
    params,
    body: jsonBody(
      z.strictObject({
        from: instantSchema,
        to: instantSchema.optional().describe("now, where it is left out"),
      }),
    ),
  },
  responses: { 202: json(backfilledSchema, "What its events did"), ...problems(400, 401, 403, 404, 422) },
});

const idOf = ({ workflow, name }: z.infer<typeof params>) => `${workflow}/${name}`;

export const schedules = createRoutes()
  .openapi(list, async (c) => c.json({ schedules: await busStub(c.env, DEFAULT_WORKSPACE).schedules() }, 200))
  .openapi(show, async (c) => {
    const id = idOf(c.req.valid("param"));
    return c.json(unwrap(await busStub(c.env, DEFAULT_WORKSPACE).schedule(id)), 200);
  })
  .openapi(pause, async (c) => {
    const id = idOf(c.req.valid("param"));
    const { reason } = c.req.valid("json");
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    return c.json(unwrap(await bus.pauseSchedule({ id, by: c.get("identity"), reason })), 200);
  })
  .openapi(resume, async (c) => {
    const id = idOf(c.req.valid("param"));
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    // Without a body there is nothing that the schema could have given its default.
    const { reason = "" } = c.req.valid("json");
    return c.json(unwrap(await bus.resumeSchedule({ id, by: c.get("identity"), reason })), 200);
  })
  .openapi(trigger, async (c) => {
    const id = idOf(c.req.valid("param"));
    const once = c.req.valid("header")["idempotency-key"] ?? crypto.randomUUID();
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    return c.json(unwrap(await bus.triggerSchedule({ id, key: once, by: c.get("identity") })), 202);
  })
  .openapi(backfill, async (c) => {
    const id = idOf(c.req.valid("param"));
    const { from, to } = c.req.valid("json");
    const range = { from: Date.parse(from), to: millisecondsOf(to) };
    const bus = busStub(c.env, DEFAULT_WORKSPACE);
    return c.json(unwrap(await bus.backfillSchedule({ id, by: c.get("identity"), ...range })), 202);
  });
