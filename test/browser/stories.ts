// What happens to a Sluice while people look at it.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import type { RunSummary } from "../../src/protocol/run.ts";
import { eventually, type LocalSluice } from "../end-to-end/local-sluice.ts";

/** A token of somebody new. */
export async function tokenOf(
  sluice: LocalSluice,
  subject: string,
  role: "viewer" | "operator",
): Promise<string> {
  const { token } = await sluice.admin.post<{ token: string }>("/v1/tokens", { body: { subject, role } });
  return token;
}

/** Posts GitHub's release webhook; answers the run of the canary workflow that follows from it. */
export async function release(sluice: LocalSluice): Promise<string> {
  const payload = examples
    .find(({ name }) => name === "release")
    ?.examples.find((example) => "action" in example && example.action === "published");
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", sluice.webhookSecret).update(body).digest("hex");
  const answer = await fetch(`${sluice.url}/v1/hooks/github`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "release",
      "x-github-delivery": crypto.randomUUID(),
      "x-hub-signature-256": `sha256=${signature}`,
    },
  });
  const { events } = (await answer.json()) as Receipt;
  const first = events[0]?.started[0]?.run;
  return await eventually("the canary run", async () => {
    const { runs } = await sluice.admin.get<{ runs: RunSummary[] }>("/v1/runs", {
      query: { workflow: "canary" },
    });
    return runs.find(({ event }) => first !== undefined && event.source.endsWith(first))?.id;
  });
}

/** Registers the workflow in the file beside this one, under its name. */
export async function register(sluice: LocalSluice, name: string): Promise<void> {
  const source = readFileSync(join(import.meta.dirname, `${name}.star`), "utf8");
  await registerSource(sluice, name, source);
}

export async function registerSource(sluice: LocalSluice, name: string, source: string): Promise<void> {
  const entry = `${name}.star`;
  await sluice.admin.put(`/v1/workflows/${name}`, { body: { entry, files: { [entry]: source } } });
}

interface Receipt {
  events: { started: { run: string }[]; queued?: { run: string }[] }[];
}

/** Sends an event, whatever comes of it. */
export async function post(
  sluice: LocalSluice,
  event: { type: string; subject?: string; data?: unknown },
): Promise<Receipt> {
  return await sluice.admin.post<Receipt>("/v1/events", {
    headers: { "content-type": "application/cloudevents+json" },
    rawBody: JSON.stringify({ specversion: "1.0", id: crypto.randomUUID(), source: "/tests", ...event }),
  });
}

/** Sends an event; answers the first run that it starts. */
export async function send(sluice: LocalSluice, type: string, data: unknown): Promise<string> {
  const receipt = await post(sluice, { type, data });
  const run = receipt.events[0]?.started[0]?.run;
  if (!run) throw new Error(`${type} started nothing: ${JSON.stringify(receipt)}`);
  return run;
}

/** The run, once it is as it should be. */
export async function runOnce(
  sluice: LocalSluice,
  id: string,
  isSo: (run: RunSummary) => boolean,
): Promise<RunSummary> {
  return await eventually(`the run ${id}`, async () => {
    const run = await sluice.admin.get<RunSummary>(`/v1/runs/${id}`);
    return isSo(run) ? run : undefined;
  });
}
