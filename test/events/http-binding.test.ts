import { HTTP, CloudEvent as SdkEvent } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHttp } from "../../src/events/http-binding.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import { anEvent } from "./builders.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function decode(headers: Record<string, string>, body: string | Uint8Array) {
  return decodeHttp({
    headers: Object.entries(headers),
    body: typeof body === "string" ? bytes(body) : body,
  });
}

function decoded(headers: Record<string, string>, body: string | Uint8Array): CloudEvent[] {
  const result = decode(headers, body);
  if (!result.ok) throw new Error(result.error.message);
  return result.value.events;
}

function codeOf(headers: Record<string, string>, body: string | Uint8Array): string {
  const result = decode(headers, body);
  return result.ok ? "ok" : result.error.code;
}

const attributes = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "t" };
const structured = { "content-type": "application/cloudevents+json; charset=utf-8" };
const batched = { "content-type": "application/cloudevents-batch+json" };

/** What the official SDK sends, with header names as a server sees them. */
function sent(message: { headers: object; body: unknown }): [Record<string, string>, string] {
  const headers = Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return [Object.fromEntries(headers) as Record<string, string>, String(message.body)];
}

const sdkEvents = fc
  .record(
    {
      id: fc.uuid(),
      source: fc.webUrl().filter((url) => !url.includes("%")),
      type: fc.constant("com.example.sent"),
      subject: fc.stringMatching(/^[a-z0-9/]{1,30}$/),
      time: fc.constant("2026-11-21T12:00:00.000Z"),
      datacontenttype: fc.constant("application/json"),
      data: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
      traceparent: fc.stringMatching(/^[a-z0-9]{1,30}$/),
    },
    { requiredKeys: ["id", "source", "type", "time", "datacontenttype", "data"] },
  )
  .map((event) => ({ specversion: "1.0" as const, ...event }) as CloudEvent);

