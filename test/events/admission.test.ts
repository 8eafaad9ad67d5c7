import { describe, expect, it } from "vitest";
import { admitAll } from "../../src/events/admission.ts";
import type { Role } from "../../src/protocol/token.ts";
import { anEvent } from "./builders.ts";

describe("an event from outside", () => {
  it("is let in as it is", () => {
    const events = [anEvent({ sluicehops: 3 }), anEvent({ type: "dev.sluicegate" })];
    expect(admitAll(events, null)).toEqual({ ok: true, value: events });
  });

  it("cannot speak for Sluice, whoever sends it, and takes its batch with it", () => {
    const events = [anEvent(), anEvent({ type: "dev.sluice.approval.resolved" })];
    for (const role of ["sender", "admin", null] as const) {
      expect(admitAll(events, role)).toMatchObject({ ok: false, error: { code: "invalid_event" } });
    }
  });

  it.each<[role: Role | null, allowed: boolean]>([
    ["sender", false],
    ["viewer", false],
    ["runner", false],
    ["operator", true],
    ["admin", true],
    [null, false],
  ])("may bypass a freeze when a person of role %s sends it: %s", (role, allowed) => {
    for (const sluicebypass of [true, "true"]) {
      const event = anEvent({ sluicebypass });
      if (allowed)
        expect(admitAll([event], role)).toEqual({ ok: true, value: [{ ...event, sluicebypass: true }] });
      else expect(admitAll([event], role)).toMatchObject({ ok: false, error: { code: "forbidden" } });
    }
    const { sluicebypass: _, ...plain } = anEvent({ sluicebypass: "no" });
    expect(admitAll([{ ...plain, sluicebypass: "no" } as typeof plain], role)).toEqual({
      ok: true,
      value: [plain],
    });
  });
});
