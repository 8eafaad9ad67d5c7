import { createRoute, z } from "@hono/zod-openapi";
import { type CommandId, idempotencyKeySchema, type RunId, runIdSchema } from "../../protocol/ids.ts";
import { forkProgramSchema, reasonSchema } from "../../protocol/operation.ts";
import { runSummarySchema } from "../../protocol/run.ts";
import { askRun } from "../ask-run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { currentProgram, forkRun } from "../fork-run.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { problems, unwrap } from "../problem.ts";

const fork = createRoute({
  method: "post",
  path: "/v1/runs/{id}/forks",
  tags: ["Runs"],
  summary: "Begin another run where this one was, or restart it from there",
  description:
    "The new run begins with everything that happened before `command`, and calls that command again; with " +
    "`restart`, this run ends in its favour. With `program: current` it executes the version of the workflow that is " +
    "registered now, if that makes the same calls up to the command. With the header `Idempotency-Key` the same " +
    "request again answers with the same run. What a run failed with is restarted once: a restart without `command` " +
    "answers with the same run each time, also without the header.",
  middleware: [requires("operator"), limitBody()] as const,
  request: {
    params: z.object({ id: runIdSchema }),
    headers: z.object({ "idempotency-key": idempotencyKeySchema.optional() }),
    body: jsonBody(
      z.strictObject({
        command: z
          .string()
          .max(2000)
          .optional()
          .describe(
            "The first command that is repeated, such as `0#3`; the one it failed with when left out",
          ),
        program: forkProgramSchema,
        restart: z.boolean().default(false),
        reason: reasonSchema,
      }),
    ),
  },
  responses: {
    201: json(runSummarySchema, "The new run"),
    ...problems(400, 401, 403, 404, 409, 410, 413, 422),
  },
});

export const forks = createRoutes().openapi(fork, async (c) => {
  const id = c.req.valid("param").id as RunId;
  const { command, program, restart, reason } = c.req.valid("json");
  const key = c.req.valid("header")["idempotency-key"];
  const workflow =
    program === "current" ? unwrap(await askRun(c.env, id, (run) => run.detail())).workflow : undefined;
  const forked = await forkRun(c.env, {
    id,
    ...(command !== undefined && { command: command as CommandId }),
    ...(workflow !== undefined && { program: unwrap(await currentProgram(c.env, workflow)) }),
    ...(key !== undefined && { key }),
    restart,
    reason,
    by: c.get("identity"),
  });
  return c.json(unwrap(forked), 201);
});
