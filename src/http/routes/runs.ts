import { createRoute, z } from "@hono/zod-openapi";
import type { WorkflowRunRpc } from "../../../durable-objects/rpc.ts";
import { DEFAULT_WORKSPACE, directoryStub, runStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { historyHeadSchema } from "../../protocol/history.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import type { JournalRecord } from "../../protocol/journal.ts";
import {
  type BulkAction,
  bulkActionSchema,
  operationSchema,
  reasonSchema,
} from "../../protocol/operation.ts";
import { type Result, refuse } from "../../protocol/result.ts";
import {
  activitySchema,
  logLineSchema,
  type RunSummary,
  runDetailSchema,
  runSummarySchema,
  unfinishedStates,
} from "../../protocol/run.ts";
import type { Identity } from "../../protocol/token.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { DEFAULT_BODY_BYTES, limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, encodeCursor, limitSchema } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";
import { runFilterOf, runFilterSchema } from "../run-filter.ts";

// Its shape is docs/journal.md; it was checked when it was written.
const recordSchema = z.custom<JournalRecord>().openapi({ type: "object" });

/** Runs that one request goes through: the platform bounds how many objects a request may call. */
const BULK_RUNS = 100;

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

const cancel = createRoute({
  method: "post",
  path: "/v1/runs/{id}/cancel",
  tags,
  summary: "Ask a run to stop, or end it",
  description:
    "Cancelling lets deferred cleanup run; `terminate` does not wait for it. The same request again changes nothing and " +
    "answers alike, also when the run has ended by then. Refused with `run_finished` where it has ended by itself.",
  middleware: [requires("operator"), limitBody(DEFAULT_BODY_BYTES)] as const,
  request: {
    params,
    body: jsonBody(
      z.strictObject({ reason: z.string().max(2000).default(""), terminate: z.boolean().default(false) }),
    ),
  },
  responses: {
    200: json(runSummarySchema, "The run as it is now"),
    ...problems(400, 401, 403, 404, 409, 410),
  },
});

const operations = createRoute({
  method: "post",
  path: "/v1/runs/{id}/operations",
  tags,
  summary: "Pause, resume, retry now, skip, complete or fail by hand",
  description:
    "`pause` lets what is under way go on and nothing new begin. `retry` makes the next attempt now; `skip`, " +
    "`complete` and `fail` end a command. Each is recorded with who and why.",
  middleware: [requires("operator"), limitBody(2 * DEFAULT_BODY_BYTES)] as const,
  request: {
    params,
    body: jsonBody(z.strictObject({ operation: operationSchema, reason: reasonSchema })),
  },
  responses: {
    200: json(runSummarySchema, "The run as it is now"),
    ...problems(400, 401, 403, 404, 409, 410, 413, 422),
  },
});

const bulk = createRoute({
  method: "post",
  path: "/v1/runs/operations",
  tags,
  summary: "Do one thing to all runs that a filter finds",
  description:
    "Goes through at most 100 runs, newest first, and answers with `next` when there are more: call again with it " +
    "as `cursor`. The filter is that of `GET /v1/runs`; without `state` it finds the runs that are not over. A run that " +
    "refuses (it is over, it is not paused) is named, and the others go on.",
  middleware: [requires("operator"), limitBody(DEFAULT_BODY_BYTES)] as const,
  request: {
    body: jsonBody(
      z.strictObject({
        action: bulkActionSchema,
        reason: reasonSchema,
        filter: runFilterSchema.strict(),
        cursor: cursorSchema,
      }),
    ),
  },
  responses: {
    200: json(
      z.object({
        done: z.array(runIdSchema),
        refused: z.array(z.object({ id: runIdSchema, code: z.string(), detail: z.string() })),
        next: z.string().optional(),
      }),
      "What became of each",
    ),
    ...problems(400, 401, 403),
  },
});

export const runs = createRoutes()
  .openapi(bulk, async (c) => {
    const { action, reason, filter, cursor } = c.req.valid("json");
    const page = await directoryStub(c.env, DEFAULT_WORKSPACE).runs(
      defined({
        ...runFilterOf({ ...filter, state: filter.state ?? [...unfinishedStates] }),
        limit: BULK_RUNS,
        before: decodeCursor(cursor),
      }),
    );
    const answers = await Promise.all(
      page.runs.map(async ({ id }) => ({
        id,
        result: await bulkOperate(runStub(c.env, DEFAULT_WORKSPACE, id as RunId), action, {
          by: c.get("identity"),
          reason,
        }),
      })),
    );
    return c.json(
      {
        done: answers.filter(({ result }) => result.ok).map(({ id }) => id),
        refused: answers.flatMap(({ id, result }) =>
          result.ok ? [] : [{ id, code: result.error.code, detail: result.error.message }],
        ),
        next: encodeCursor(page.next),
      },
      200,
    );
  })
  .openapi(operations, async (c) => {
    const { id } = c.req.valid("param");
    const operation = { by: c.get("identity"), ...c.req.valid("json") };
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.operate(operation))), 200);
  })
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
  })
  .openapi(cancel, async (c) => {
    const { id } = c.req.valid("param");
    const cancellation = { by: c.get("identity"), ...c.req.valid("json") };
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.cancel(cancellation))), 200);
  });

async function bulkOperate(
  run: WorkflowRunRpc,
  action: BulkAction,
  who: { by: Identity; reason: string },
): Promise<Result<RunSummary>> {
  try {
    if (action === "cancel" || action === "terminate") {
      return await run.cancel({ ...who, terminate: action === "terminate" });
    }
    return await run.operate({ ...who, operation: { action } });
  } catch (error) {
    // What has become of the others must still be told.
    console.error({ message: "a run did not answer", action, error: String(error) });
    return refuse("unavailable", "the run did not answer, and may have done it: ask again");
  }
}
