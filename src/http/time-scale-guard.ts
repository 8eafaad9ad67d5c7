// A deployed Worker never runs faster than the clock. See docs/decisions/0003-time-scale.md.
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { ProblemException } from "./problem.ts";

const loopback = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** True for a host that only the machine itself can call. */
export function isLoopbackHost(hostname: string): boolean {
  return loopback.test(hostname);
}

export const guardTimeScale = createMiddleware<AppEnv>(async (c, next) => {
  // Read as text: the generated type knows only what wrangler.toml says.
  const mode: string = c.env.SLUICE_MODE;
  if (c.env.SLUICE_TIME_SCALE && !(mode === "local" && isLoopbackHost(new URL(c.req.url).hostname))) {
    throw new ProblemException(
      "time_scale_refused",
      "SLUICE_TIME_SCALE is set on a deployed Worker. Only the local development server may speed up time: remove the variable.",
    );
  }
  await next();
});
