import { beforeAll, describe, expect, it } from "vitest";
import { call, tokenOf } from "./call.ts";

let sender: string;
let operator: string;
let viewer: string;
beforeAll(async () => {
  sender = await tokenOf("sender", "ci");
  operator = await tokenOf("operator", "olga");
  viewer = await tokenOf("viewer");
});

let count = 0;
function anEvent(overrides: Record<string, unknown> = {}) {
  count += 1;
  return {
    specversion: "1.0",
    id: `event-${count}`,
    source: "/tests/http",
    type: "com.example.sent",
    datacontenttype: "application/json",
    data: { n: count },
    ...overrides,
  };
}

const structured = { "content-type": "application/cloudevents+json" };
const batched = { "content-type": "application/cloudevents-batch+json" };
const post = (
  rawBody: BodyInit,
  headers: Record<string, string> = structured,
  token: string | null = sender,
) => call("POST", "/v1/events", { rawBody, headers, token });

async function stored(event: { source: string; id: string }) {
  const query = new URLSearchParams({ source: event.source, id: event.id });
  const { status, body } = await call("GET", `/v1/events?${query}`, { token: viewer });
  return status === 200 ? body.events[0] : undefined;
}

async function arrivals(): Promise<number> {
  const { body } = await call("GET", "/v1/events?limit=1", { token: viewer });
  return body.events[0]?.seq ?? 0;
}

describe("POST /v1/events", () => {
  it("stores an event in any mode before it answers 202", async () => {
    const one = anEvent();
    const answer = await post(JSON.stringify(one));
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      events: [
        {
          id: one.id,
          source: one.source,
          type: one.type,
          seq: expect.any(Number),
          duplicate: false,
          started: [],
          woke: [],
        },
      ],
    });
    expect(await stored(one)).toMatchObject({ event: one, initiator: "ci" });

    const many = [anEvent(), anEvent()];
    const batch = await post(JSON.stringify(many), batched);
    expect(batch.body.events.map(({ id }: { id: string }) => id)).toEqual(many.map(({ id }) => id));

    const binary = await post('{"n":1}', {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "binary",
      "ce-source": "/tests/http",
      "ce-type": "com.example.sent",
    });
    expect(binary.status).toBe(202);
    expect(await stored({ source: "/tests/http", id: "binary" })).toMatchObject({
      event: { data: { n: 1 } },
    });
  });

  it("answers a repetition as the first time", async () => {
    const event = anEvent();
    const first = await post(JSON.stringify(event));
    const again = await post(JSON.stringify({ ...event, data: "changed" }));
    expect(again.status).toBe(202);
    expect(again.body.events).toEqual([{ ...first.body.events[0], duplicate: true }]);
    expect((await stored(event)).event).toEqual(event);
  });

  it.each<[status: number, code: string, body: string, headers: Record<string, string>]>([
    [400, "malformed_body", "{", structured],
    [400, "malformed_body", "", structured],
    [400, "invalid_event", "{}", structured],
    [400, "invalid_event", JSON.stringify([{ ...anEvent() }, {}]), batched],
    [400, "invalid_event", JSON.stringify({ ...anEvent(), type: "dev.sluice.run.succeeded" }), structured],
    [415, "unsupported_media_type", JSON.stringify(anEvent()), { "content-type": "application/json" }],
    [413, "payload_too_large", JSON.stringify(anEvent({ data: "x".repeat(1024 * 1024) })), structured],
    [413, "payload_too_large", JSON.stringify([anEvent({ data: "x".repeat(1024 * 1024) })]), batched],
    [413, "payload_too_large", JSON.stringify(Array.from({ length: 101 }, () => anEvent())), batched],
    [413, "payload_too_large", `[${" ".repeat(4 * 1024 * 1024)}]`, batched],
  ])("answers %i %s and stores nothing", async (status, code, body, headers) => {
    const before = await arrivals();
    const answer = await post(body, headers);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await arrivals()).toBe(before);
    expect((await post(JSON.stringify(anEvent()))).status).toBe(202);
  });

  it("points at the fault", async () => {
    const { body } = await post(JSON.stringify([anEvent(), { ...anEvent(), source: "" }]), batched);
    expect(body.errors).toEqual([{ pointer: "/1/source", message: "must not be empty" }]);
  });

  it("reads no further than it takes, whatever the length that was announced", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 1000) controller.close();
        else controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
    });
    const answer = await post(endless);
    expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(100);
  });

  it("is for senders", async () => {
    const event = JSON.stringify(anEvent());
    expect((await post(event, structured, null)).status).toBe(401);
    expect((await post(event, structured, viewer)).status).toBe(403);
    expect((await post(event, structured, operator)).status).toBe(202);
  });

  it("lets only operators bypass a change freeze", async () => {
    const event = anEvent({ sluicebypass: true });
    const refused = await post(JSON.stringify(event));
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 403, code: "forbidden" });
    expect(await stored(event)).toBeUndefined();
    expect((await post(JSON.stringify(event), structured, operator)).status).toBe(202);
    expect((await stored(event)).event.sluicebypass).toBe(true);
    const harmless = anEvent({ sluicebypass: false });
    expect((await post(JSON.stringify(harmless))).status).toBe(202);
    expect((await stored(harmless)).event.sluicebypass).toBeUndefined();
  });
});

