import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, tokenOf } from "./call.ts";
import { ADMIN_TOKEN } from "./secrets.ts";

const ORIGIN = "http://sluice.test";

async function signIn(token: string, origin = ORIGIN) {
  const answer = await call("POST", "/v1/session", { token: null, body: { token }, headers: { origin } });
  return { ...answer, cookie: (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
}

async function open(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; socket: WebSocket | null }> {
  const answer = await exports.default.fetch(
    new Request(`${ORIGIN}${path}`, { headers: { upgrade: "websocket", ...headers } }),
  );
  return { status: answer.status, socket: answer.webSocket };
}

/** The socket's messages, one by one. */
function messagesOf(
  socket: WebSocket,
): () => Promise<{ type: string; cursor: number; environments: string[] }> {
  const heard: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const next = waiting.shift();
    if (next) next(String(data));
    else heard.push(String(data));
  });
  socket.accept();
  return async () => {
    const text = heard.shift() ?? (await new Promise<string>((hear) => waiting.push(hear)));
    return JSON.parse(text);
  };
}

async function putEnvironment(name: string): Promise<void> {
  const { status } = await call("PUT", `/v1/environments/${name}`, { body: { tier: "development" } });
  expect(status).toBe(200);
}

describe("signing in", () => {
  test("keeps the token where no script and no other site can use it", async () => {
    const { status, headers, body } = await signIn(ADMIN_TOKEN);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { role: "admin", may: expect.arrayContaining(["viewer"]) },
    });
    expect(headers.get("set-cookie")).toMatch(/HttpOnly.*SameSite=Strict/);
    expect(JSON.stringify(body)).not.toContain(ADMIN_TOKEN);
  });

  test("is refused from another site, with an unknown token, and for roles of programs", async () => {
    expect((await signIn(ADMIN_TOKEN, "http://evil.test")).body.code).toBe("cross_origin");
    expect((await signIn(`slc_x_${"a".repeat(43)}`)).body.code).toBe("unauthenticated");
    expect((await signIn(await tokenOf("runner"))).body.code).toBe("forbidden");
  });

  test("lets the cookie read, and change things only from the dashboard itself", async () => {
    const { cookie } = await signIn(ADMIN_TOKEN);
    expect((await call("GET", "/v1/session", { token: null, headers: { cookie } })).body.subject).toBe(
      "admin",
    );
    const body = { subject: "s", role: "viewer" };
    const change = (origin?: string) =>
      call("POST", "/v1/tokens", { token: null, body, headers: { cookie, ...(origin && { origin }) } });
    expect((await change()).body.code).toBe("cross_origin");
    expect((await change("http://evil.test")).body.code).toBe("cross_origin");
    expect((await change(ORIGIN)).status).toBe(201);
  });

  test("is undone by signing out", async () => {
    const { status, headers } = await call("DELETE", "/v1/session", {
      token: null,
      headers: { origin: ORIGIN },
    });
    expect(status).toBe(204);
    expect(headers.get("set-cookie")).toMatch(/sluice_session=;.*Max-Age=0/);
  });
});

describe("the first answer", () => {
  test("has everything that the first view shows, and where the socket goes on", async () => {
    const { cookie } = await signIn(ADMIN_TOKEN);
    await putEnvironment("there-before");
    const environments = async () => {
      const { status, body } = await call("GET", "/v1/overview", { token: null, headers: { cookie } });
      expect(status).toBe(200);
      return { ...body, names: body.environments.map(({ name }: { name: string }) => name) };
    };
    // Environments tell the directory through their outbox.
    let first = await environments();
    while (!first.names.includes("there-before")) first = await environments();
    expect(first).toMatchObject({
      session: { subject: "admin", role: "admin", may: expect.arrayContaining(["viewer"]) },
      moving: { runs: [] },
      failed: { runs: [] },
      succeeded: { runs: [] },
      approvals: [],
      forms: [],
    });
    await putEnvironment("came-after");
    const { socket } = await open(`/v1/live?since=${first.cursor}`, { cookie, origin: ORIGIN });
    if (!socket) throw new Error("no socket");
    const next = messagesOf(socket);
    const heard: string[] = [];
    while (!heard.includes("came-after")) {
      const news = await next();
      expect(news.type).toBe("changes");
      heard.push(...news.environments);
    }
    expect(heard).not.toContain("there-before");
    socket.close();
  });

  test("is for those who have signed in", async () => {
    expect((await call("GET", "/v1/overview", { token: null })).status).toBe(401);
    expect((await call("GET", "/v1/overview", { token: await tokenOf("runner") })).status).toBe(403);
  });
});

describe("the socket of the directory", () => {
  test("is not for strangers, other sites, or requests that are none", async () => {
    const { cookie } = await signIn(ADMIN_TOKEN);
    expect((await open("/v1/live", {})).status).toBe(401);
    expect((await open("/v1/live", { cookie, origin: "http://evil.test" })).status).toBe(403);
    expect((await call("GET", "/v1/live")).body.code).toBe("upgrade_needed");
    expect((await open("/v1/live?since=x", { authorization: `Bearer ${ADMIN_TOKEN}` })).status).toBe(400);
  });

  test("tells what changes, and whoever was away exactly what was missed", async () => {
    const { cookie } = await signIn(ADMIN_TOKEN);
    const headers = { cookie, origin: ORIGIN };
    const { socket } = await open("/v1/live", headers);
    if (!socket) throw new Error("no socket");
    const next = messagesOf(socket);
    const first = await next();
    expect(first.type).toBe("reset");
    await putEnvironment("watched");
    const heard = await next();
    expect(heard).toMatchObject({ type: "changes", environments: ["watched"] });
    expect(heard.cursor).toBeGreaterThan(first.cursor);
    socket.close();

    await putEnvironment("missed");
    await putEnvironment("missed-too");
    let found: string[] = [];
    // Actors tell the directory through their outbox: what is not there yet comes as a message of its own.
    const again = (await open(`/v1/live?since=${heard.cursor}`, headers)).socket;
    if (!again) throw new Error("no socket");
    const nextAgain = messagesOf(again);
    while (found.length < 2) found = [...found, ...(await nextAgain()).environments];
    expect(found.sort()).toEqual(["missed", "missed-too"]);
    again.close();
  });

  test("starts over where a cursor is none of this directory's", async () => {
    const { socket } = await open("/v1/live?since=999999999", { authorization: `Bearer ${ADMIN_TOKEN}` });
    if (!socket) throw new Error("no socket");
    expect((await messagesOf(socket)()).type).toBe("reset");
    socket.close();
  });

  test("closes when its token is revoked", async () => {
    const { body } = await call("POST", "/v1/tokens", { body: { subject: "leaver", role: "viewer" } });
    const { socket } = await open("/v1/live", { authorization: `Bearer ${body.token}` });
    if (!socket) throw new Error("no socket");
    const closed = new Promise<number>((hear) => socket.addEventListener("close", ({ code }) => hear(code)));
    await messagesOf(socket)();
    await call("DELETE", `/v1/tokens/${body.id}`);
    expect(await closed).toBe(4401);
  });
});
