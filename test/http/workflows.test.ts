import { beforeAll, describe, expect, it } from "vitest";
import { call, tokenOf } from "./call.ts";

let viewer: string;
let operator: string;
beforeAll(async () => {
  viewer = await tokenOf("viewer");
  operator = await tokenOf("operator");
});

function aWorkflow(type = "com.example.wanted", filter = "true") {
  const source = `
def handle(w, ev):
    """Does nothing."""
    w.log("hello")

on_event(type = "${type}", handler = handle, filter = '${filter}')
`;
  return { entry: "main.star", files: { "main.star": source } };
}

const put = (name: string, body: unknown, token?: string) =>
  call("PUT", `/v1/workflows/${name}`, { body, ...(token !== undefined && { token }) });

describe("workflows", () => {
  it("are registered, listed, shown and removed", async () => {
    const stored = await put("first", aWorkflow());
    expect(stored.status).toBe(200);
    expect(stored.body).toMatchObject({
      name: "first",
      version: 1,
      entry: "main.star",
      triggers: [{ id: "first/handle", type: "com.example.wanted", handler: "handle", filter: "true" }],
    });
    const listed = await call("GET", "/v1/workflows", { token: viewer });
    expect(listed.body.workflows).toContainEqual(stored.body);
    const shown = await call("GET", "/v1/workflows/first", { token: viewer });
    expect(shown.body).toEqual({ ...stored.body, program: { digest: stored.body.digest, ...aWorkflow() } });
    expect((await call("DELETE", "/v1/workflows/first")).status).toBe(204);
    expect((await call("GET", "/v1/workflows/first")).body.code).toBe("unknown_workflow");
    expect((await call("DELETE", "/v1/workflows/first")).status).toBe(404);
  });

  it("keep every version: when, by whom, and its program", async () => {
    await put("kept", aWorkflow("com.example.one"));
    await put("kept", aWorkflow("com.example.one"));
    const second = await put("kept", aWorkflow("com.example.two"));
    await call("DELETE", "/v1/workflows/kept");
    const { body } = await call("GET", "/v1/workflows/kept/versions?limit=2", { token: viewer });
    expect(body).toEqual({
      versions: [
        { version: 3, by: expect.any(String), at: expect.any(Number) },
        { version: 2, digest: second.body.digest, by: expect.any(String), at: expect.any(Number) },
      ],
      next: 2,
    });
    const rest = await call("GET", "/v1/workflows/kept/versions?before=2", { token: viewer });
    expect(rest.body.versions.map(({ version }: { version: number }) => version)).toEqual([1]);
    expect(rest.body.next).toBeUndefined();
    const first = await call("GET", "/v1/workflows/kept/versions/1", { token: viewer });
    expect(first.body.program.files).toEqual(aWorkflow("com.example.one").files);
    for (const [path, code] of [
      ["kept/versions/3", "unknown_version"],
      ["kept/versions/9", "unknown_version"],
      ["never/versions", "unknown_workflow"],
      ["never/versions/1", "unknown_workflow"],
    ]) {
      const refused = await call("GET", `/v1/workflows/${path}`, { token: viewer });
      expect([refused.status, refused.body.code]).toEqual([404, code]);
    }
  });

  it("get the events that are posted after the answer", async () => {
    await put("second", aWorkflow("com.example.second"));
    const send = async (id: string) => {
      const event = { specversion: "1.0", id, source: "/tests", type: "com.example.second" };
      const { body } = await call("POST", "/v1/events", {
        rawBody: JSON.stringify(event),
        headers: { "content-type": "application/cloudevents+json" },
      });
      return body.events[0].started;
    };
    expect(await send("1")).toEqual([
      { run: expect.stringMatching(/^run_[0-9a-f]{32}$/), workflow: "second", trigger: "second/handle" },
    ]);
    await call("DELETE", "/v1/workflows/second");
    expect(await send("2")).toEqual([]);
  });

  it("that do not compile are refused with positions, and the old version stays", async () => {
    await put("third", aWorkflow());
    const refused = await put("third", {
      entry: "main.star",
      files: { "main.star": "def handle(w, ev):\n  nope()\n" },
    });
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 422,
      code: "invalid_workflow",
    });
    expect(refused.body.diagnostics[0]).toMatchObject({
      severity: "error",
      file: "main.star",
      line: 2,
      column: 3,
    });
    expect((await call("GET", "/v1/workflows/third")).body).toMatchObject({ version: 1 });
  });

  it("show on how many events a trigger's filter failed", async () => {
    await put("fourth", aWorkflow("com.example.fourth", "event.data.missing == 1"));
    await call("POST", "/v1/events", {
      rawBody: JSON.stringify({
        specversion: "1.0",
        id: "1",
        source: "/t",
        type: "com.example.fourth",
        data: {},
      }),
      headers: { "content-type": "application/cloudevents+json" },
    });
    const { body } = await call("GET", "/v1/triggers", { token: viewer });
    const trigger = body.triggers.find(({ id }: { id: string }) => id === "fourth/handle");
    expect(trigger).toMatchObject({
      workflow: "fourth",
      failures: 1,
      lastFailure: { source: "/t", id: "1" },
    });
  });

  it.each<[status: number, name: string, body: unknown]>([
    [400, "-bad-", aWorkflow()],
    [400, "fifth", { entry: "main.star" }],
    [400, "fifth", { ...aWorkflow(), more: 1 }],
    [422, "fifth", { entry: "other.star", files: { "main.star": "" } }],
    [422, "fifth", { entry: "m", files: { m: `x = "${"y".repeat(512 * 1024)}"` } }],
    [413, "fifth", { entry: "m", files: { m: "y".repeat(4 * 1024 * 1024) } }],
  ])("answer %i to what is wrong", async (status, name, body) => {
    expect((await put(name, body)).status).toBe(status);
    expect((await call("GET", "/v1/workflows/fifth")).status).toBe(404);
  });

  it("are administrators' to change, and everybody's to see", async () => {
    expect((await put("sixth", aWorkflow(), operator)).status).toBe(403);
    expect((await call("DELETE", "/v1/workflows/sixth", { token: operator })).status).toBe(403);
    expect((await call("GET", "/v1/workflows", { token: null })).status).toBe(401);
    expect((await call("GET", "/v1/triggers", { token: null })).status).toBe(401);
  });
});
