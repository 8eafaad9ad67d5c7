// What the dashboard shows first, in one answer: it asks while its scripts are still on their way.
import { createRoute, z } from "@hono/zod-openapi";
import type { RunPage } from "../../../durable-objects/rpc/directory.ts";
import { DEFAULT_WORKSPACE, directoryStub } from "../../../durable-objects/stubs.ts";
import { environmentSchema } from "../../protocol/environment.ts";
import { formSchema } from "../../protocol/form.ts";
import { approvalSchema } from "../../protocol/policy.ts";
import { runSummarySchema } from "../../protocol/run.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { encodeCursor } from "../paging.ts";
import { problems } from "../problem.ts";
import { sessionOf, sessionSchema } from "./session.ts";

const runPageSchema = z.object({
  runs: z.array(runSummarySchema),
  next: z.string().optional().describe("The `cursor` with which `/v1/runs` goes on"),
});

const overviewSchema = z.object({
  session: sessionSchema,
  cursor: z
    .number()
    .int()
    .describe("Of the changes that are in this answer: `/v1/live?since=` it tells those that follow"),
  environments: z.array(environmentSchema),
  moving: runPageSchema.describe("Runs that are running, waiting or stuck"),
  failed: runPageSchema,
  succeeded: runPageSchema,
  approvals: z.array(approvalSchema).describe("Those that are pending"),
  forms: z.array(formSchema).describe("Those that are pending"),
});

const show = createRoute({
  method: "get",
  path: "/v1/overview",
  tags: ["Session"],
  summary: "Who has signed in, what is deployed, what moves, what waits for people, and what ended last",
  middleware: [requires("viewer")] as const,
  responses: { 200: json(overviewSchema, "All of it as of one moment"), ...problems(401, 403) },
});

function pageOf({ runs, next }: RunPage): z.infer<typeof runPageSchema> {
  return { runs, next: encodeCursor(next) };
}

export const overview = createRoutes().openapi(show, async (c) => {
  const found = await directoryStub(c.env, DEFAULT_WORKSPACE).overview();
  return c.json(
    {
      ...found,
      session: sessionOf(c.get("identity")),
      moving: pageOf(found.moving),
      failed: pageOf(found.failed),
      succeeded: pageOf(found.succeeded),
    },
    200,
  );
});
