// A run for tests, started as a sender of events would.
import { expect, vi } from "vitest";
import { call } from "./call.ts";

/** Registers a workflow whose handler has the body, and starts a run of it. */
export async function startRun(name: string, body: string): Promise<string> {
  const handler = body
    .trim()
    .split("\n")
    .map((line) => `    ${line.trim()}`)
    .join("\n");
  const source = `def main(w, ev):\n${handler}\n\non_event(type = "com.example.${name}", handler = main)\n`;
  const put = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect(put.status).toBe(200);
  const event = {
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/tests",
    type: `com.example.${name}`,
  };
  const sent = await call("POST", "/v1/events", {
    rawBody: JSON.stringify(event),
    headers: { "content-type": "application/cloudevents+json" },
  });
  const run: string = sent.body.events[0].started[0].run;
  await vi.waitFor(async () => expect((await call("GET", `/v1/runs/${run}`)).status).toBe(200), {
    timeout: 8000,
  });
  return run;
}