describe("GET /v1/events", () => {
  it("pages through what arrived, newest first", async () => {
    const type = "com.example.paged";
    for (let n = 0; n < 5; n += 1) await post(JSON.stringify(anEvent({ type, data: n })));
    const seen: number[] = [];
    let before = "";
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await call("GET", `/v1/events?type=${type}&limit=2${before}`, { token: viewer });
      seen.push(...body.events.map(({ event }: { event: { data: number } }) => event.data));
      before = `&before=${body.next}`;
      expect(body.next !== undefined).toBe(pages < 2);
    }
    expect(seen).toEqual([4, 3, 2, 1, 0]);
    const all = await call("GET", "/v1/events?type=com.example.*&limit=200", { token: viewer });
    expect(all.body.events.length).toBeGreaterThanOrEqual(5);
  });

  it("finds events by source, subject, words and time, page by page", async () => {
    const type = "com.example.searched";
    const send = (data: unknown, overrides = {}) =>
      post(JSON.stringify(anEvent({ type, data, ...overrides })));
    await send({ note: 'Rollout of "Äpfel" 100%_done' }, { subject: "shop", source: "/tests/a" });
    await send({ note: "rollback" }, { subject: "cart", source: "/tests/b" });
    await send({ note: "ROLLOUT again" }, { subject: "shop", source: "/tests/b" });
    const notes = async (query: Record<string, string>) => {
      const seen: string[] = [];
      let before = "";
      for (let pages = 0; pages < 9; pages += 1) {
        const search = new URLSearchParams({ type, limit: "1", ...query, ...(before && { before }) });
        const { body } = await call("GET", `/v1/events?${search}`, { token: viewer });
        seen.push(...body.events.map(({ event }: { event: { data: { note: string } } }) => event.data.note));
        if (body.next === undefined) break;
        before = String(body.next);
      }
      return seen.map((note) => note.slice(0, 8));
    };
    expect(await notes({ subject: "shop" })).toEqual(["ROLLOUT ", "Rollout "]);
    expect(await notes({ source: "/tests/b" })).toEqual(["ROLLOUT ", "rollback"]);
    expect(await notes({ text: "rollout" })).toEqual(["ROLLOUT ", "Rollout "]);
    expect(await notes({ text: 'äpfel "Äpfel" 100%_' })).toEqual([]);
    expect(await notes({ text: '"Äpfel" 100%_ shop' })).toEqual(["Rollout "]);
    expect(await notes({ text: "100__" })).toEqual([]);
    expect(await notes({ from: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
    expect(await notes({ to: new Date(Date.now() - 60_000).toISOString() })).toEqual([]);
    expect(await notes({ from: new Date(Date.now() - 60_000).toISOString(), subject: "cart" })).toEqual([
      "rollback",
    ]);
  });

  it("says what is wrong with a question", async () => {
    for (const query of ["from=yesterday", "id=1", "limit=0", "limit=201", "before=x"]) {
      expect((await call("GET", `/v1/events?${query}`, { token: viewer })).status).toBe(400);
    }
    const unknown = await call("GET", "/v1/events?source=/x&id=1", { token: viewer });
    expect({ status: unknown.status, code: unknown.body.code }).toEqual({
      status: 404,
      code: "unknown_event",
    });
    expect((await call("GET", "/v1/events", { token: sender })).status).toBe(403);
  });
});
