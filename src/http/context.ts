// What every route shares: the type of its Hono environment, and how sub-apps are made.
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Identity } from "../protocol/token.ts";
import { ProblemException, validationProblem } from "./problem.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    /** Who is calling; set by `requires(role)`. */
    identity: Identity;
    requestId: string;
  };
}

/** Hono reads a body of another type as `{}`: what somebody sent would be ignored in silence. */
function expectJson({ headers, body }: Request): void {
  const type = headers.get("content-type");
  if (type === null ? body === null : /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) return;
  throw new ProblemException(
    "unsupported_media_type",
    `The body comes as application/json, not as ${type ?? "a body without Content-Type"}.`,
  );
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
    defaultHook: (result, c) => {
      if (result.target === "json") expectJson(c.req.raw);
      if (!result.success) throw validationProblem(result.error.issues, result.target);
    },
  });
}
