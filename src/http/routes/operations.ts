// What people do to runs that go on.
import { createRoute, z } from "@hono/zod-openapi";
import type { WorkflowRunRpc } from "../../../durable-objects/rpc/workflow-run.ts";
import { DEFAULT_WORKSPACE, directoryStub, runStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import {
  type BulkAction,
  bulkActionSchema,
  operationSchema,
  reasonSchema,
} from "../../protocol/operation.ts";
import { type Result, refuse } from "../../protocol/result.ts";
import { type RunSummary, runSummarySchema, unfinishedStates } from "../../protocol/run.ts";
import type { Identity } from "../../protocol/token.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { DEFAULT_BODY_BYTES, limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, encodeCursor } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";
import { runFilterOf, runFilterSchema } from "../run-filter.ts";

/** Runs that one request goes through: the platform bounds how many objects a request may call. */
const BULK_RUNS = 100;

const tags = ["Runs"];
const params = z.object({ id: runIdSchema });

const cancel = createRoute({
  method: "post",
  path: "/v1/runs/{id}/cancel",
  tags,
  summary: "Ask a run to stop, or end it",
  description:
    "Cancelling lets deferred cleanup run; `terminate` does not wait for it. The same request again changes nothing and " +
    "answers alike, also when the run has ended by then. Refused with `run_finished` where it has ended by itself.",
  middleware: [requires("operator"), limitBody()] as const,
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

const operate = createRoute({
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
  middleware: [requires("operator"), limitBody()] as const,
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

export const operations = createRoutes()
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
  .openapi(operate, async (c) => {
    const { id } = c.req.valid("param");
    const operation = { by: c.get("identity"), ...c.req.valid("json") };
    return c.json(unwrap(await askRun(c.env, id as RunId, (run) => run.operate(operation))), 200);
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
