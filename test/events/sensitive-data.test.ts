import { describe, expect, it } from "vitest";
import { FilteredEvent } from "../../src/events/expression.ts";
import { maskedEvent, sensitivePlaces } from "../../src/events/sensitive-data.ts";
import { batchEvent } from "../../src/events/start-event.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { MASK } from "../../src/protocol/mask.ts";
import { MAX_PLACES, replacedAt } from "../../src/protocol/place.ts";
import { anEvent } from "./builders.ts";

const saying = (places: unknown, event: Partial<CloudEvent> = {}) =>
  anEvent({ ...event, sluicesensitive: JSON.stringify(places) });

describe("what an event says of its sensitive places", () => {
  it("is each place once", () => {
    expect(sensitivePlaces(saying(["token", "a.b", "token"]))).toEqual([["token"], ["a", "b"]]);
    expect(sensitivePlaces(saying(Array.from({ length: 1000 }, () => "token")))).toEqual([["token"]]);
  });

  it.each([
    ["more places than a run may name", Array.from({ length: MAX_PLACES + 1 }, (_, index) => `p${index}`)],
    ["a place that is no text", ["token", { a: 1 }]],
    ["no list", "token"],
  ])("is all of it with %s", (_, places) => {
    expect(sensitivePlaces(saying(places))).toEqual([[]]);
    expect(maskedEvent(saying(places, { data: { a: "x", n: [1] } })).data).toEqual({ a: MASK, n: [MASK] });
  });

  it("is worked out once for all filters that an event goes through", () => {
    const filtered = new FilteredEvent(saying(["token"], { data: { token: "t0ken-1" } }));
    expect(filtered.masked).toMatchObject({ data: { token: MASK } });
    expect(filtered.masked).toBe(filtered.masked);
  });
});

describe("replacing at places", () => {
  it("looks at a part once, however many places could go on there", () => {
    const names = Array.from({ length: MAX_PLACES }, (_, index) => `p${index}`);
    let read = 0;
    const counted = (place: string): string[] => {
      const names = place.split(".");
      return new Proxy(names, {
        get: (target, key, receiver) => {
          read += 1;
          return Reflect.get(target, key, receiver);
        },
      });
    };
    const value = Array.from({ length: 1000 }, (_, index): JsonValue => ({ a: { b: index }, p7: "x" }));
    const masked = replacedAt(
      value,
      names.map((name) => counted(`*.${name}`)),
      MASK,
    );
    expect(masked).toEqual(value.map((part) => ({ ...(part as object), p7: MASK })));
    expect(read).toBeLessThan(100 * MAX_PLACES);
  });
});

describe("a batch", () => {
  const batch = (events: CloudEvent[]) =>
    batchEvent({ workspace: "default", trigger: "w/h", run: "r" }, events);
  const shown = (events: CloudEvent[]) => {
    const { data } = maskedEvent(batch(events));
    return (data as unknown as { events: CloudEvent[] }).events;
  };

  it("is as sensitive as its events, each where it says so", () => {
    const { data: _, ...octets } = saying([""], { data_base64: "c2VjcmV0IQ==" });
    const events = [
      anEvent({ data: { token: "open" } }),
      saying(["token"], { data: { token: "t0ken-1", user: "shop" } }),
      octets,
    ];
    expect(shown(events)).toMatchObject([
      { data: { token: "open" } },
      { data: { token: MASK, user: "shop" } },
      { data_base64: MASK },
    ]);
  });

  it("hides the data of all of them where their places are too many", () => {
    const events = Array.from({ length: MAX_PLACES + 1 }, (_, index) =>
      saying(["token"], { data: { token: `t0ken-${index}`, user: "shop" } }),
    );
    for (const [index, event] of shown(events).entries()) {
      expect(event).toMatchObject({ id: events[index]?.id, data: { token: MASK, user: MASK } });
    }
  });

  it("says nothing of it when none of them is sensitive", () => {
    expect(batch([anEvent(), anEvent()])).not.toHaveProperty("sluicesensitive");
  });
});
