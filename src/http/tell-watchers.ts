// Lets open dashboards know that something was done of which no run tells the directory: an event that starts nothing,
// a runner that begins to wait, a schedule that is paused. It is a hint: who misses it reads the same at the next one,
// or when its socket comes back.
import { createMiddleware } from "hono/factory";
import { DEFAULT_WORKSPACE, directoryStub } from "../../durable-objects/stubs.ts";
import type { Stirred } from "../protocol/live.ts";
import type { AppEnv } from "./context.ts";

const REQUEST = "/v1/jobs/request";
/** A runner that still waits for a job after this long has nothing to do, and is shown so. */
const IDLE_MS = 250;

const subjects: [path: RegExp, what: Stirred][] = [
  [/^\/v1\/(events|hooks|queue)(\/|$)/, "events"],
  [/^\/v1\/jobs\/(request$|[^/]+\/(complete|release)$)/, "runners"],
  [/^\/v1\/(workflows|schedules)(\/|$)/, "workflows"],
];

export const tellWatchers = createMiddleware<AppEnv>(async (c, next) => {
  const { method, path } = c.req;
  const what = method === "GET" ? undefined : subjects.find(([pattern]) => pattern.test(path))?.[1];
  if (what === undefined) return await next();
  const tell = () =>
    c.executionCtx.waitUntil(
      directoryStub(c.env, DEFAULT_WORKSPACE)
        .stirred(what)
        .catch((error: unknown) => console.warn({ message: "no hint for dashboards", error: String(error) })),
    );
  const waiting = path === REQUEST ? setTimeout(tell, IDLE_MS) : undefined;
  await next();
  clearTimeout(waiting);
  if (c.res.ok) tell();
});
