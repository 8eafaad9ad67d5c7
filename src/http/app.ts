// The HTTP application: what applies to every request, and every resource's routes.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { type AppEnv, createRoutes } from "./context.ts";
import { addDescription } from "./openapi.ts";
import { ProblemException } from "./problem.ts";
import { approvals } from "./routes/approvals.ts";
import { audit } from "./routes/audit.ts";
import { environments } from "./routes/environments.ts";
import { health } from "./routes/health.ts";
import { jobs } from "./routes/jobs.ts";
import { runners } from "./routes/runners.ts";
import { runs } from "./routes/runs.ts";
import { tokens } from "./routes/tokens.ts";
import { guardTimeScale } from "./time-scale-guard.ts";

const resources = [health, runs, approvals, environments, tokens, audit, jobs, runners];

function answerError(error: Error, requestId: string): Response {
  if (error instanceof ProblemException) {
    if (error.status === 500)
      console.error({
        message: "a refusal has no status",
        code: error.code,
        detail: error.message,
        requestId,
      });
    return error.toResponse();
  }
  // Hono's own: a body that is no JSON, a missing Content-Type.
  if (error instanceof HTTPException && error.status < 500) {
    return new ProblemException(
      "malformed_body",
      error.message || "The body could not be read.",
    ).toResponse();
  }
  console.error({ message: "request failed", requestId, error: String(error), stack: error.stack });
  return new ProblemException(
    "internal",
    `Something failed here; it has been logged as request ${requestId}.`,
  ).toResponse();
}

/** The methods some route has for this path, whatever the method asked for. */
function methodsFor(app: OpenAPIHono<AppEnv>, path: string): string[] {
  const methods = ["GET", "POST", "PUT", "DELETE"];
  return methods.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.path !== "/*" && route.path !== "*"),
  );
}

export function createApp(): OpenAPIHono<AppEnv> {
  const app = createRoutes();
  app.use(
    secureHeaders({
      crossOriginResourcePolicy: "same-origin",
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
    }),
  );
  app.use(async (c, next) => {
    c.set("requestId", c.req.header("cf-ray") ?? crypto.randomUUID());
    await next();
  });
  app.use(guardTimeScale);
  for (const resource of resources) app.route("/", resource);
  addDescription(app);
  app.notFound((c) => {
    const path = new URL(c.req.url).pathname;
    const methods = methodsFor(app, path);
    if (methods.length > 0 && !methods.includes(c.req.method)) {
      return new ProblemException(
        "method_not_allowed",
        `${path} takes ${methods.join(", ")}, not ${c.req.method}.`,
        {
          headers: { allow: methods.join(", ") },
        },
      ).toResponse();
    }
    return new ProblemException(
      "not_found",
      `There is nothing at ${path}. /docs lists what there is.`,
    ).toResponse();
  });
  app.onError((error, c) => answerError(error, c.get("requestId")));
  return app;
}
