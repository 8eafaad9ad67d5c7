// What is deployed in an environment: the newest deployment of each app.
import type { Deployment } from "../protocol/environment.ts";

/** Apps an environment remembers; beyond that the one deployed longest ago is forgotten. */
const MAX_APPS = 500;

/** The list with a deployment taken in. One that is older than what is known of its app changes nothing. */
export function withDeployment(deployments: readonly Deployment[], one: Deployment): Deployment[] {
  const known = deployments.find(({ app }) => app === one.app);
  if (known && known.at >= one.at) return [...deployments];
  return [one, ...deployments.filter(({ app }) => app !== one.app)]
    .sort((a, b) => b.at - a.at)
    .slice(0, MAX_APPS);
}
