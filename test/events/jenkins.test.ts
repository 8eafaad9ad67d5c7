import { describe, expect, it } from "vitest";
import { eventsFromJenkins } from "../../src/events/jenkins.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anEvent } from "./builders.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = { "content-type": "application/json;charset=UTF-8" };

function eventsOf(headers: Record<string, string>, body: JsonValue): CloudEvent[] {
  const result = eventsFromJenkins({ headers: Object.entries(headers), body: bytes(JSON.stringify(body)) });
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** What the notification plugin posts. */
function aNotification(build: { [key: string]: JsonValue } = {}) {
  return {
    name: "deploy shop",
    display_name: "deploy shop",
    url: "job/deploy%20shop/",
    build: {
      full_url: "http://ci.example:8080/job/deploy%20shop/18/",
      number: 18,
      queue_id: 1,
      timestamp: 1_795_262_400_000,
      duration: 0,
      phase: "COMPLETED",
      status: "SUCCESS",
      url: "job/deploy%20shop/18/",
      scm: { url: "https://git.example/shop.git", branch: "origin/main", commit: "c6d86dc" },
      ...build,
    },
  };
}

describe("Jenkins", () => {
  it("notifications become events of the build", () => {
    const notification = aNotification();
    expect(eventsOf(json, notification)).toEqual([
      {
        specversion: "1.0",
        id: "job/deploy%20shop/#18:COMPLETED",
        source: "http://ci.example:8080/job/deploy%20shop/18/",
        type: "com.jenkins.build.completed",
        subject: "deploy shop#18",
        time: "2026-11-21T12:00:00.000Z",
        datacontenttype: "application/json",
        data: notification,
      },
    ]);
  });

  it("notifications that are repeated are the same event, other phases are others", () => {
    const id = (build = {}) => eventsOf(json, aNotification(build))[0]?.id;
    expect(id()).toBe(id({ duration: 9000, timestamp: 1 }));
    expect(new Set([id(), id({ phase: "STARTED" }), id({ number: 19 })]).size).toBe(3);
  });

  it("notifications without a phase are told apart by their time", () => {
    const id = (timestamp: number) => eventsOf(json, aNotification({ phase: "NONE", timestamp }))[0]?.id;
    expect(id(1)).toBe(id(1));
    expect(id(1)).not.toBe(id(2));
  });

  it("that does not know its own address still names the build", () => {
    const { full_url: _, ...build } = aNotification().build;
    expect(eventsOf(json, { ...aNotification(), build })[0]?.source).toBe("job/deploy%20shop/18/");
  });

  it("CloudEvents are taken in all modes of the binding", () => {
    const event = anEvent({ type: "org.jenkinsci.job.started", source: "job/shop" });
    expect(eventsOf({ "content-type": "application/cloudevents+json" }, event as JsonValue)).toEqual([event]);
    expect(eventsOf({ "content-type": "application/cloudevents-batch+json" }, [event as JsonValue])).toEqual([
      event,
    ]);
    const binary = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "job/shop",
      "ce-type": "org.jenkinsci.queue.entered_waiting",
    };
    expect(eventsOf(binary, { status: "x" })).toMatchObject([
      { type: "org.jenkinsci.queue.entered_waiting", source: "job/shop", data: { status: "x" } },
    ]);
  });

  it.each<[code: string, body: string]>([
    ["malformed_body", "<job/>"],
    ["malformed_body", ""],
    ["invalid_payload", "[]"],
    ["invalid_payload", "{}"],
    ["invalid_payload", JSON.stringify({ name: "x", build: { number: 1 } })],
    ["invalid_payload", JSON.stringify({ name: "x", build: { number: 1, phase: "a b" } })],
    ["invalid_payload", JSON.stringify({ ...aNotification(), url: `job/${"x".repeat(300)}` })],
    ["invalid_event", JSON.stringify({ ...aNotification(), url: "job/\u0000" })],
  ])("is refused as %s for %s", (code, body) => {
    const result = eventsFromJenkins({ headers: Object.entries(json), body: bytes(body) });
    expect(result).toMatchObject({ ok: false, error: { code } });
  });
});