describe("CloudEvents over HTTP", () => {
  it("arrive in binary and structured mode as the official SDK sent them", () => {
    fc.assert(
      fc.property(sdkEvents, (event) => {
        const sdkEvent = new SdkEvent(event);
        const plain = JSON.parse(JSON.stringify(event)) as CloudEvent;
        expect(decoded(...sent(HTTP.binary(sdkEvent)))).toEqual([plain]);
        expect(decoded(...sent(HTTP.structured(sdkEvent)))).toEqual([plain]);
      }),
    );
  });

  it("arrive in batches in their order", () => {
    const events = [anEvent(), anEvent(), anEvent()];
    expect(decode(batched, JSON.stringify(events))).toEqual({ ok: true, value: { mode: "batch", events } });
    expect(decoded(batched, "[]")).toEqual([]);
  });

  it("have their headers percent-decoded, quotes removed", () => {
    const headers = {
      ...attributes,
      "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80",
      "ce-note": '"a \\"quoted\\" word"',
    };
    expect(decoded(headers, "")).toEqual([
      { specversion: "1.0", id: "1", source: "/x", type: "t", subject: "Euro € 😀", note: 'a "quoted" word' },
    ]);
  });

  it.each([
    ["/job/my%2520job/", "/job/my%20job/"],
    ["/job/my%20job/", "/job/my%20job/"],
    ["/caf%C3%A9", "/caf%C3%A9"],
  ])("have the source %s, escaped as the binding says or not, as %s", (header, source) => {
    expect(decoded({ ...attributes, "ce-source": header }, "")).toMatchObject([{ source }]);
  });

  it.each<[contentType: string | undefined, body: string | Uint8Array, expected: Partial<CloudEvent>]>([
    ["application/json", '{"a":1}', { data: { a: 1 } }],
    ["application/vnd.acme+json; charset=UTF-8", "[1]", { data: [1] }],
    ["application/json", "null", { data: null }],
    [undefined, '"text"', { data: "text" }],
    ["text/plain", "hello", { data: "hello" }],
    ["text/plain; charset=latin1", new Uint8Array([0xe4]), { data_base64: "5A==" }],
    ["text/plain", new Uint8Array([0xff]), { data_base64: "/w==" }],
    ["application/xml", "<a/>", { data: "<a/>" }],
    ["application/octet-stream", new Uint8Array([1, 2, 3]), { data_base64: "AQID" }],
  ])("carry a body of type %s as data", (contentType, body, expected) => {
    const headers = contentType === undefined ? {} : { "content-type": contentType };
    const declared = contentType === undefined ? {} : { datacontenttype: contentType };
    const [event] = decoded({ ...attributes, ...headers }, body);
    expect(event).toEqual({ specversion: "1.0", id: "1", source: "/x", type: "t", ...declared, ...expected });
  });

  it("carry a large binary body whole", () => {
    const body = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    const [event] = decoded({ ...attributes, "content-type": "application/octet-stream" }, body);
    expect(Buffer.from(event?.data_base64 ?? "", "base64").equals(body)).toBe(true);
  });

  it.each<[code: string, headers: Record<string, string>, body: string | Uint8Array]>([
    ["unsupported_media_type", {}, "{}"],
    ["unsupported_media_type", { "content-type": "application/json" }, "{}"],
    ["unsupported_media_type", { "content-type": "application/cloudevents+xml" }, "<event/>"],
    ["malformed_body", structured, ""],
    ["malformed_body", structured, "{"],
    ["malformed_body", structured, new Uint8Array([0x22, 0xff, 0x22])],
    ["malformed_body", { ...attributes, "content-type": "application/json" }, "not json"],
    ["malformed_body", { ...attributes, "content-type": "application/json; charset=utf-16" }, "{}"],
    ["malformed_body", batched, "[{]"],
    ["invalid_event", structured, "[]"],
    ["invalid_event", structured, JSON.stringify({ ...anEvent(), id: undefined })],
    ["invalid_event", batched, JSON.stringify(anEvent())],
    ["invalid_event", batched, JSON.stringify([anEvent(), { ...anEvent(), type: "" }])],
    ["invalid_event", { "ce-id": "1" }, ""],
    ["invalid_event", { ...attributes, "ce-id": "%FF" }, ""],
    ["invalid_event", { ...attributes, "ce-data": "1" }, ""],
    ["invalid_event", { ...attributes, "ce-datacontenttype": "text/plain" }, ""],
  ])("are refused as %s: %j %j", (code, headers, body) => {
    expect(codeOf(headers, body)).toBe(code);
  });

  it("are at most 100 in a batch", () => {
    const batch = (length: number) => JSON.stringify(Array.from({ length }, () => anEvent()));
    expect(codeOf(batched, batch(100))).toBe("ok");
    expect(codeOf(batched, batch(101))).toBe("payload_too_large");
  });

  it("say which event of a batch is wrong", () => {
    const batch = JSON.stringify([anEvent(), { ...anEvent(), source: "" }]);
    const result = decode(batched, batch);
    expect(result).toMatchObject({
      ok: false,
      error: {
        message: expect.stringContaining("event 1 of the batch"),
        details: { errors: [{ pointer: "/1/source" }] },
      },
    });
  });

  it("never make the decoder throw", () => {
    const names = fc.constantFrom(
      "content-type",
      "ce-id",
      "ce-type",
      "ce-source",
      "ce-specversion",
      "ce-time",
      "ce-x",
    );
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "1.0",
        "text/plain",
      ),
    );
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.json().map(bytes),
      fc.anything().map((v) => bytes(String(JSON.stringify(v)))),
    );
    fc.assert(
      fc.property(fc.dictionary(names, values), bodies, (headers, body) => {
        const result = decodeHttp({ headers: Object.entries(headers), body });
        if (!result.ok) expect(result.error.message).not.toBe("");
      }),
    );
  });
});
