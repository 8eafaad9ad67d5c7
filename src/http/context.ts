// What every route shares: the type of its Hono environment, and how sub-apps are made.
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Identity } from "../protocol/token.ts";
import { validationProblem } from "./problem.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    /** Who is calling; set by `requires(role)`. */
    identity: Identity;
    requestId: string;
  };
}

/**
 * A sub-app for one resource: `app.ts` mounts it. Input that fails its schema is answered with a problem that
 * points at every fault.
 *
 * @example
 * const route = createRoute({
 *   method: "get", path: "/v1/things/{id}", middleware: [requires("viewer")] as const,
 *   request: { params: z.object({ id: nameSchema }) },
 *   responses: { 200: json(thingSchema, "The thing"), ...problems(401, 403, 404) },
 * });
 * export const things = createRoutes().openapi(route, async (c) => c.json(unwrap(await …), 200));
 */
export function createRoutes(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw validationProblem(result.error.issues, result.target);
    },
  });
}
