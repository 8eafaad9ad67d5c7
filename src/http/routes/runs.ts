// How runs are read.
import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, directoryStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { historyHeadSchema } from "../../protocol/history.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import type { JournalRecord } from "../../protocol/journal.ts";
import { activitySchema, logLineSchema, runDetailSchema, runSummarySchema } from "../../protocol/run.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { cursorSchema, decodeCursor, encodeCursor, limitSchema } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";
import { runFilterOf, runFilterSchema } from "../run-filter.ts";

// Its shape is docs/journal.md; it was checked when it was written.
const recordSchema = z.custom<JournalRecord>().openapi({ type: "object" });

const tags = ["Runs"];
const params = z.object({ id: runIdSchema });
const page = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: limitSchema(1000, 200),
});

const list = createRoute({
  method: "get",
  path: "/v1/runs",
  tags,
  summary: "Runs, newest first",
  middleware: [requires("viewer")] as const,
  request: {
    query: runFilterSchema.extend({ cursor: cursorSchema, limit: limitSchema(500, 50) }),
  },
  responses: {
    200: json(z.object({ runs: z.array(runSummarySchema), next: z.string().optional() }), "A page of runs"),
    ...problems(400, 401, 403),
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/runs/{id}",
  tags,
  summary: "A run with its activities",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: { 200: json(runDetailSchema, "The run"), ...problems(400, 401, 403, 404, 409, 410) },
});

const activities = createRoute({
  method: "get",
  path: "/v1/runs/{id}/activities",
  tags,
  summary: "A run's activities by pages, in the order they were called",
  description:
    "`after` is the number of activities before the page: `next` of the page before. A page ends sooner than at " +
    "`limit` where it would be larger than an answer.",
  middleware: [requires("viewer")] as const,
  request: { params, query: page },
  responses: {
    200: json(
      z.object({ activities: z.array(activitySchema), next: z.number().int().optional() }),
      "A page of activities",
    ),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

const journal = createRoute({
  method: "get",
  path: "/v1/runs/{id}/journal",
  tags,
  summary: "A run's journal, record by record",
  middleware: [requires("viewer")] as const,
  request: { params, query: page },
  responses: {
    200: json(
      z.object({ records: z.array(recordSchema), next: z.number().int().optional() }),
      "A page of records",
    ),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

const log = createRoute({
  method: "get",
  path: "/v1/runs/{id}/log",
  tags,
  summary: "What the script and its functions printed",
  middleware: [requires("viewer")] as const,
  request: { params, query: page },
  responses: {
    200: json(
      z.object({ lines: z.array(logLineSchema), next: z.number().int().optional() }),
      "A page of lines",
    ),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

const source = createRoute({
  method: "get",
  path: "/v1/runs/{id}/source",
  tags,
  summary: "The program the run executes",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: {
    200: json(
      z.object({ digest: z.string(), entry: z.string(), files: z.record(z.string(), z.string()) }),
      "Its sources by file name",
    ),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

const history = createRoute({
  method: "get",
  path: "/v1/runs/{id}/history",
  tags,
  summary: "What the run began with: its event, trigger and program",
  description: "The first line of a history as a file; the records of its journal are the others.",
  middleware: [requires("viewer")] as const,
  request: { params },
  responses: {
    200: json(historyHeadSchema, "The head of the history"),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

export const runs = createRoutes()
  .openapi(list, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid("query");
    const { runs: found, next } = await directoryStub(c.env, DEFAULT_WORKSPACE).runs(
      defined({ ...runFilterOf(filter), limit, before: decodeCursor(cursor) }),
    );
    return c.json({ runs: found, next: encodeCursor(next) }, 200);
  })
  .openapi(show, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.detail())), 200);
  })
  .openapi(activities, async (c) => {
    const { id } = c.req.valid("param");
    const page = c.req.valid("query");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.activities(page))), 200);
  })
  .openapi(journal, async (c) => {
    const { id } = c.req.valid("param");
    const page = c.req.valid("query");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.journal(page))), 200);
  })
  .openapi(log, async (c) => {
    const { id } = c.req.valid("param");
    const page = c.req.valid("query");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.log(page))), 200);
  })
  .openapi(source, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.source())), 200);
  })
  .openapi(history, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.historyHead())), 200);
  });
