import { createRoute, z } from "@hono/zod-openapi";
import { startWorkflow } from "../../../durable-objects/start-workflow.ts";
import { busStub, catalogStub, DEFAULT_WORKSPACE, directoryStub } from "../../../durable-objects/stubs.ts";
import { isWithinDepth } from "../../events/json-depth.ts";
import { workflowStart } from "../../events/workflow-start.ts";
import { idempotencyKeySchema, nameSchema, runIdSchema } from "../../protocol/ids.ts";
import { jsonSchema } from "../../protocol/json.ts";
import { isWaiting, startSchema } from "../../protocol/start.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";

/** It becomes the data of an event, which has room for 1 MiB in all. */
const MAX_INPUT_BYTES = 1000 * 1024;
const MAX_DEPTH = 100;

const waitingSchema = startSchema.pick({ state: true, reason: true, group: true, behind: true, dueAt: true });

const start = createRoute({
  method: "post",
  path: "/v1/workflows/{name}/runs",
  tags: ["Workflows"],
  summary: "Start a run of a workflow by its name",
  description:
    "Of one that declares `on_start`. Where that declares `inputs`, the input is an object of them, and every value that " +
    "does not fit is refused by name (`invalid_input`). With the header `Idempotency-Key` the same start can be asked for again, up to " +
    "400 days after the run's end, and names the same run; `repeated` says so. Where the workflow's `concurrency` or " +
    "`rate_limit` has it wait, `waiting` says for what, and `GET /v1/queue/{run}` tells on; where it is dropped, or was " +
    "since it was asked for first, that is refused (`start_dropped`).",
  middleware: [requires("operator"), limitBody(MAX_INPUT_BYTES)] as const,
  request: {
    params: z.object({ name: nameSchema }),
    headers: z.object({ "idempotency-key": idempotencyKeySchema.optional() }),
    body: jsonBody(z.strictObject({ input: jsonSchema.optional() })),
  },
  responses: {
    202: json(
      z.object({ run: runIdSchema, repeated: z.boolean(), waiting: waitingSchema.optional() }),
      "It starts, or will",
    ),
    ...problems(400, 401, 403, 404, 409, 413, 422),
  },
});

export const starts = createRoutes().openapi(start, async (c) => {
  const { name } = c.req.valid("param");
  const { input = null } = c.req.valid("json");
  if (!isWithinDepth(input, MAX_DEPTH)) {
    throw new ProblemException("invalid_request", `The input is nested more than ${MAX_DEPTH} levels deep.`, {
      errors: [{ pointer: "/input", message: `at most ${MAX_DEPTH} levels` }],
    });
  }
  const key = c.req.valid("header")["idempotency-key"];
  const event = workflowStart({
    workspace: DEFAULT_WORKSPACE,
    workflow: name,
    id: key ?? crypto.randomUUID(),
    input,
    now: Date.now(),
  });
  const ports = {
    catalog: catalogStub(c.env, DEFAULT_WORKSPACE),
    bus: busStub(c.env, DEFAULT_WORKSPACE),
    directory: directoryStub(c.env, DEFAULT_WORKSPACE),
  };
  const request = { workflow: name, event, initiator: c.get("identity").subject, isNamed: key !== undefined };
  const { run, isRepeated: repeated, unbegun } = unwrap(await startWorkflow(ports, request));
  if (!unbegun) return c.json({ run, repeated }, 202);
  if (isWaiting(unbegun)) return c.json({ run, repeated, waiting: unbegun }, 202);
  const { state, reason } = unbegun;
  throw new ProblemException("start_dropped", `The start of ${run} was ${state}: ${reason}.`);
});
