import examples from "@octokit/webhooks-examples/api.github.com/index.json" with { type: "json" };
import { sign } from "@octokit/webhooks-methods";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { call, tokenOf } from "./call.ts";
import { WEBHOOK_SECRET } from "./secrets.ts";

interface Delivery {
  event?: string;
  delivery?: string;
  contentType?: string;
  body: string;
  /** Default: the right one. null: none. */
  signed?: string | null;
}

let count = 0;
async function deliver({ event = "push", contentType = "application/json", body, ...given }: Delivery) {
  count += 1;
  const { delivery = `delivery-${count}`, signed = await sign(WEBHOOK_SECRET, body) } = given;
  const headers: Record<string, string> = { "content-type": contentType };
  if (event) headers["x-github-event"] = event;
  if (delivery) headers["x-github-delivery"] = delivery;
  if (signed !== null) headers["x-hub-signature-256"] = signed;
  return { delivery, ...(await call("POST", "/v1/hooks/github", { rawBody: body, headers, token: null })) };
}

async function arrivals(): Promise<number> {
  const { body } = await call("GET", "/v1/events?limit=1");
  return body.events[0]?.seq ?? 0;
}

const all = (examples as { name: string; examples: Record<string, unknown>[] }[]).flatMap(
  ({ name, examples: list }) => list.map((payload) => ({ name, payload })),
);
/** Sixteen at a time, as a busy organisation would. */
async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 16) await Promise.all(items.slice(at, at + 16).map(work));
}

const release = JSON.stringify(all.find(({ name }) => name === "release")?.payload);

describe("POST /v1/hooks/github", () => {
  it("takes every example of GitHub's events when it is signed rightly: 202 and one event each", {
    timeout: 60_000,
  }, async () => {
    expect(all.length).toBeGreaterThan(300);
    const before = await arrivals();
    const ids = new Set<string>();
    await atOnce(all, async ({ name, payload }) => {
      const answer = await deliver({ event: name, body: JSON.stringify(payload) });
      expect(answer.status).toBe(202);
      const action = typeof payload.action === "string" ? `.${payload.action}` : "";
      expect(answer.body.events).toMatchObject([
        { id: answer.delivery, type: `com.github.${name}${action}`, duplicate: false },
      ]);
      ids.add(answer.delivery);
    });
    expect(await arrivals()).toBe(before + all.length);
    for (let query = "?limit=200&type=com.github.*"; query; ) {
      const { body } = await call("GET", `/v1/events${query}`);
      for (const { event } of body.events) {
        expect(event.source).toMatch(/^https?:\/\//);
        expect(event.subject).not.toBe("");
        expect(ids.delete(event.id)).toBe(true);
      }
      query = body.next === undefined ? "" : `?limit=200&type=com.github.*&before=${body.next}`;
    }
    expect(ids.size).toBe(0);
  });

  it("takes none of them when it is signed wrongly, and stores nothing", { timeout: 60_000 }, async () => {
    const before = await arrivals();
    await atOnce(all, async ({ name, payload }) => {
      const body = JSON.stringify(payload);
      const signed = await sign("another secret", body);
      const answer = await deliver({ event: name, body, signed });
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 401,
        code: "invalid_signature",
      });
    });
    expect(await arrivals()).toBe(before);
  });

  it.each<[what: string, signed: string | null]>([
    ["missing", null],
    ["empty", ""],
    ["of another algorithm", `sha1=${"0".repeat(40)}`],
    ["too short", `sha256=${"0".repeat(62)}`],
    ["not hexadecimal", `sha256=${"x".repeat(64)}`],
    ["without its algorithm", "0".repeat(64)],
  ])("answers 401 when the signature is %s, and stores nothing", async (_what, signed) => {
    const before = await arrivals();
    expect((await deliver({ event: "release", body: release, signed })).status).toBe(401);
    expect(await arrivals()).toBe(before);
  });

  it("answers 401 when a byte of the body was changed on the way", async () => {
    const signed = await sign(WEBHOOK_SECRET, release);
    expect((await deliver({ event: "release", body: `${release} `, signed })).status).toBe(401);
    expect((await deliver({ event: "release", body: release, signed })).status).toBe(202);
  });

  it.each<[status: number, code: string, delivery: Delivery]>([
    [400, "malformed_body", { body: "{" }],
    [400, "malformed_body", { body: "not json" }],
    [400, "malformed_body", { body: " " }],
    [400, "invalid_payload", { body: "[]" }],
    [400, "missing_header", { body: release, event: "" }],
    [400, "missing_header", { body: release, delivery: "" }],
    [400, "malformed_body", { body: "nothing=1", contentType: "application/x-www-form-urlencoded" }],
    [415, "unsupported_media_type", { body: release, contentType: "text/plain" }],
    [413, "payload_too_large", { body: JSON.stringify({ text: "x".repeat(1024 * 1024) }) }],
    [413, "payload_too_large", { body: JSON.stringify({ text: "x".repeat(5 * 1024 * 1024) }) }],
  ])(
    "answers %i %s to a signed delivery that is wrong, and stores nothing",
    async (status, code, delivery) => {
      const before = await arrivals();
      const answer = await deliver(delivery);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
      expect(await arrivals()).toBe(before);
    },
  );

  it("recognises a redelivery", async () => {
    const first = await deliver({ event: "release", body: release, delivery: "again" });
    const again = await deliver({ event: "release", body: release, delivery: "again" });
    expect(again.status).toBe(202);
    expect(again.body.events).toEqual([{ ...first.body.events[0], duplicate: true }]);
  });

  it("takes GitHub's other content type", async () => {
    const body = new URLSearchParams({ payload: release }).toString();
    const answer = await deliver({
      event: "release",
      body,
      delivery: "form",
      contentType: "application/x-www-form-urlencoded",
    });
    expect(answer.status).toBe(202);
    const source = encodeURIComponent(answer.body.events[0].source);
    const { body: found } = await call("GET", `/v1/events?source=${source}&id=form`);
    expect(found.events[0]).toMatchObject({
      initiator: "github:Codertocat",
      event: { data: JSON.parse(release) },
    });
  });

  it("says that it is not configured where there is no secret", async () => {
    const { env } = await import("cloudflare:workers");
    const request = new Request("http://sluice.test/v1/hooks/github", { method: "POST", body: release });
    for (const secret of [undefined, ""]) {
      const answer = await createApp().fetch(request.clone(), {
        ...(env as Env),
        GITHUB_WEBHOOK_SECRET: secret as string,
      });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "webhook_not_configured" });
    }
  });
});

