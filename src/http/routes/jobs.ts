// The runner protocol over HTTP: docs/runner-protocol.md.
import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, routerStub, runStub } from "../../../durable-objects/stubs.ts";
import { defined } from "../../protocol/defined.ts";
import { compoundIdSchema, type JobId, parseCompoundId } from "../../protocol/ids.ts";
import {
  completeSchema,
  heartbeatAnswerSchema,
  heartbeatSchema,
  jobRequestSchema,
  jobSchema,
  MAX_LOG_CHUNK_BYTES,
  MAX_PAYLOAD_BYTES,
  releaseSchema,
} from "../../protocol/job.ts";
import type { Identity } from "../../protocol/token.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";

const tags = ["Jobs"];
// In JSON a control character takes six bytes, so a chunk of log may be longer on the way than it is.
const HEARTBEAT_BYTES = 6 * MAX_LOG_CHUNK_BYTES + 16 * 1024;
const COMPLETION_BYTES = MAX_PAYLOAD_BYTES + 64 * 1024;
const SMALL_BYTES = 64 * 1024;

const params = z.object({ id: compoundIdSchema });
const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;

const request = createRoute({
  method: "post",
  path: "/v1/jobs/request",
  tags,
  summary: "Ask for a job, and wait for one",
  description:
    "Answers as soon as there is a job whose tags the runner has all of. The job goes back to the queue unless the first heartbeat follows soon. A token that has tags of its own may ask with no other.",
  middleware: [requires("runner"), limitBody(SMALL_BYTES)] as const,
  request: { body: jsonBody(jobRequestSchema) },
  responses: {
    200: json(jobSchema, "A job, leased to the caller"),
    204: { description: "There was none: ask again" },
    ...problems(400, 401, 403, 413),
  },
});

const heartbeat = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/heartbeat",
  tags,
  summary: "Renew the lease; deliver log and progress",
  description:
    "The first one acknowledges the hand-over. Log text that was delivered before changes nothing.",
  middleware: [requires("runner"), limitBody(HEARTBEAT_BYTES)] as const,
  request: { params, body: jsonBody(heartbeatSchema) },
  responses: {
    200: json(heartbeatAnswerSchema, "The lease is renewed; whether to stop the job"),
    ...problems(400, 401, 403, 404, 409, 413),
  },
});

const complete = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/complete",
  tags,
  summary: "Report the outcome",
  description: "Repeating the same outcome is answered alike; another outcome, or another lease, is refused.",
  middleware: [requires("runner"), limitBody(COMPLETION_BYTES)] as const,
  request: { params, body: jsonBody(completeSchema) },
  responses: {
    200: json(z.object({ repeated: z.boolean() }), "The outcome is accepted"),
    ...problems(400, 401, 403, 404, 409, 413),
  },
});

const release = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/release",
  tags,
  summary: "Hand the job back, unfinished, without counting an attempt",
  middleware: [requires("runner"), limitBody(SMALL_BYTES)] as const,
  request: { params, body: jsonBody(releaseSchema) },
  responses: {
    200: json(z.object({}), "The job is queued again"),
    ...problems(400, 401, 403, 404, 409),
  },
});

/** What tags a runner has it says itself; what it may say its token decides. */
function refuseForeignTags({ subject, tags: own }: Identity, asked: readonly string[]): void {
  const foreign = own && asked.filter((tag) => !own.includes(tag));
  if (!foreign || foreign.length === 0) return;
  throw new ProblemException(
    "forbidden",
    `The token of ${subject} asks for no work with the tag ${foreign.join(", ")}, only with ${own.join(", ")}: start the runner without it, or give it a token that has it.`,
  );
}

export const jobs = createRoutes()
  .openapi(request, async (c) => {
    const { runner, wait_s } = c.req.valid("json");
    refuseForeignTags(c.get("identity"), runner.tags);
    const job = await routerStub(c.env, DEFAULT_WORKSPACE).request({
      runner,
      subject: c.get("identity").subject,
      waitMs: wait_s * 1000,
    });
    if (!job) return c.body(null, 204);
    return c.json({ ...job, run_url: new URL(job.run_url, c.req.url).href }, 200);
  })
  .openapi(heartbeat, async (c) => {
    const { id } = c.req.valid("param");
    const { log, progress, sensitive_inputs: sensitive = [], ...beat } = c.req.valid("json");
    if (log && bytesOf(log.text) > MAX_LOG_CHUNK_BYTES) {
      throw new ProblemException(
        "payload_too_large",
        `A chunk of log has at most ${MAX_LOG_CHUNK_BYTES} bytes.`,
      );
    }
    // The lease first: what a runner without one says about a run is not written anywhere.
    const renewed = unwrap(await routerStub(c.env, DEFAULT_WORKSPACE).heartbeat(id as JobId, beat));
    const parts = parseCompoundId(id);
    if (parts && (log || progress || sensitive.length > 0)) {
      const run = runStub(c.env, DEFAULT_WORKSPACE, parts.run);
      const attempt = { command: parts.command, attempt: parts.n };
      // What is secret first: the log may hold it.
      if (sensitive.length > 0) await run.inputsSensitive({ ...attempt, inputs: sensitive });
      await Promise.all([
        log && log.text !== "" ? run.appendLog({ ...attempt, ...log }) : undefined,
        progress && run.reportProgress({ ...attempt, progress: defined(progress) }),
      ]);
    }
    return c.json({ cancel: renewed.cancel, lease_expires_at: renewed.leaseExpiresAt }, 200);
  })
  .openapi(complete, async (c) => {
    const completion = c.req.valid("json");
    if (bytesOf(JSON.stringify(completion.outcome)) > MAX_PAYLOAD_BYTES) {
      throw new ProblemException(
        "payload_too_large",
        `An outcome has at most ${MAX_PAYLOAD_BYTES} bytes of JSON.`,
      );
    }
    const router = routerStub(c.env, DEFAULT_WORKSPACE);
    return c.json(unwrap(await router.complete(c.req.valid("param").id as JobId, completion)), 200);
  })
  .openapi(release, async (c) => {
    const router = routerStub(c.env, DEFAULT_WORKSPACE);
    unwrap(await router.release(c.req.valid("param").id as JobId, c.req.valid("json")));
    return c.json({}, 200);
  });
