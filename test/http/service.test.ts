import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { call, tokenOf } from "./call.ts";

describe("errors", () => {
  test("are problem+json with a stable code, wherever they come from", async () => {
    const cases: [number, string, Promise<{ status: number; headers: Headers; body: { code: string } }>][] = [
      [404, "not_found", call("GET", "/v1/nothing")],
      [405, "method_not_allowed", call("DELETE", "/v1/health")],
      [401, "unauthenticated", call("GET", "/v1/runs", { token: null })],
      [
        401,
        "unauthenticated",
        call("GET", "/v1/runs", { token: "slc_who_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }),
      ],
      [401, "unauthenticated", call("GET", "/v1/runs", { token: "nonsense" })],
      [400, "invalid_request", call("GET", "/v1/runs/not-a-run")],
      [400, "invalid_request", call("GET", "/v1/runs?limit=0")],
      [400, "invalid_request", call("GET", "/v1/runs?cursor=%25%25")],
      [
        400,
        "malformed_body",
        call("POST", "/v1/tokens", { rawBody: "{", headers: { "content-type": "application/json" } }),
      ],
      [400, "invalid_request", call("POST", "/v1/tokens", { body: { subject: "", role: "king" } })],
      [
        413,
        "payload_too_large",
        call("POST", "/v1/tokens", { body: { subject: "x".repeat(2 * 1024 * 1024) } }),
      ],
    ];
    for (const [status, code, answer] of cases) {
      const { headers, body, ...rest } = await answer;
      expect({ status: rest.status, code: body.code }).toEqual({ status, code });
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({
        type: `/docs/errors#${code}`,
        status,
        title: expect.any(String),
        detail: expect.any(String),
      });
      expect(JSON.stringify(body)).not.toMatch(/\.ts:\d+|node_modules/);
    }
  });

  test("of validation point at every fault", async () => {
    const { body } = await call("POST", "/v1/tokens", { body: { subject: "", role: "king", more: 1 } });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      "",
      "/role",
      "/subject",
    ]);
  });

  test("say which methods there are", async () => {
    const { headers } = await call("PATCH", "/v1/environments/production");
    expect(headers.get("allow")).toBe("GET, PUT, DELETE");
  });
});

describe("roles", () => {
  test("each may do what it may, and nothing more", async () => {
    const allowed: Record<string, string[]> = {
      viewer: ["GET /v1/runs"],
      sender: [],
      runner: [],
      operator: ["GET /v1/runs"],
      admin: ["GET /v1/runs", "GET /v1/tokens"],
    };
    for (const [role, calls] of Object.entries(allowed)) {
      const token = await tokenOf(role);
      for (const one of ["GET /v1/runs", "GET /v1/tokens"]) {
        const [method = "", path = ""] = one.split(" ");
        const { status, body } = await call(method, path, { token });
        expect(status, `${role} ${one}`).toBe(calls.includes(one) ? 200 : 403);
        if (status === 403) expect(body.detail).toContain(role);
      }
    }
  });

  test.each([
    ["viewer", ["eu"]],
    ["admin", ["eu"]],
    ["runner", []],
    ["runner", [""]],
  ])("a token of role %s cannot have the tags %j", async (role, tags) => {
    const { status, body } = await call("POST", "/v1/tokens", { body: { subject: "bob", role, tags } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(body.errors[0].pointer).toMatch(/^\/tags/);
  });

  test("an expired or revoked token is nobody's", async () => {
    const { body: created } = await call("POST", "/v1/tokens", { body: { subject: "bob", role: "viewer" } });
    expect(created.token).toMatch(/^slc_[a-z0-9]+_[A-Za-z0-9_-]{43}$/);
    expect((await call("DELETE", `/v1/tokens/${created.id}`)).status).toBe(204);
    expect((await call("GET", "/v1/runs", { token: created.token })).status).toBe(401);
    expect((await call("DELETE", `/v1/tokens/${created.id}`)).status).toBe(404);
    const { body: listed } = await call("GET", "/v1/tokens");
    expect(JSON.stringify(listed)).not.toContain(created.token);
  });
});

test("health needs no token", async () => {
  expect(await call("GET", "/v1/health", { token: null })).toMatchObject({
    status: 200,
    body: { status: "ok" },
  });
});

describe("the description of the API", () => {
  test("names every route and its errors", async () => {
    const { status, body } = await call("GET", "/openapi.json", { token: null });
    expect(status).toBe(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(["/v1/runs/{id}", "/v1/approvals/{id}", "/v1/tokens"]),
    );
    expect(body.paths["/v1/runs/{id}"].get.responses["404"].content).toHaveProperty(
      "application/problem+json",
    );
  });

  test("is readable as a page that runs no script", async () => {
    const { status, headers, body } = await call("GET", "/docs", { token: null });
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(body).toContain("/v1/runs/{id}");
    expect(body).not.toContain("<script");
  });
});

describe("a time scale", () => {
  const app = createApp();
  const health = (host: string, bindings: Record<string, string>) =>
    app.request(`http://${host}/v1/health`, {}, { ...env, ...bindings });

  test("is refused by a deployed Worker, and by any other host than the machine itself", async () => {
    const refused = [
      await health("sluice.example.com", { SLUICE_TIME_SCALE: "60", SLUICE_MODE: "deployed" }),
      await health("127.0.0.1:8787", { SLUICE_TIME_SCALE: "60", SLUICE_MODE: "deployed" }),
      await health("sluice.example.com", { SLUICE_TIME_SCALE: "60", SLUICE_MODE: "local" }),
      await health("127.0.0.1.example.com", { SLUICE_TIME_SCALE: "60", SLUICE_MODE: "local" }),
    ];
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "time_scale_refused" });
    }
  });

  test("is taken by the local server", async () => {
    for (const host of ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"]) {
      expect((await health(host, { SLUICE_TIME_SCALE: "60", SLUICE_MODE: "local" })).status, host).toBe(200);
    }
  });
});
