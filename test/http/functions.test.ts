import { describe, expect, it } from "vitest";
import { call, tokenOf } from "./call.ts";

describe("functions", () => {
  it("are put under their names, with slashes escaped or not, and listed", async () => {
    const escaped = encodeURIComponent("gitlab.com/cd/reconcile");
    const first = await call("PUT", `/v1/functions/${escaped}`, { body: { trustScore: 0.5 } });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ name: "gitlab.com/cd/reconcile", trustScore: 0.5, description: "" });
    const second = await call("PUT", "/v1/functions/gitlab.com/cd/reconcile", {
      body: { trustScore: 0.9, description: "deploys" },
    });
    expect(second.body).toMatchObject({ name: "gitlab.com/cd/reconcile", trustScore: 0.9 });
    await call("PUT", `/v1/functions/${encodeURIComponent("builtin://emit")}`, { body: { trustScore: 1 } });
    const { body } = await call("GET", "/v1/functions", { token: await tokenOf("viewer") });
    expect(body.functions).toMatchObject([
      { name: "builtin://emit", trustScore: 1 },
      { name: "gitlab.com/cd/reconcile", trustScore: 0.9, description: "deploys" },
    ]);
  });

  it.each<[name: string, body: unknown]>([
    ["a%20b", { trustScore: 1 }],
    ["x".repeat(501), { trustScore: 1 }],
    ["-x", { trustScore: 1 }],
    ["gitlab.com/x", { trustScore: 1.1 }],
    ["gitlab.com/x", { trustScore: -1 }],
    ["gitlab.com/x", { trustScore: "1" }],
    ["gitlab.com/x", {}],
    ["gitlab.com/x", { trustScore: 1, more: 1 }],
  ])("are refused for %s %j", async (name, body) => {
    const answer = await call("PUT", `/v1/functions/${name}`, { body });
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 400,
      code: "invalid_request",
    });
  });

  it("are administrators' to trust", async () => {
    const token = await tokenOf("operator");
    const answer = await call("PUT", "/v1/functions/x", { body: { trustScore: 1 }, token });
    expect(answer.status).toBe(403);
  });

  it("have their place in the API's description once", async () => {
    const { body } = await call("GET", "/openapi.json");
    const paths = Object.keys(body.paths).filter((path) => path.startsWith("/v1/functions"));
    expect(paths).toEqual(["/v1/functions", "/v1/functions/{name}"]);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(["/v1/events", "/v1/hooks/github", "/v1/hooks/jenkins", "/v1/workflows/{name}"]),
    );
  });
});
