import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_WORKSPACE, routerStub } from "../../../durable-objects/stubs.ts";
import { queuedViewSchema, runnerStatusSchema } from "../../protocol/job.ts";
import { requires } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json } from "../json.ts";
import { problems } from "../problem.ts";

const list = createRoute({
  method: "get",
  path: "/v1/runners",
  tags: ["Runners"],
  summary: "Runners with the jobs they have, and what waits for one",
  middleware: [requires("viewer")] as const,
  responses: {
    200: json(
      z.object({
        runners: z.array(runnerStatusSchema),
        /** One entry for each set of tags that jobs wait with. */
        queue: z.array(
          z.object({
            tags: z.array(z.string()),
            length: z.number().int(),
            oldestQueuedAt: z.number(),
            next: z
              .array(queuedViewSchema)
              .describe("The first five, in the order in which runners get them"),
          }),
        ),
      }),
      "Runners seen in the last day, and the queue by tags",
    ),
    ...problems(401, 403),
  },
});

export const runners = createRoutes().openapi(list, async (c) =>
  c.json(await routerStub(c.env, DEFAULT_WORKSPACE).status(), 200),
);
