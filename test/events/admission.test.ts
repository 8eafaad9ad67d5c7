import { describe, expect, it } from "vitest";
import { admitAll } from "../../src/events/admission.ts";
import { scheduleEvent } from "../../src/events/schedule-event.ts";
import type { Role } from "../../src/protocol/token.ts";
import { anEvent } from "./builders.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const FIRING = { schedule: "backup/nightly", time: NOW, firedAt: NOW };

describe("an event from outside", () => {
  it("is let in as it is", () => {
    const events = [anEvent({ sluicehops: 3 }), anEvent({ type: "dev.sluicegate" })];
    expect(admitAll(events, null, NOW)).toEqual({ ok: true, value: events });
  });

  it("cannot speak for Sluice, whoever sends it, and takes its batch with it", () => {
    const events = [anEvent(), anEvent({ type: "dev.sluice.approval.resolved" })];
    for (const role of ["sender", "admin", null] as const) {
      expect(admitAll(events, role, NOW)).toMatchObject({ ok: false, error: { code: "invalid_event" } });
    }
  });

  it("cannot take the place of what a run, a schedule or a workflow's start sends", () => {
    const { source } = scheduleEvent("default", { cron: "0 3 * * *", timezone: "UTC" }, FIRING);
    for (const role of ["sender", "admin", null] as const) {
      expect(admitAll([anEvent(), anEvent({ source })], role, NOW)).toMatchObject({
        ok: false,
        error: { code: "invalid_event", details: { errors: [{ pointer: "/source" }] } },
      });
    }
    const report = {
      type: "dev.sluice.deployment.health",
      data: { environment: "e", app: "a", status: "healthy" },
    };
    expect(admitAll([anEvent({ ...report, source })], "sender", NOW)).toMatchObject({ ok: false });
    const like = anEvent({ source: "/workspaces" });
    expect(admitAll([like], null, NOW)).toEqual({ ok: true, value: [like] });
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
        expect(admitAll([event], role, NOW)).toEqual({ ok: true, value: [{ ...event, sluicebypass: true }] });
      else expect(admitAll([event], role, NOW)).toMatchObject({ ok: false, error: { code: "forbidden" } });
    }
    const { sluicebypass: _, ...plain } = anEvent({ sluicebypass: "no" });
    expect(admitAll([{ ...plain, sluicebypass: "no" } as typeof plain], role, NOW)).toEqual({
      ok: true,
      value: [plain],
    });
  });

  it("may report health, whoever sends it, in a form that can be read", () => {
    const type = "dev.sluice.deployment.health";
    const report = anEvent({ type, data: { environment: "production", app: "shop", status: "healthy" } });
    expect(admitAll([report], "sender", NOW)).toEqual({ ok: true, value: [report] });
    expect(admitAll([report, anEvent({ type, data: {} })], "admin", NOW)).toMatchObject({
      ok: false,
      error: { code: "invalid_event" },
    });
  });
});
