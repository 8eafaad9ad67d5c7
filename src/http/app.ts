// The HTTP application: what applies to every request, and every resource's routes.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { type AppEnv, createRoutes } from "./context.ts";
import { serveDashboard } from "./dashboard.ts";
import { addDescription } from "./openapi.ts";
import { ProblemException } from "./problem.ts";
import { approvals } from "./routes/approvals.ts";
import { audit } from "./routes/audit.ts";
import { environments } from "./routes/environments.ts";
import { events } from "./routes/events.ts";
import { forks } from "./routes/forks.ts";
import { forms } from "./routes/forms.ts";
import { functions } from "./routes/functions.ts";
import { health } from "./routes/health.ts";
import { hooks } from "./routes/hooks.ts";
import { imports } from "./routes/imports.ts";
import { jobs } from "./routes/jobs.ts";
import { live } from "./routes/live.ts";
import { locks } from "./routes/locks.ts";
import { operations } from "./routes/operations.ts";
import { outbox } from "./routes/outbox.ts";
import { overview } from "./routes/overview.ts";
import { queue } from "./routes/queue.ts";
import { runners } from "./routes/runners.ts";
import { runs } from "./routes/runs.ts";
import { schedules } from "./routes/schedules.ts";
import { session } from "./routes/session.ts";
import { signals } from "./routes/signals.ts";
import { starts } from "./routes/starts.ts";
import { tokens } from "./routes/tokens.ts";
import { workflows } from "./routes/workflows.ts";
import { tellWatchers } from "./tell-watchers.ts";
import { guardTimeScale } from "./time-scale-guard.ts";

const resources = [
  health,
  events,
  hooks,
  schedules,
  queue,
  outbox,
  workflows,
  functions,
  runs,
  operations,
  forks,
  imports,
  signals,
  starts,
  forms,
  locks,
  approvals,
  environments,
  jobs,
  runners,
  tokens,
  audit,
  session,
  overview,
  live,
];

/** What the platform throws when an object is overloaded, restarts or cannot be reached for a moment. */
function isPassing(error: Error & { retryable?: unknown; overloaded?: unknown }): boolean {
  return error.retryable === true || error.overloaded === true;
}

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
  // Hono's own, of a body that is no JSON.
  if (error instanceof HTTPException && error.status < 500) {
    return new ProblemException(
      "malformed_body",
      error.message || "The body could not be read.",
    ).toResponse();
  }
  console.error({ message: "request failed", requestId, error: String(error), stack: error.stack });
  if (isPassing(error)) {
    return new ProblemException("unavailable", "The object that owns this is busy or moving. Try again.", {
      headers: { "retry-after": "1" },
    }).toResponse();
  }
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
  app.use(serveDashboard());
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      crossOriginResourcePolicy: "same-origin",
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
    }),
  );
  app.use(async (c, next) => {
    c.set("requestId", c.req.header("cf-ray") ?? crypto.randomUUID());
    await next();
    // What a token may read is for its holder, not for a cache on the way.
    c.header("cache-control", "no-store");
  });
  app.use(guardTimeScale);
  app.use(tellWatchers);
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
