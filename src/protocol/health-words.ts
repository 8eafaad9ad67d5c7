// What reports of health say of a deployment, for people.
import type { Deployment } from "./environment.ts";
import type { Health } from "./health.ts";

/**
 * What is known of a deployment's health. A report counts for it when it names its revision, or names none and was
 * made after it. `ended_well` is all there is until then: the function that deployed it reported no failure.
 */
export type DeploymentHealth =
  | { known: "ended_well"; at: number }
  | { known: "observed"; health: Health; isStale: boolean };

export function healthOf(
  deployment: Pick<Deployment, "app" | "revision" | "at">,
  reports: readonly Health[],
  now: number,
): DeploymentHealth {
  const health = reports.find(({ app }) => app === deployment.app);
  const isOfIt = health && (health.revision === deployment.revision || health.observedAt >= deployment.at);
  return isOfIt ? observed(health, now) : { known: "ended_well", at: deployment.at };
}

/** The same of a report alone, for an app that no run has deployed. */
export function observed(health: Health, now: number): DeploymentHealth {
  return { known: "observed", health, isStale: now >= health.staleAt };
}

/** In words, without times: `degraded (1.3.0)`. */
export function healthWords(known: DeploymentHealth, revision?: string): string {
  if (known.known === "ended_well") return "ended well";
  const { health, isStale } = known;
  const other = health.revision !== undefined && health.revision !== revision ? ` (${health.revision})` : "";
  return `${health.status}${other}${isStale ? ", stale" : ""}`;
}
