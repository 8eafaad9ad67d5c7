import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { attributesOfConsequence, hopsOf, nextHops } from "../../src/events/hops.ts";
import { runIdFor } from "../../src/events/run-id.ts";
import { isRunId } from "../../src/protocol/ids.ts";
import { anEvent } from "./builders.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("hops", () => {
  it("count the runs an event has come through", () => {
    const outside = anEvent();
    const first = anEvent(nextHops(outside));
    const second = anEvent(nextHops(first));
    expect([outside, first, second].map(hopsOf)).toEqual([0, 1, 2]);
  });

  it("go with an emergency bypass into what a script causes, and with nothing else of the event", () => {
    const attributes = (event: Parameters<typeof anEvent>[0]) => attributesOfConsequence(anEvent(event));
    expect(attributes({ sluicebypass: true, subject: "x" })).toEqual({ sluicehops: 1, sluicebypass: true });
    expect(attributes({ sluicebypass: "true" })).toEqual({ sluicehops: 1 });
  });

  it("are read from headers, which are text", () => {
    expect(hopsOf(anEvent({ sluicehops: "31" }))).toBe(31);
  });

  it.each([-1, 1.5, "x", "1e9", true, null])("that are %j count as none", (sluicehops) => {
    expect(hopsOf(anEvent({ sluicehops }))).toBe(0);
  });
});

describe("the id of a run that an event starts", () => {
  it("depends on trigger, source and id, and on nothing else", () => {
    const event = anEvent({ source: "/a", id: "b" });
    const id = runIdFor("canary/deploy", event, sha256);
    expect(isRunId(id)).toBe(true);
    expect(runIdFor("canary/deploy", anEvent({ source: "/a", id: "b", data: "other" }), sha256)).toBe(id);
    const others = [
      runIdFor("canary/other", event, sha256),
      runIdFor("canary/deploy", { ...event, id: "c" }, sha256),
      runIdFor("canary/deploy", { ...event, source: "/ab", id: "" }, sha256),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });
});
