// What is deployed in an environment: the newest deployment of each app.
import type { Deployment } from "../protocol/environment.ts";

/** Apps an environment shows; beyond that the one deployed longest ago is left out. */
const MAX_APPS = 500;
/** Of what a run says of its deployment; a function's inputs may be far longer. */
const MAX_TEXT_LENGTH = 300;

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH - 1).toWellFormed()}…` : text;
}

/** The deployment with its texts cut to 300 characters, so that an environment's state stays small. */
export function boundedDeployment(one: Deployment): Deployment {
  return {
    ...one,
    app: cut(one.app),
    revision: cut(one.revision),
    function: cut(one.function),
    by: cut(one.by),
  };
}

/**
 * The list, newest first, with a deployment taken in. One that is older than what is known of its app changes nothing.
 */
export function withDeployment(deployments: readonly Deployment[], one: Deployment): Deployment[] {
  const known = deployments.find(({ app }) => app === one.app);
  if (known && known.at >= one.at) return [...deployments];
  return [one, ...deployments.filter(({ app }) => app !== one.app)]
    .sort((a, b) => b.at - a.at)
    .slice(0, MAX_APPS);
}
