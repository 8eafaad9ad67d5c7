// What a GitHub event is about, as a path below its source: `pulls/12`, `releases/v1.4.0`, `refs/heads/main`. The
// paths are those of GitHub's REST API where it has one.
import type { JsonObject } from "../protocol/json.ts";
import { objectAt, textAt } from "./payload.ts";

export interface About {
  subject: string;
  /** The object it is about, which knows when it changed. */
  object: JsonObject;
}

/** One way of telling the subject: `key` holds the object, `path` gives its text or undefined when it cannot. */
interface Rule {
  key: string;
  path: (object: JsonObject, event: string, payload: JsonObject) => string | undefined;
}

function below(folder: string, ...names: string[]): Rule["path"] {
  return (object) => {
    const name = names.map((key) => textAt(object, key)).find((text) => text !== undefined);
    return name === undefined ? undefined : `${folder}/${name}`;
  };
}

const alertFolders: Record<string, string> = {
  code_scanning_alert: "code-scanning/alerts",
  dependabot_alert: "dependabot/alerts",
  secret_scanning_alert: "secret-scanning/alerts",
  secret_scanning_alert_location: "secret-scanning/alerts",
  repository_vulnerability_alert: "vulnerability-alerts",
};

// In order: the first object that is there decides. Payloads often hold several (a deployment's workflow run, a
// job's deployment), so what is more particular stands before what it belongs to.
const rules: readonly Rule[] = [
  { key: "workflow_job", path: below("actions/jobs", "id") },
  { key: "deployment", path: below("deployments", "id") },
  { key: "workflow_run", path: below("actions/runs", "id") },
  { key: "check_run", path: below("check-runs", "id") },
  { key: "check_suite", path: below("check-suites", "id") },
  { key: "pull_request", path: below("pulls", "number") },
  {
    key: "issue",
    // A comment on a pull request arrives as one on the issue behind it.
    path: (issue, event, payload) =>
      below(objectAt(issue, "pull_request") ? "pulls" : "issues", "number")(issue, event, payload),
  },
  { key: "discussion", path: below("discussions", "number") },
  { key: "release", path: below("releases", "tag_name", "id") },
  {
    key: "alert",
    path: (alert, event, payload) =>
      below(alertFolders[event] ?? "alerts", "number", "id")(alert, event, payload),
  },
  { key: "merge_group", path: (group) => textAt(group, "head_ref") },
  { key: "comment", path: below("commits", "commit_id") },
  { key: "package", path: below("packages", "name", "id") },
  { key: "registry_package", path: below("packages", "name", "id") },
  { key: "milestone", path: below("milestones", "number") },
  { key: "label", path: below("labels", "name") },
  { key: "rule", path: below("branch-protection-rules", "id") },
  { key: "repository_ruleset", path: below("rulesets", "id") },
  { key: "key", path: below("keys", "id") },
  { key: "build", path: (_build, _event, payload) => below("pages/builds", "id")(payload, "", payload) },
  { key: "project_card", path: below("projects/cards", "id") },
  { key: "project_column", path: below("projects/columns", "id") },
  { key: "project", path: below("projects", "number", "id") },
  { key: "projects_v2_item", path: below("projects-v2/items", "id") },
  { key: "projects_v2", path: below("projects-v2", "number", "id") },
  { key: "forkee", path: below("forks", "full_name") },
  { key: "member", path: below("collaborators", "login") },
  { key: "team", path: below("teams", "slug", "id") },
  {
    key: "membership",
    path: (membership) => below("members", "login")(objectAt(membership, "user") ?? {}, "", {}),
  },
  { key: "blocked_user", path: below("blocks", "login") },
  { key: "security_advisory", path: below("advisories", "ghsa_id") },
  { key: "repository_advisory", path: below("security-advisories", "ghsa_id") },
  { key: "sponsorship", path: below("sponsorships", "node_id") },
  {
    key: "marketplace_purchase",
    path: (p) => below("marketplace/accounts", "login")(objectAt(p, "account") ?? {}, "", {}),
  },
  { key: "hook", path: below("hooks", "id") },
];

/** Events whose subject is in the payload itself, not in an object of it. */
const topLevel: Record<string, (payload: JsonObject) => string | undefined> = {
  push: (payload) => textAt(payload, "ref"),
  workflow_dispatch: (payload) => textAt(payload, "ref"),
  create: refOf,
  delete: refOf,
  repository_dispatch: (payload) => below("refs/heads", "branch")(payload, "", payload),
  status: (payload) => below("commits", "sha")(payload, "", payload),
  gollum: (payload) => {
    const first = Array.isArray(payload.pages) ? payload.pages[0] : undefined;
    return first === undefined ? undefined : below("wiki", "page_name")(first as JsonObject, "", payload);
  },
};

/** `create` and `delete` name a branch or tag without its folder. */
function refOf(payload: JsonObject): string | undefined {
  const folder = textAt(payload, "ref_type") === "tag" ? "refs/tags" : "refs/heads";
  return below(folder, "ref")(payload, "", payload);
}

/** What stands in for a subject where an event is about the source as a whole: its name. */
const owners: readonly [key: string, name: string][] = [
  ["repository", "full_name"],
  ["installation", "id"],
  ["organization", "login"],
  ["enterprise", "slug"],
  ["sender", "login"],
];

/** What the event is about. Every payload has a subject: where nothing else does, the source names itself. */
export function aboutOf(event: string, payload: JsonObject): About {
  const top = topLevel[event]?.(payload);
  if (top !== undefined) return { subject: top, object: payload };
  for (const { key, path } of rules) {
    const object = objectAt(payload, key);
    const subject = object && path(object, event, payload);
    if (object && subject !== undefined) return { subject, object };
  }
  for (const [key, name] of owners) {
    const object = objectAt(payload, key);
    const subject = textAt(object, name);
    // The bare number of an installation would say nothing.
    if (object && subject !== undefined) {
      return { subject: key === "installation" ? `installations/${subject}` : subject, object };
    }
  }
  return { subject: event, object: payload };
}
