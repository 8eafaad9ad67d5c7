import { createRoute, z } from "@hono/zod-openapi";
import { sha256 } from "../../../durable-objects/sha256.ts";
import { DEFAULT_WORKSPACE, runStub } from "../../../durable-objects/stubs.ts";
import type { RunId } from "../../protocol/ids.ts";
import { runSummarySchema } from "../../protocol/run.ts";
import { checkFinished, parseHistory } from "../../workflow/index.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { limitBody } from "../limits.ts";
import { ProblemException, problems, unwrap } from "../problem.ts";

/** It travels to its object in one call, which takes 32 MiB in an encoding of up to two bytes for each of these. */
const MAX_HISTORY_BYTES = 12 * 1024 * 1024;

const importRun = createRoute({
  method: "post",
  path: "/v1/runs/import",
  tags: ["Runs"],
  summary: "Bring the history of a finished run here, to look at it",
  description:
    "The body is what `sluice run export` writes, at most 12 MiB. The run keeps its id and is marked as imported; it " +
    "executes nothing, and cannot be forked. An id that is here already is refused.",
  middleware: [requires("admin"), limitBody(MAX_HISTORY_BYTES)] as const,
  request: {
    body: { required: true, content: { "application/x-ndjson": { schema: z.string() } } },
  },
  responses: { 201: json(runSummarySchema, "The run"), ...problems(400, 401, 403, 409, 413, 415, 422) },
});

function decoded(body: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    throw new ProblemException("malformed_body", "A history is JSON lines in UTF-8; this is no UTF-8.");
  }
}

export const imports = createRoutes().openapi(importRun, async (c) => {
  const type = c.req.header("content-type") ?? "a body without Content-Type";
  if (!/^application\/x-ndjson\s*(;|$)/i.test(type)) {
    throw new ProblemException(
      "unsupported_media_type",
      `A history comes as application/x-ndjson, not as ${type}.`,
    );
  }
  const history = unwrap(parseHistory(decoded(await c.req.arrayBuffer())));
  unwrap(checkFinished(history, sha256));
  const { head, records } = history;
  const run = { ...head.run, workspace: DEFAULT_WORKSPACE };
  const kept = await runStub(c.env, DEFAULT_WORKSPACE, run.id as RunId).importHistory({
    head: { ...head, run },
    records,
    by: c.get("identity"),
  });
  return c.json(unwrap(kept), 201);
});
