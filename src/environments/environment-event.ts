// The events by which an environment tells what has happened in it.
import type { CloudEvent } from "../protocol/cloud-event.ts";

export interface EnvironmentNews {
  workspace: string;
  environment: string;
  what: "deployed" | "frozen" | "thawed";
  /** Names it among the news of this kind: told again under the same key, it is the same event. */
  key: string;
  data: object;
  /** When it is told, ms since the epoch. */
  now: number;
  attributes?: { sluicehops?: number };
}

export function environmentEvent(news: EnvironmentNews): CloudEvent {
  const { workspace, environment, what, key, data, now, attributes } = news;
  const type = `dev.sluice.environment.${what}`;
  return {
    specversion: "1.0",
    id: `${type}/${key}`,
    source: `/workspaces/${workspace}/environments/${environment}`,
    type,
    subject: environment,
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    ...attributes,
    data: { environment, ...data },
  };
}