describe("POST /v1/hooks/jenkins", () => {
  let token: string;
  beforeAll(async () => {
    token = await tokenOf("sender", "jenkins");
  });

  const notification = JSON.stringify({
    name: "shop",
    url: "job/shop/",
    build: { full_url: "http://ci.example/job/shop/7/", number: 7, phase: "FINALIZED", status: "SUCCESS" },
  });
  const post = (
    rawBody: string,
    query: string,
    headers: Record<string, string> = {},
    sent: string | null = null,
  ) =>
    call("POST", `/v1/hooks/jenkins${query}`, {
      rawBody,
      token: sent,
      headers: { "content-type": "application/json;charset=UTF-8", ...headers },
    });

  it("takes a notification with the token in the address, once", async () => {
    const answer = await post(notification, `?token=${token}`);
    expect(answer.status).toBe(202);
    expect(answer.body.events).toMatchObject([
      { type: "com.jenkins.build.finalized", source: "http://ci.example/job/shop/7/", duplicate: false },
    ]);
    const again = await post(notification, "", {}, token);
    expect(again.body.events).toMatchObject([{ duplicate: true, seq: answer.body.events[0].seq }]);
  });

  it("takes CloudEvents", async () => {
    const binary = await post('{"status":"x"}', `?token=${token}`, {
      "ce-specversion": "1.0",
      "ce-id": "q1",
      "ce-source": "job/shop",
      "ce-type": "org.jenkinsci.queue.entered_waiting",
    });
    expect(binary.status).toBe(202);
    expect(binary.body.events).toMatchObject([{ type: "org.jenkinsci.queue.entered_waiting" }]);
    const event = { specversion: "1.0", id: "q2", source: "job/shop", type: "org.jenkinsci.job.started" };
    const structured = { "content-type": "application/cloudevents+json" };
    expect((await post(JSON.stringify(event), `?token=${token}`, structured)).status).toBe(202);
  });

  it.each<[status: number, code: string, body: string, query: string]>([
    [401, "unauthenticated", notification, ""],
    [401, "unauthenticated", notification, "?token=wrong"],
    [400, "malformed_body", "{", "?token=TOKEN"],
    [400, "invalid_payload", "{}", "?token=TOKEN"],
    [413, "payload_too_large", JSON.stringify({ text: "x".repeat(5 * 1024 * 1024) }), "?token=TOKEN"],
  ])("answers %i %s and stores nothing", async (status, code, body, query) => {
    const before = await arrivals();
    const answer = await post(body, query.replace("TOKEN", token));
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await arrivals()).toBe(before);
  });

  it("does not let Jenkins speak for Sluice", async () => {
    const event = { specversion: "1.0", id: "q3", source: "/x", type: "dev.sluice.approval.resolved" };
    const structured = { "content-type": "application/cloudevents+json" };
    expect((await post(JSON.stringify(event), `?token=${token}`, structured)).status).toBe(400);
  });
});
