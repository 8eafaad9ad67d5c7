import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Health } from "../../src/protocol/health.ts";
import { call, tokenOf } from "./call.ts";

let sender: string;
let viewer: string;
let operator: string;
beforeAll(async () => {
  sender = await tokenOf("sender", "argo");
  viewer = await tokenOf("viewer");
  operator = await tokenOf("operator", "olivia");
  await call("PUT", "/v1/environments/health-lab", { body: { tier: "staging" } });
});

let sent = 0;
function report(data: object, overrides: object = {}) {
  sent += 1;
  const event = {
    specversion: "1.0",
    id: `health-${sent}`,
    source: "https://argo.example.com",
    type: "dev.sluice.deployment.health",
    data: { environment: "health-lab", ...data },
    ...overrides,
  };
  return call("POST", "/v1/events", {
    token: sender,
    rawBody: JSON.stringify(event),
    headers: { "content-type": "application/cloudevents+json" },
  });
}

const at = (minute: number) => `2026-11-01T10:${String(minute).padStart(2, "0")}:00Z`;

async function healthOf(app: string): Promise<Health | undefined> {
  const { body } = await call("GET", "/v1/environments/health-lab", { token: viewer });
  return body.health.find((one: Health) => one.app === app);
}

describe("a report of health", () => {
  it("is what an environment and the lists show of an app, and its changes are kept", async () => {
    const first = await report({ app: "shop", status: "progressing", observed_at: at(1) });
    expect(first.status).toBe(202);
    await report({ app: "shop", status: "healthy", revision: "1.4.0", observed_at: at(3) });
    await report({ app: "shop", status: "healthy", revision: "1.4.0", observed_at: at(5) });
    // Late: it was like this before it became healthy.
    await report({ app: "shop", status: "degraded", observed_at: at(2) });
    await vi.waitFor(async () => {
      expect(await healthOf("shop")).toMatchObject({
        status: "healthy",
        revision: "1.4.0",
        since: Date.parse(at(3)),
        observedAt: Date.parse(at(5)),
        source: "https://argo.example.com",
      });
      const { body: list } = await call("GET", "/v1/environments", { token: viewer });
      const shown = list.environments.find(({ name }: { name: string }) => name === "health-lab");
      expect(shown.health).toMatchObject([{ app: "shop", status: "healthy" }]);
    });
    const page = await call("GET", "/v1/environments/health-lab/health?limit=1", { token: viewer });
    expect(page.body.changes).toMatchObject([{ app: "shop", status: "healthy", since: Date.parse(at(3)) }]);
    const rest = await call("GET", `/v1/environments/health-lab/health?cursor=${page.body.next}`, {
      token: viewer,
    });
    expect(rest.body).toMatchObject({ changes: [{ status: "progressing", seq: first.body.events[0].seq }] });
    expect(rest.body).not.toHaveProperty("next");
  });

  it("that cannot be read, or is of no environment there is, is refused and stored nowhere", async () => {
    const unreadable = await report({ app: "shop", status: "fine" });
    expect(unreadable.body).toMatchObject({ status: 400, code: "invalid_event" });
    expect(unreadable.body.errors[0].pointer).toBe("/data/status");
    const lost = await report({ environment: "nowhere", app: "shop", status: "healthy" });
    expect(lost.body).toMatchObject({ status: 404, code: "unknown_environment" });
    const { body } = await call("GET", "/v1/events?type=dev.sluice.deployment.health&limit=200", {
      token: viewer,
    });
    const statuses = body.events.map(
      ({ event }: { event: { data: { status: string } } }) => event.data.status,
    );
    expect(statuses).not.toContain("fine");
    expect(JSON.stringify(body)).not.toContain("nowhere");
  });

  it("is an event that a workflow can wait for, and can send", async () => {
    const source = `
def main(w, ev):
    got = w.wait_for_event(
        type = "dev.sluice.deployment.health",
        match = {"data.app": "search", "data.status": "healthy"},
        timeout = "1h",
    )
    w.run(step = "builtin://emit", inputs = {
        "type": "dev.sluice.deployment.health",
        "data": {"environment": "health-lab", "app": "mail", "status": "suspended", "message": "after " + got["data"]["app"]},
    })
    bad = w.attempt(lambda: w.run(step = "builtin://emit", inputs = {"type": "dev.sluice.deployment.health"}))
    return bad.error.code

on_start(main)
`;
    const pushed = await call("PUT", "/v1/workflows/watches-health", {
      body: { entry: "main.star", files: { "main.star": source } },
    });
    expect(pushed.status).toBe(200);
    const { body } = await call("POST", "/v1/workflows/watches-health/runs", { body: {}, token: operator });
    const missed = await report({ app: "search", status: "degraded" });
    expect(missed.body.events[0].woke).toEqual([]);
    await report({ app: "search", status: "healthy" });
    await vi.waitFor(
      async () => {
        const { body: run } = await call("GET", `/v1/runs/${body.run}`, { token: viewer });
        expect(run).toMatchObject({ state: "succeeded", output: "InvalidHealthReport" });
        expect(await healthOf("mail")).toMatchObject({ status: "suspended", message: "after search" });
      },
      { timeout: 8000, interval: 50 },
    );
  });
});
