// Signing in to the dashboard: the token goes into a cookie that no script can read, and nowhere else.
import { createRoute, z } from "@hono/zod-openapi";
import { deleteCookie, setCookie } from "hono/cookie";
import { isAllowed } from "../../auth/roles.ts";
import { type Identity, roleSchema } from "../../protocol/token.ts";
import { identify, isSameOrigin, requires, SESSION_COOKIE } from "../authentication.ts";
import { createRoutes } from "../context.ts";
import { json, jsonBody } from "../json.ts";
import { limitBody } from "../limits.ts";
import { ProblemException, problems } from "../problem.ts";

const tags = ["Session"];
const path = "/v1/session";
const BODY_BYTES = 4096;
const DAYS = 30;

export const sessionSchema = z.object({
  subject: z.string(),
  role: roleSchema,
  /** Every role whose work this one may do. */
  may: z.array(roleSchema),
});

const signIn = createRoute({
  method: "post",
  path,
  tags,
  summary: "Sign in to the dashboard with a token",
  description: `Sets a cookie that lasts ${DAYS} days, or until the token expires or is revoked.`,
  middleware: [limitBody(BODY_BYTES)] as const,
  request: { body: jsonBody(z.strictObject({ token: z.string().max(300) })) },
  responses: { 200: json(sessionSchema, "Who has signed in"), ...problems(400, 401, 403, 413) },
});

const show = createRoute({
  method: "get",
  path,
  tags,
  summary: "Who has signed in",
  middleware: [requires("viewer")] as const,
  responses: { 200: json(sessionSchema, "Who has signed in"), ...problems(401, 403) },
});

const signOut = createRoute({
  method: "delete",
  path,
  tags,
  summary: "Sign out",
  responses: { 204: { description: "Signed out" }, ...problems(403) },
});

/** What a client may know of whoever it is signed in as. */
export function sessionOf({ subject, role }: Identity): z.infer<typeof sessionSchema> {
  return { subject, role, may: roleSchema.options.filter((needed) => isAllowed(role, needed)) };
}

function crossOrigin(): ProblemException {
  return new ProblemException("cross_origin", "Only the dashboard itself signs in and out.");
}

export const session = createRoutes()
  .openapi(signIn, async (c) => {
    if (!isSameOrigin(c)) throw crossOrigin();
    const token = c.req.valid("json").token.trim();
    const identity = await identify(c.env, token);
    if (!identity) {
      throw new ProblemException(
        "unauthenticated",
        "This token is not known, has expired, or was revoked. Ask an administrator for another.",
      );
    }
    if (!isAllowed(identity.role, "viewer")) {
      throw new ProblemException(
        "forbidden",
        `A token of role ${identity.role} is for programs: the dashboard needs viewer, operator or admin.`,
      );
    }
    setCookie(c, SESSION_COOKIE, token, {
      httpOnly: true,
      sameSite: "Strict",
      secure: new URL(c.req.url).protocol === "https:",
      path: "/",
      maxAge: DAYS * 86_400,
    });
    return c.json(sessionOf(identity), 200);
  })
  .openapi(show, (c) => c.json(sessionOf(c.get("identity")), 200))
  .openapi(signOut, (c) => {
    if (!isSameOrigin(c)) throw crossOrigin();
    deleteCookie(c, SESSION_COOKIE, { path: "/" });
    return c.body(null, 204);
  });
