// What people do to runs that go on.
import { createRoute, z } from "@hono/zod-openapi";
import type { RunPage } from "../../../durable-objects/rpc/directory.ts";
import type { WorkflowRunRpc } from "../../../durable-objects/rpc/workflow-run.ts";
import { DEFAULT_WORKSPACE, directoryStub, runStub } from "../../../durable-objects/stubs.ts";
import { BULK_RUNS, type BulkAction, statesFor } from "../../protocol/bulk-action.ts";
import { defined } from "../../protocol/defined.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import {
  bulkActionSchema,
  type ForkProgram,
  forkProgramSchema,
  operationSchema,
  reasonSchema,
} from "../../protocol/operation.ts";
import { type Result, refuse } from "../../protocol/result.ts";
import { type RunSummary, runSummarySchema } from "../../protocol/run.ts";
import type { Identity } from "../../protocol/token.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { currentProgram, forkRun } from "../fork-run.ts";
import { json, jsonBody } from "../json.ts";
import { DEFAULT_BODY_BYTES, limitBody } from "../limits.ts";
import { cursorSchema, decodeCursor, encodeCursor } from "../paging.ts";
import { problems, unwrap } from "../problem.ts";
import { bulkFilterSchema, runFilterOf } from "../run-filter.ts";

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
  summary: "Do one thing to many runs: to all that a filter finds, or to those that are named",
  description:
    "With a `filter` goes through at most 100 runs, newest first, and answers with `next` when there are more: call " +
    "again with it as `cursor`. With `runs` it is for these, at most 100, whatever their state. The filter is that of `GET /v1/runs`, and finds no more runs than it says; without `state` it finds the " +
    "runs that are not over, for `restart` those that have failed. A run that refuses (it is over, it is not paused) is " +
    "named, and the others go on. `restart` begins each again from the command that it failed with, once however often " +
    "it is asked for, and `restarted` says as which run; one that another run has started refuses, unless the filter " +
    "names that one as `parent`.",
  middleware: [requires("operator"), limitBody()] as const,
  request: {
    body: jsonBody(
      z
        .strictObject({
          action: bulkActionSchema,
          program: forkProgramSchema.describe("What a restarted run executes"),
          reason: reasonSchema,
          filter: bulkFilterSchema.optional(),
          runs: z.array(runIdSchema).min(1).max(BULK_RUNS).optional().describe("These, instead of a filter"),
          all: z
            .boolean()
            .default(false)
            .describe("To every run there is, which a filter without any condition needs"),
          cursor: cursorSchema,
        })
        .refine(({ runs, filter }) => runs !== undefined || filter !== undefined, {
          path: ["filter"],
          error: "say which runs: those of a filter, or runs by their ids",
        })
        .refine(({ runs, filter, all, cursor }) => !(runs && (filter || all || cursor !== undefined)), {
          path: ["runs"],
          error: "runs are named instead of a filter: filter, all and cursor have no place beside them",
        })
        .refine(({ all, filter }) => all || filter === undefined || Object.keys(filter).length > 0, {
          path: ["filter"],
          error: "this would be every run there is: say which ones, or all: true",
        }),
    ),
  },
  responses: {
    200: json(
      z.object({
        done: z.array(runIdSchema),
        refused: z.array(z.object({ id: runIdSchema, code: z.string(), detail: z.string() })),
        restarted: z.array(z.object({ id: runIdSchema, as: runIdSchema })).optional(),
        next: z.string().optional(),
      }),
      "What became of each",
    ),
    ...problems(400, 401, 403),
  },
});

export const operations = createRoutes()
  .openapi(bulk, async (c) => {
    const { action, program, reason, filter = {}, runs, cursor } = c.req.valid("json");
    const directory = directoryStub(c.env, DEFAULT_WORKSPACE);
    const page: RunPage = runs
      ? { runs: await directory.named(runs as RunId[]) }
      : await directory.runs(
          defined({
            ...runFilterOf({ ...filter, state: filter.state ?? [...statesFor(action)] }),
            limit: BULK_RUNS,
            before: decodeCursor(cursor),
          }),
        );
    const unknown = (runs ?? []).filter((id) => !page.runs.some((run) => run.id === id));
    const who = { by: c.get("identity"), reason };
    const operate =
      action === "restart"
        ? restarter(c.env, who, { program, takesChildren: filter.parent !== undefined })
        : (run: RunSummary) => bulkOperate(runStub(c.env, DEFAULT_WORKSPACE, run.id as RunId), action, who);
    const answers = await Promise.all(
      page.runs.map(async (run) => ({ id: run.id, result: await answered(action, () => operate(run)) })),
    );
    const done = answers.flatMap(({ id, result }) => (result.ok ? [{ id, as: result.value.id }] : []));
    return c.json(
      {
        done: done.map(({ id }) => id),
        refused: [
          ...answers.flatMap(({ id, result }) =>
            result.ok ? [] : [{ id, code: result.error.code, detail: result.error.message }],
          ),
          ...[...new Set(unknown)].map((id) => ({
            id,
            code: "unknown_run",
            detail: "no list has a run with this id",
          })),
        ],
        ...(action === "restart" && { restarted: done }),
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

function bulkOperate(
  run: WorkflowRunRpc,
  action: Exclude<BulkAction, "restart">,
  who: { by: Identity; reason: string },
): Promise<Result<RunSummary>> {
  if (action === "cancel" || action === "terminate") {
    return run.cancel({ ...who, terminate: action === "terminate" });
  }
  return run.operate({ ...who, operation: { action }, toMany: true });
}

/** Restarts runs from the commands that they failed with; each answers with the run that goes on. */
function restarter(
  env: Env,
  who: { by: Identity; reason: string },
  { program, takesChildren }: { program: ForkProgram; takesChildren: boolean },
): (run: RunSummary) => Promise<Result<RunSummary>> {
  // Asked for once, so that all runs of a workflow go on with the same.
  const programs = new Map<string, ReturnType<typeof currentProgram>>();
  const programOf = (workflow: string) => {
    const known = programs.get(workflow) ?? currentProgram(env, workflow);
    programs.set(workflow, known);
    return known;
  };
  return async ({ id, workflow, parent }) => {
    if (parent && !takesChildren) {
      return refuse(
        "run_has_parent",
        `${parent.run} has started the run and was told how it ended: restart that one`,
      );
    }
    const current = program === "current" ? await programOf(workflow) : undefined;
    if (current && !current.ok) return current;
    return forkRun(env, {
      id: id as RunId,
      ...(current && { program: current.value }),
      restart: true,
      ...who,
    });
  };
}

/** What has become of the others must still be told when one does not answer. */
async function answered(
  action: BulkAction,
  ask: () => Promise<Result<RunSummary>>,
): Promise<Result<RunSummary>> {
  try {
    return await ask();
  } catch (error) {
    console.error({ message: "a run did not answer", action, error: String(error) });
    return refuse("unavailable", "the run did not answer, and may have done it: ask again");
  }
}
