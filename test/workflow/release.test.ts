import { readFileSync } from "node:fs";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { describe, expect, it } from "vitest";
import { FilteredEvent } from "../../src/events/expression.ts";
import { checkFilter, compileFilter } from "../../src/events/filter.ts";
import { eventFromGithub } from "../../src/events/github.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import { loadWorkflow } from "../../src/workflow/index.ts";
import { ScriptedHost, sha256Hex } from "./scripted-host.ts";

const source = readFileSync(new URL("../../workflows/release.star", import.meta.url), "utf8");
const loaded = loadWorkflow(
  { entry: "release.star", files: { "release.star": source } },
  { name: "release", sha256Hex, checkFilter },
);
if (!loaded.ok) throw new Error(loaded.error.message);
const workflow = loaded.value;

const releases = (examples as unknown as { name: string; examples: JsonObject[] }[])
  .filter(({ name }) => name === "release")
  .flatMap((event) => event.examples);

function eventOf(payload: JsonValue): CloudEvent {
  const received = eventFromGithub({
    event: "release",
    delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    contentType: "application/json",
    body: new TextEncoder().encode(JSON.stringify(payload)),
  });
  if (!received.ok) throw new Error(received.error.message);
  return received.value.event;
}

/** Whether the workflow's trigger takes the event. */
function isTaken(event: CloudEvent): boolean {
  const [trigger] = workflow.triggers;
  if (trigger?.type !== event.type) return false;
  const filter = compileFilter(trigger.filter ?? "true");
  const passed = filter.ok ? filter.value(new FilteredEvent(event)) : filter;
  return passed.ok && passed.value;
}

describe("release.star", () => {
  const published = releases.filter(({ action }) => action === "published");

  it("asks for a deployment of every release that GitHub shows as published", () => {
    expect(published.length).toBeGreaterThan(0);
    for (const payload of published) {
      const event = eventOf(payload);
      expect(isTaken(event)).toBe(true);
      const asked: JsonObject[] = [];
      const host = new ScriptedHost(workflow, {
        event,
        builtins: (name, inputs) => {
          asked.push({ name, inputs });
          return { ok: { id: "emitted" } };
        },
      }).run();
      const release = payload.release as JsonObject;
      const service = (payload.repository as JsonObject).name ?? null;
      expect(host.machine.ending().output).toEqual({ id: "emitted" });
      expect(asked).toContainEqual({
        name: "emit",
        inputs: {
          type: "com.gitlab.cd.deploy_requested",
          subject: service,
          data: { service, version: release.tag_name, release: release.html_url },
        },
      });
    }
  });

  it("leaves prereleases and everything else that happens to a release alone", () => {
    for (const payload of releases) {
      const release = payload.release as JsonObject;
      const isWanted = payload.action === "published" && release.prerelease === false;
      expect(isTaken(eventOf(payload)), String(payload.action)).toBe(isWanted);
      expect(isTaken(eventOf({ ...payload, release: { ...release, prerelease: true } }))).toBe(false);
    }
  });
});
