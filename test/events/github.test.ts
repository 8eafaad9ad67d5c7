import examples from "@octokit/webhooks-examples" with { type: "json" };
import { describe, expect, it } from "vitest";
import { parseCloudEvent } from "../../src/events/cloud-event.ts";
import { eventFromGithub } from "../../src/events/github.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function received(
  event: string,
  payload: JsonValue,
  overrides: Partial<Parameters<typeof eventFromGithub>[0]> = {},
) {
  return eventFromGithub({
    event,
    delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    contentType: "application/json",
    body: bytes(JSON.stringify(payload)),
    ...overrides,
  });
}

function eventOf(event: string, payload: JsonValue) {
  const result = received(event, payload);
  if (!result.ok) throw new Error(result.error.message);
  return result.value.event;
}

const all = (examples as unknown as { name: string; examples: JsonObject[] }[]).flatMap(
  ({ name, examples: list }) => list.map((payload, index) => ({ name, payload, index })),
);

/** The first example of an event, optionally with an action. */
function example(name: string, action?: string): JsonObject {
  const found = all.find(
    (one) => one.name === name && (action === undefined || one.payload.action === action),
  );
  if (!found) throw new Error(`no example of ${name}`);
  return found.payload;
}

describe("a GitHub event", () => {
  it("of every example is a valid CloudEvent with its payload as data", () => {
    expect(all.length).toBeGreaterThan(300);
    for (const { name, payload } of all) {
      const event = eventOf(name, payload);
      expect(parseCloudEvent(event as JsonValue).ok).toBe(true);
      const action = typeof payload.action === "string" ? `.${payload.action}` : "";
      expect(event.type).toBe(`com.github.${name}${action}`);
      expect(event.id).toBe("72d3162e-cc78-11e3-81ab-4c9367dc0958");
      expect(event.source).toMatch(/^https?:\/\//);
      expect(event.subject).toMatch(/^[^\s]+.*$/);
      expect(event.data).toEqual(payload);
    }
  });

  it("of every example says what it is about, not merely what it is called", () => {
    for (const { name, payload } of all) expect(eventOf(name, payload).subject).not.toBe(name);
  });

  it("has the time of what it is about, wherever that knows one", () => {
    const timed = all.filter(({ name, payload }) => eventOf(name, payload).time !== undefined).length;
    expect(timed / all.length).toBeGreaterThan(0.8);
  });

  it.each<[name: string, action: string | undefined, subject: string]>([
    ["push", undefined, "refs/tags/simple-tag"],
    ["release", "published", "releases/0.0.1"],
    ["pull_request", "opened", "pulls/2"],
    ["pull_request_review", "submitted", "pulls/2"],
    ["issues", "edited", "issues/1"],
    ["issue_comment", "created", "issues/1"],
    ["deployment", "created", "deployments/145988746"],
    ["deployment_status", "created", "deployments/145988746"],
    ["workflow_run", "completed", "actions/runs/1589141559"],
    ["workflow_job", "in_progress", "actions/jobs/2832853555"],
    ["check_run", "created", "check-runs/128620228"],
    ["check_suite", "completed", "check-suites/118578147"],
    ["status", undefined, "commits/6113728f27ae82c7b1a177c8d03f9e96e0adf246"],
    ["commit_comment", "created", "commits/6113728f27ae82c7b1a177c8d03f9e96e0adf246"],
    ["discussion_comment", "created", "discussions/90"],
    ["code_scanning_alert", "reopened", "code-scanning/alerts/10"],
    ["workflow_dispatch", undefined, "refs/heads/main"],
    ["label", "deleted", "labels/:bug: Bugfix"],
    ["milestone", "created", "milestones/1"],
    ["team", "added_to_repository", "teams/github"],
    ["ping", undefined, "hooks/109948940"],
    ["star", "created", "Codertocat/Hello-World"],
    ["organization", "member_added", "members/hacktocat"],
    ["security_advisory", "published", "advisories/GHSA-rf4j-j272-fj86"],
  ])("%s %s is about %s", (name, action, subject) => {
    expect(eventOf(name, example(name, action)).subject).toBe(subject);
  });

  it.each<[name: string, source: string]>([
    ["push", "https://github.com/Codertocat/Hello-World"],
    ["membership", "https://api.github.com/orgs/Octocoders"],
    ["installation", "https://github.com/octocat"],
    ["github_app_authorization", "https://github.com/octocat"],
    ["security_advisory", "https://github.com"],
  ])("%s comes from %s", (name, source) => {
    expect(eventOf(name, example(name)).source).toBe(source);
  });

  it("about a comment on a pull request is about the pull request", () => {
    const comment = { issue: { number: 7, pull_request: { url: "x" } }, sender: { login: "octocat" } };
    expect(eventOf("issue_comment", comment).subject).toBe("pulls/7");
  });

  it("names a branch or tag that was created in full", () => {
    expect(eventOf("create", { ref: "v1", ref_type: "tag" }).subject).toBe("refs/tags/v1");
    expect(eventOf("delete", { ref: "topic", ref_type: "branch" }).subject).toBe("refs/heads/topic");
  });

  it("of a kind that nobody knew when this was written still has type, source and subject", () => {
    const payload = { action: "moved", repository: { full_name: "o/r", html_url: "https://github.com/o/r" } };
    expect(eventOf("brand_new", payload)).toMatchObject({
      type: "com.github.brand_new.moved",
      source: "https://github.com/o/r",
      subject: "o/r",
    });
    expect(eventOf("brand_new", {})).toMatchObject({ source: "https://github.com", subject: "brand_new" });
  });

  it("has a well-formed type, source and subject whatever the payload's texts are", () => {
    const event = eventOf("repository_dispatch", {
      action: "deploy now!\u0000",
      branch: "a\u0007b\ud800",
      repository: { html_url: "https://ghe.example/o/ü r" },
    });
    expect(event.type).toBe("com.github.repository_dispatch.deploy_now__");
    expect(event.source).toBe("https://ghe.example/o/%C3%BC%20r");
    expect(event.subject).toBe("refs/heads/a\ufffdb\ufffd");
  });

  it("is caused by the payload's sender", () => {
    const result = received("push", example("push"));
    expect(result.ok && result.value.initiator).toBe("github:Codertocat");
    const advisory = received("security_advisory", example("security_advisory"));
    expect(advisory.ok && advisory.value.initiator).toBe("github");
  });

  it("is the same in both content types", () => {
    const payload = example("release", "published");
    const form = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const asForm = received("release", null, {
      contentType: "application/x-www-form-urlencoded",
      body: bytes(form),
    });
    expect(asForm).toEqual(received("release", payload));
  });

  it.each<[code: string, overrides: Partial<Parameters<typeof eventFromGithub>[0]>]>([
    ["missing_header", { event: undefined }],
    ["missing_header", { event: "Not An Event" }],
    ["missing_header", { delivery: undefined }],
    ["missing_header", { delivery: "x".repeat(101) }],
    ["unsupported_media_type", { contentType: undefined }],
    ["unsupported_media_type", { contentType: "text/plain" }],
    ["malformed_body", { body: bytes("{") }],
    ["malformed_body", { body: bytes("") }],
    ["malformed_body", { contentType: "application/x-www-form-urlencoded", body: bytes("other=1") }],
    ["malformed_body", { contentType: "application/x-www-form-urlencoded", body: bytes("payload=%7B") }],
    ["invalid_payload", { body: bytes("[]") }],
    ["payload_too_large", { body: bytes(JSON.stringify({ text: "x".repeat(1024 * 1024) })) }],
  ])("is refused as %s for %j", (code, overrides) => {
    expect(received("push", {}, overrides)).toMatchObject({ ok: false, error: { code } });
  });
});
