// Plays the main job: GitHub says a release was published; a workflow asks for a deployment; the canary workflow
// deploys, soaks, reads metrics, is held for production, and promotes once a person approves.
import { createHmac, randomUUID } from "node:crypto";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import pc from "picocolors";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { RunDetail, RunSummary } from "../../src/protocol/run.ts";
import { createClient } from "../client.ts";
import { createRunScreen, isOver } from "../watch-run.ts";
import type { Stack } from "./stack.ts";
import { readStateFile, writeStateFile } from "./state.ts";

const LOOK_EVERY_MS = 200;
/** With --yes nobody watches: give up, loudly, rather than hang. */
const PATIENCE_MS = 180_000;
const APPROVER = "release-manager";

interface Release {
  action: string;
  release: { tag_name: string };
  repository: { name: string; full_name: string };
}

function publishedRelease(): Release {
  const release = examples.find(({ name }) => name === "release");
  const published = release?.examples.find(
    (example) => "action" in example && example.action === "published",
  );
  if (!published) throw new Error("the examples hold no release.published payload");
  return published as unknown as Release;
}

/**
 * The delivery this demonstration posts. Kept from before the first post until its runs are over: after a kill
 * the same delivery is posted again, which the bus recognises, and the runs are found where they were.
 */
function currentDelivery(folder: string): { id: string; isNew: boolean } {
  const kept = readStateFile(folder, "demo-delivery");
  if (kept) return { id: kept, isNew: false };
  const id = randomUUID();
  writeStateFile(folder, "demo-delivery", id);
  return { id, isNew: true };
}

async function postWebhook(stack: Stack, payload: Release, delivery: string): Promise<EventReceipt> {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", stack.state.webhookSecret).update(body).digest("hex");
  const { events } = await createClient({ url: stack.url, token: undefined }).post<{
    events: EventReceipt[];
  }>("/v1/hooks/github", {
    rawBody: body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "release",
      "x-github-delivery": delivery,
      "x-hub-signature-256": `sha256=${signature}`,
    },
  });
  const [receipt] = events;
  if (!receipt) throw new Error("the webhook was acknowledged without an event");
  return receipt;
}

/** The run itself and every run that an event of it started, oldest first. */
async function family(stack: Stack, first: string): Promise<RunDetail[]> {
  const { runs } = await stack.client.get<{ runs: RunSummary[] }>("/v1/runs", { query: { limit: 100 } });
  const children = runs.filter((run) => run.event.source.endsWith(`/runs/${first}`)).map(({ id }) => id);
  return Promise.all([first, ...children].map((id) => stack.client.get<RunDetail>(`/v1/runs/${id}`)));
}

/** Approves as somebody who did not start the run. */
async function approve(stack: Stack, approvals: Approval[]): Promise<void> {
  const { token, id } = await stack.client.post<{ token: string; id: string }>("/v1/tokens", {
    body: { subject: APPROVER, role: "operator", expiresInDays: 1 },
  });
  const approver = createClient({ url: stack.url, token });
  for (const approval of approvals) {
    await approver.post(`/v1/approvals/${encodeURIComponent(approval.id)}`, {
      body: { decision: "approve", comment: "canary looks healthy" },
    });
  }
  await stack.client.delete(`/v1/tokens/${id}`);
}

/** What is wrong with what got deployed; empty when nothing is. */
async function checkDeployed(stack: Stack, app: string, revision: string): Promise<string[]> {
  const response = await fetch(`${stack.targetUrl}/${app}/health.json`);
  if (!response.ok) return [`${app} is not deployed (${response.status})`];
  const health = (await response.json()) as { revision?: string; status?: string };
  const wrong: string[] = [];
  if (health.revision !== revision) wrong.push(`${app} is at ${health.revision}, not ${revision}`);
  if (health.status !== "healthy") wrong.push(`${app} is ${health.status}, not healthy`);
  return wrong;
}

/** Plays until the runs are over (or forever, while nobody approves). Answers whether all went well. */
export async function playDemo(stack: Stack, options: { approve: boolean }): Promise<boolean> {
  const payload = publishedRelease();
  const service = payload.repository.name;
  const revision = payload.release.tag_name;
  const delivery = currentDelivery(stack.state.folder);
  const receipt = await postWebhook(stack, payload, delivery.id);
  const first = receipt.started[0]?.run;
  if (!first) {
    process.stderr.write(`${pc.red("The webhook started no run.")} Is workflows/release.star registered?\n`);
    return false;
  }
  process.stdout.write(
    delivery.isNew
      ? `GitHub posted release.published (${payload.repository.full_name} ${revision}), signed. 202, one run started.\n\n`
      : `Going on with delivery ${delivery.id} where it was.\n\n`,
  );

  const screen = createRunScreen(process.stdout);
  const started = Date.now();
  for (;;) {
    const runs = await family(stack, first);
    const held = runs.flatMap((run) => run.activities.filter((activity) => activity.state === "held"));
    screen.show(runs, held.length > 0 && !options.approve ? approvalAdvice(stack) : undefined);
    const failed = runs.filter((run) => isOver(run) && run.state !== "succeeded");
    if (failed.length > 0 || (runs.length > 1 && runs.every(isOver))) {
      screen.done();
      writeStateFile(stack.state.folder, "demo-delivery", "");
      return await report(stack, failed, service, revision);
    }
    if (options.approve && held.length > 0) {
      const { approvals } = await stack.client.get<{ approvals: Approval[] }>("/v1/approvals", {
        query: { state: "pending" },
      });
      await approve(
        stack,
        approvals.filter(({ run }) => runs.some(({ id }) => id === run)),
      );
    }
    if (options.approve && Date.now() - started > PATIENCE_MS) {
      screen.done();
      process.stderr.write(
        `${pc.red(`Not over after ${PATIENCE_MS / 1000} s.`)} See ${stack.state.folder}/server.log\n`,
      );
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function approvalAdvice(stack: Stack): string {
  return pc.dim(
    `Production is held by policy until somebody approves. In another terminal, here, run the command above.\nMeanwhile the canary is at ${stack.targetUrl}`,
  );
}

async function report(
  stack: Stack,
  failed: RunDetail[],
  service: string,
  revision: string,
): Promise<boolean> {
  const wrong = failed.map(
    (run) => `${run.workflow} ${run.state}: ${run.error?.message ?? "see its timeline above"}`,
  );
  if (wrong.length === 0) wrong.push(...(await checkDeployed(stack, `${service}-production`, revision)));
  if (wrong.length > 0) {
    process.stderr.write(
      `\n${pc.red("The deployment went wrong:")}\n${wrong.map((line) => `  ${line}`).join("\n")}\n`,
    );
    return false;
  }
  process.stdout.write(
    `\n${pc.green("✓")} ${service} ${revision} is in production and healthy: ${stack.targetUrl}/${service}-production/\n`,
  );
  return true;
}
