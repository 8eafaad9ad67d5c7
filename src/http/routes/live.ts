// The dashboard's WebSockets: one to the directory, one to the run on screen.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  DEFAULT_WORKSPACE,
  directorySockets,
  runSockets,
  type SocketHost,
} from "../../../durable-objects/stubs.ts";
import { WATCHER_HEADER } from "../../../durable-objects/watchers.ts";
import { type RunId, runIdSchema } from "../../protocol/ids.ts";
import { requires } from "../authentication.ts";
import { type AppEnv, createRoutes } from "../context.ts";
import { ProblemException, validationProblem } from "../problem.ts";

async function open(c: Context<AppEnv>, host: SocketHost): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new ProblemException("upgrade_needed", "This address is a WebSocket.");
  }
  const headers = new Headers({ upgrade: "websocket", [WATCHER_HEADER]: c.get("identity").tokenId });
  const answer = await host.fetch(new Request(c.req.url, { headers }));
  if (answer.status === 404) throw new ProblemException("unknown_run", "no run has this id");
  return answer;
}

// Not in the OpenAPI description, which has no word for sockets; docs/dashboard.md describes them.
export const live = createRoutes();
live.get("/v1/live", requires("viewer"), (c) => {
  const since = z.object({ since: z.coerce.number().int().min(0).optional() }).safeParse(c.req.query());
  if (!since.success) throw validationProblem(since.error.issues, "query");
  return open(c, directorySockets(c.env, DEFAULT_WORKSPACE));
});
live.get("/v1/runs/:id/live", requires("viewer"), (c) => {
  const id = runIdSchema.safeParse(c.req.param("id"));
  if (!id.success) throw validationProblem(id.error.issues, "param");
  return open(c, runSockets(c.env, DEFAULT_WORKSPACE, id.data as RunId));
});
