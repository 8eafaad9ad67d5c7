import { CloudEvent as SdkEvent, ValidationError } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCloudEvent } from "../../src/events/cloud-event.ts";
import { type CloudEvent, MAX_EVENT_BYTES } from "../../src/protocol/cloud-event.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anEvent } from "./builders.ts";

function faultsOf(value: JsonValue): string[] {
  const result = parseCloudEvent(value);
  if (result.ok) return [];
  expect(result.error.code).toBe("invalid_event");
  const errors = (result.error.details?.errors ?? []) as { pointer: string }[];
  return errors.map(({ pointer }) => pointer);
}

function aBareEvent(): { [name: string]: JsonValue } {
  const { data: _, ...bare } = anEvent();
  return bare as { [name: string]: JsonValue };
}

const word = fc.stringMatching(/^[a-z0-9]{1,20}$/);
const events: fc.Arbitrary<CloudEvent> = fc.record(
  {
    specversion: fc.constant("1.0" as const),
    id: fc.stringMatching(/^[ -~]{1,40}$/),
    source: fc.webUrl(),
    type: fc.stringMatching(/^[a-z]{1,10}(\.[a-z_]{1,10}){0,4}$/),
    subject: fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((text) => !/\p{C}/u.test(text)),
    time: fc
      .date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true })
      .map((d) => d.toISOString()),
    datacontenttype: fc.constant("application/json"),
    dataschema: fc.webUrl(),
    data: fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>,
    traceparent: word,
    attempt: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    urgent: fc.boolean(),
  },
  { requiredKeys: ["specversion", "id", "source", "type"] },
);

describe("a CloudEvent", () => {
  it("that the specification allows is taken as it is", () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(parseCloudEvent(event as JsonValue)).toEqual({ ok: true, value: event });
      }),
    );
  });

  it("that is taken is one for the official SDK, too", () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(() => new SdkEvent(event, true)).not.toThrow(ValidationError);
      }),
    );
  });

  it("needs specversion, id, source and type", () => {
    expect(faultsOf({})).toEqual(["/specversion", "/id", "/source", "/type"]);
  });

  it("is an object", () => {
    for (const value of [null, 1, "event", [], [anEvent() as JsonValue]])
      expect(faultsOf(value)).toEqual([""]);
  });

  it.each<[pointer: string, fault: { [name: string]: JsonValue }]>([
    ["/specversion", { specversion: "0.3" }],
    ["/specversion", { specversion: 1 }],
    ["/id", { id: "" }],
    ["/id", { id: 7 }],
    ["/id", { id: "x".repeat(257) }],
    ["/id", { id: "line\nbreak" }],
    ["/id", { id: "\ud800" }],
    ["/source", { source: "" }],
    ["/source", { source: "not a uri" }],
    ["/source", { source: "/half%2" }],
    ["/source", { source: `/${"x".repeat(1024)}` }],
    ["/type", { type: "" }],
    ["/type", { type: { name: "x" } }],
    ["/subject", { subject: "" }],
    ["/time", { time: "yesterday" }],
    ["/time", { time: "2026-02-30T12:00:00Z" }],
    ["/time", { time: "2026-11-21 12:00:00" }],
    ["/time", { time: 1_795_262_400 }],
    ["/datacontenttype", { datacontenttype: "json" }],
    ["/dataschema", { dataschema: "relative/schema" }],
    ["/data_base64", { data_base64: "not base64!" }],
    ["/data_base64", { data: 1, data_base64: "AAAA" }],
    ["/camelCase", { camelCase: "x" }],
    ["/with-dash", { "with-dash": "x" }],
    ["/a~1b", { "a/b": "x" }],
    ["/half", { half: 0.5 }],
    ["/list", { list: [1] }],
  ])("is refused at %s for %j", (pointer, fault) => {
    expect(faultsOf({ ...aBareEvent(), ...fault })).toContain(pointer);
  });

  it("has its absent attributes as null in the JSON format", () => {
    const { data: _, ...bare } = anEvent();
    expect(parseCloudEvent({ ...bare, subject: null, urgent: null } as JsonValue)).toEqual({
      ok: true,
      value: bare,
    });
  });

  it("may carry null as its data", () => {
    const event = anEvent({ data: null });
    expect(parseCloudEvent(event as JsonValue)).toEqual({ ok: true, value: event });
  });

  it("does not let a key reach the prototype", () => {
    const event = JSON.parse(
      '{"specversion":"1.0","id":"1","source":"/x","type":"t","__proto__":{"admin":true}}',
    );
    expect(faultsOf(event as JsonValue)).toEqual(["/__proto__"]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("nests its data 100 levels deep and no deeper", () => {
    const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels)) as JsonValue;
    expect(faultsOf(anEvent({ data: nested(100) }) as JsonValue)).toEqual([]);
    expect(faultsOf(anEvent({ data: nested(101) }) as JsonValue)).toEqual(["/data"]);
    expect(faultsOf(anEvent({ data: nested(1_000_000) }) as JsonValue)).toEqual(["/data"]);
  });

  it("has at most 1 MiB as JSON, however small its text was", () => {
    const grown = parseCloudEvent(anEvent({ data: JSON.parse(`[${"1e20,".repeat(60_000)}1]`) }) as JsonValue);
    expect(grown).toMatchObject({ ok: false, error: { code: "payload_too_large" } });
    const text = parseCloudEvent(anEvent({ data: "ä".repeat(MAX_EVENT_BYTES / 2) }) as JsonValue);
    expect(text).toMatchObject({ ok: false, error: { code: "payload_too_large" } });
  });
});
