import { describe, expect, it } from "vitest";
import { FilteredEvent } from "../../src/events/expression.ts";
import { checkKey, Keys } from "../../src/events/key.ts";
import { batchEvent, isBatch, withHistory } from "../../src/events/start-event.ts";
import { anEvent } from "./builders.ts";

const data = { env: "production", n: 3, half: 0.5, yes: true, list: [1], long: "x".repeat(501) };
const keys = new Keys();
const keyOf = (key: string | undefined) => {
  const outcome = keys.of(key, new FilteredEvent(anEvent({ data })));
  return outcome.ok ? outcome.value : `${outcome.error.code}: ${outcome.error.message}`;
};

describe("a key", () => {
  it.each([
    [undefined, ""],
    ["event.data.env", "production"],
    ["event.data.n", "3"],
    ["event.data.half", "0.5"],
    ["event.data.yes", "true"],
    ['event.data.env + "/" + event.subject', expect.stringContaining("key_failed: No such key: subject")],
    ["has(event.subject) ? event.subject : event.data.env", "production"],
    ["event.data.list", "key_failed: the key came out as no text, number or bool"],
    ["event.data.long", "key_failed: the key came out with 501 characters, at most 500 are taken"],
  ])("%s comes out as text", (key, expected) => {
    expect(keyOf(key)).toEqual(expected);
    expect(keyOf(key), "compiled").toEqual(expected);
  });

  it("does not say how it failed on an event whose values are sensitive", () => {
    const event = anEvent({ data: { token: "hunter2" }, sluicesensitive: '["token"]' });
    expect(keys.of("bool(event.data.token)", new FilteredEvent(event))).toMatchObject({
      ok: false,
      error: {
        code: "key_failed",
        message: "the event has sensitive values, and how it failed might tell them",
      },
    });
  });

  it.each([
    ["event.", "expected"],
    ["[event.data.env]", "must come out as text, a number or a bool"],
    ['"a".join(event.data.list)', "join() cannot be called in a key"],
    ["x".repeat(2001), "at most 2000 characters"],
  ])("that cannot be one is refused when it is declared", (key, message) => {
    expect(checkKey(key)?.toLowerCase()).toContain(message.toLowerCase());
  });

  it("that is one is not", () => {
    expect(checkKey("event.data.env")).toBeUndefined();
  });
});

describe("the event of a batch", () => {
  const batch = (...events: Parameters<typeof anEvent>[0][]) =>
    batchEvent({ workspace: "default", trigger: "w/h", run: "run_1" }, events.map(anEvent));

  it("has come through as many runs as the event in it that has come through most", () => {
    expect(batch({ sluicehops: 2 }, { sluicehops: 5 }, {}).sluicehops).toBe(5);
    expect(batch({}).sluicehops).toBeUndefined();
  });

  it("lifts a freeze only if each of its events does", () => {
    expect(batch({ sluicebypass: true }, { sluicebypass: true }).sluicebypass).toBe(true);
    expect(batch({ sluicebypass: true }, {}).sluicebypass).toBeUndefined();
  });

  it("is told from an event that only has its type", () => {
    expect(isBatch(batch({}))).toBe(true);
    expect(isBatch({ ...batch({}), data: { other: 1 } })).toBe(false);
    expect(isBatch(anEvent({ data: { events: [] } }))).toBe(false);
  });
});

it("An event tells of others only where there were any", () => {
  const event = anEvent();
  expect(withHistory(event, { merged: 0, dropped: 0 })).toEqual(event);
  expect(withHistory(event, { merged: 2, dropped: 1 })).toEqual({
    ...event,
    sluicemerged: 2,
    sluicedropped: 1,
  });
});
