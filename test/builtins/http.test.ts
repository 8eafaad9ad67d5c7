import { describe, expect, test } from "vitest";
import type { BuiltinCall, Outbound } from "../../src/builtins/builtin.ts";
import { http } from "../../src/builtins/http/http.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JsonObject } from "../../src/protocol/json.ts";

const cause = { specversion: "1.0", id: "1", source: "/test", type: "test" } as const;

function call(inputs: JsonObject): BuiltinCall {
  return {
    run: "run_0123456789abcdef0123456789abcdef" as RunId,
    workspace: "default",
    workflow: "canary",
    command: "0#1" as CommandId,
    attempt: 1,
    inputs,
    cause,
    now: 0,
  };
}

/** An Internet of the given answers, which records what reached it. */
function internet(answers: Record<string, (request: Request) => Response | Promise<Response>>) {
  const requests: Request[] = [];
  const outbound: Outbound = {
    allowedHosts: [],
    resolve: async () => ["93.184.215.14"],
    fetch: async (request) => {
      requests.push(request);
      const answer = answers[request.url];
      if (!answer) throw new Error("connection refused");
      return await answer(request);
    },
  };
  return { outbound, requests };
}

const redirect = (to: string, status = 302) => new Response(null, { status, headers: { location: to } });

describe("builtin://http", () => {
  test("hands back status, headers, text and parsed JSON", async () => {
    const { outbound } = internet({
      "https://api.example.com/v1": () => Response.json({ healthy: true }, { headers: { "x-id": "7" } }),
    });
    const outcome = await http.perform(call({ url: "https://api.example.com/v1" }), outbound);
    expect(outcome).toMatchObject({
      ok: {
        status: 200,
        url: "https://api.example.com/v1",
        headers: { "x-id": "7" },
        body: '{"healthy":true}',
        json: { healthy: true },
      },
    });
  });

  test("sends a structured body as JSON, with the command's idempotency key", async () => {
    const { outbound, requests } = internet({ "https://x.example.com/": () => new Response("") });
    await http.perform(call({ url: "https://x.example.com/", method: "POST", body: { a: 1 } }), outbound);
    expect(requests[0]?.headers.get("content-type")).toBe("application/json");
    expect(requests[0]?.headers.get("idempotency-key")).toBe("run_0123456789abcdef0123456789abcdef#0#1");
    expect(await requests[0]?.json()).toEqual({ a: 1 });
  });

  test("does not follow a redirect to a private address", async () => {
    const { outbound, requests } = internet({
      "https://x.example.com/": () => redirect("http://169.254.169.254/latest/meta-data/"),
    });
    const outcome = await http.perform(call({ url: "https://x.example.com/" }), outbound);
    expect(outcome).toMatchObject({ error: { code: "HttpRefused", retryable: false } });
    expect(requests).toHaveLength(1);
  });

  test("does not tell another origin the credentials of the first, and does tell the same one", async () => {
    const { outbound, requests } = internet({
      "https://a.example.com/": () => redirect("/again"),
      "https://a.example.com/again": () => redirect("https://b.example.com/"),
      "https://b.example.com/": () => new Response("here"),
    });
    const harmless = { accept: "text/html", "accept-language": "de", "user-agent": "ours" };
    const own = {
      Authorization: "Bearer s3cret",
      Cookie: "id=1",
      "PRIVATE-TOKEN": "s3cret",
      "X-Api-Key": "s3cret",
    };
    const inputs = { url: "https://a.example.com/", headers: { ...harmless, ...own } };
    const outcome = await http.perform(call(inputs), outbound);
    expect(outcome).toMatchObject({ ok: { url: "https://b.example.com/", body: "here" } });
    const lower = Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]));
    const seen = requests.map((request) => Object.fromEntries(request.headers));
    expect(seen).toEqual([{ ...harmless, ...lower }, { ...harmless, ...lower }, harmless]);
  });

  test("takes an origin without TLS for another one", async () => {
    const { outbound, requests } = internet({
      "https://a.example.com/": () => redirect("http://a.example.com/"),
      "http://a.example.com/": () => new Response("here"),
    });
    const headers = { "X-Api-Key": "s3cret" };
    await http.perform(call({ url: "https://a.example.com/", headers }), outbound);
    expect(requests.map((request) => request.headers.get("x-api-key"))).toEqual(["s3cret", null]);
  });

  test.each([
    ["POST", 307],
    ["PUT", 302],
  ])("sends the body of a %s to no other origin, which a %i would", async (method, status) => {
    const { outbound, requests } = internet({
      "https://a.example.com/": () => redirect("https://b.example.com/", status),
      "https://b.example.com/": () => new Response("here"),
    });
    const outcome = await http.perform(
      call({ url: "https://a.example.com/", method, body: "s3cret" }),
      outbound,
    );
    expect(outcome).toMatchObject({
      error: {
        code: "HttpRefused",
        retryable: false,
        message: expect.stringContaining("https://b.example.com"),
      },
    });
    expect(requests).toHaveLength(1);
  });

  test("follows to another origin where the body is left behind", async () => {
    const { outbound, requests } = internet({
      "https://a.example.com/": () => redirect("https://b.example.com/", 303),
      "https://b.example.com/": () => new Response("here"),
    });
    const inputs = { url: "https://a.example.com/", method: "POST", body: { token: "s3cret" } };
    expect(await http.perform(call(inputs), outbound)).toMatchObject({ ok: { body: "here" } });
    expect(Object.fromEntries(requests[1]?.headers ?? [])).toEqual({
      "user-agent": "sluice",
      "idempotency-key": "run_0123456789abcdef0123456789abcdef#0#1",
    });
  });

  test("keeps method and body over 307, and turns a POST into a GET over 303", async () => {
    const { outbound, requests } = internet({
      "https://a.example.com/": () => redirect("/kept", 307),
      "https://a.example.com/kept": () => redirect("/seen", 303),
      "https://a.example.com/seen": () => new Response("done"),
    });
    await http.perform(call({ url: "https://a.example.com/", method: "POST", body: "x" }), outbound);
    expect(requests.map(({ method }) => method)).toEqual(["POST", "POST", "GET"]);
    expect(await requests[1]?.text()).toBe("x");
    expect(requests[2]?.body).toBeNull();
  });

  test("gives up on a circle of redirects", async () => {
    const { outbound, requests } = internet({ "https://a.example.com/": () => redirect("/") });
    const outcome = await http.perform(call({ url: "https://a.example.com/" }), outbound);
    expect(outcome).toMatchObject({
      error: { code: "HttpFailed", message: expect.stringContaining("redirects") },
    });
    expect(requests).toHaveLength(6);
  });

  test.each([
    [404, false],
    [429, true],
    [503, true],
  ])("a status of %i is an error, retryable: %s", async (status, retryable) => {
    const { outbound } = internet({ "https://x.example.com/": () => new Response("no", { status }) });
    const outcome = await http.perform(call({ url: "https://x.example.com/" }), outbound);
    expect(outcome).toMatchObject({
      error: { code: "HttpStatus", retryable, details: { status, body: "no" } },
    });
  });

  test("an error keeps the beginning of a long answer, and says that there was more", async () => {
    const answer = "y".repeat(5000);
    const { outbound } = internet({ "https://x.example.com/": () => new Response(answer, { status: 500 }) });
    const outcome = await http.perform(call({ url: "https://x.example.com/" }), outbound);
    expect(outcome).toMatchObject({ error: { details: { body: `${"y".repeat(4096)}…` } } });
  });

  test("fail=False hands an error status to the script", async () => {
    const { outbound } = internet({ "https://x.example.com/": () => new Response("no", { status: 404 }) });
    const outcome = await http.perform(call({ url: "https://x.example.com/", fail: false }), outbound);
    expect(outcome).toMatchObject({ ok: { status: 404, body: "no" } });
  });

  test("stops reading an endless answer", async () => {
    let sent = 0;
    let cancelled = false;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 1;
            controller.enqueue(new Uint8Array(64 * 1024));
          },
          cancel() {
            cancelled = true;
          },
        }),
      );
    const { outbound } = internet({ "https://x.example.com/": endless });
    const outcome = await http.perform(call({ url: "https://x.example.com/" }), outbound);
    expect(outcome).toMatchObject({ error: { code: "PayloadTooLarge", retryable: false } });
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(20);
  });

  test("a server that does not answer in time is a retryable timeout", async () => {
    const { outbound } = internet({
      "https://x.example.com/": (request) =>
        new Promise((_, fail) => request.signal.addEventListener("abort", () => fail(request.signal.reason))),
    });
    const outcome = await http.perform(call({ url: "https://x.example.com/", timeout: 0.02 }), outbound);
    expect(outcome).toMatchObject({ error: { code: "HttpTimeout", retryable: true } });
  });

  test("a connection that fails is retryable", async () => {
    const outcome = await http.perform(call({ url: "https://x.example.com/" }), internet({}).outbound);
    expect(outcome).toMatchObject({ error: { code: "HttpFailed", retryable: true } });
  });

  test.each<[string, JsonObject, string]>([
    ["an unknown input", { url: "https://x.example.com/", verb: "GET" }, "verb"],
    ["no URL", {}, "inputs/url"],
    ["a relative URL", { url: "/v1" }, "inputs/url"],
    ["a header that smuggles", { url: "https://x.example.com/", headers: { "x-a": "1\r\nHost: y" } }, "x-a"],
    ["a header that is ours", { url: "https://x.example.com/", headers: { Host: "y" } }, "set by Sluice"],
    ["a body on GET", { url: "https://x.example.com/", body: "x" }, "inputs/body"],
  ])("%s is refused before anything is sent", async (_, inputs, mentions) => {
    const { outbound, requests } = internet({});
    const outcome = await http.perform(call(inputs), outbound);
    expect(outcome).toMatchObject({
      error: { code: "InvalidInputs", message: expect.stringContaining(mentions), retryable: false },
    });
    expect(requests).toHaveLength(0);
  });
});
