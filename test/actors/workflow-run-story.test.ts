// The main job, with every actor real: an event, a canary, a soak, a hold, an approval, production.
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  busStub,
  catalogStub,
  DEFAULT_WORKSPACE,
  directoryStub,
  environmentStub,
} from "../../durable-objects/stubs.ts";
import type { ApprovalId, RunId } from "../../src/protocol/ids.ts";
import type { Job, JobOutcome } from "../../src/protocol/job.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { Identity } from "../../src/protocol/token.ts";
import canary from "../../workflows/canary.star?raw";
import { event, operator, TestRun, unwrap } from "./run-fixture.ts";
import { type ScriptedRunner, startRunner } from "./scripted-runner.ts";

const settings = env as unknown as Record<string, string>;
const alice: Identity = { subject: "alice", role: "operator", tokenId: "t2" };
const catalog = () => catalogStub(env, DEFAULT_WORKSPACE);
const directory = () => directoryStub(env, DEFAULT_WORKSPACE);

/** As cd/reconcile and cd/metrics-query answer when all is well. */
function healthy(job: Job): JobOutcome {
  return job.function.reference.includes("metrics")
    ? { ok: { value: 0, breached: false } }
    : { ok: { healthy: true, revision: job.inputs.revision ?? null } };
}

let runner: ScriptedRunner;

beforeAll(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  settings.SLUICE_MODE = "local";
  // Thirty minutes of soak in half a second.
  settings.SLUICE_TIME_SCALE = "3600";
  const production = {
    tier: "production",
    risk: "high",
    labels: {},
    targets: [{ function: "*", inputs: { app: "*-production" } }],
    freezes: [],
  } as const;
  unwrap(
    await environmentStub(env, DEFAULT_WORKSPACE, "production").put({
      workspace: DEFAULT_WORKSPACE,
      name: "production",
      value: { ...production, targets: [...production.targets], freezes: [] },
      by: operator,
    }),
  );
  const input = { entry: "canary.star", files: { "canary.star": canary } };
  unwrap(await catalog().putWorkflow({ name: "canary", input, by: operator }));
});

afterEach(async () => {
  await runner.stop();
});

async function requestDeploy(service: string, version: string): Promise<TestRun> {
  const requested = event({ type: "com.gitlab.cd.deploy_requested", data: { service, version } });
  const [receipt] = await busStub(env, DEFAULT_WORKSPACE).ingest([requested], "alice");
  const started = receipt?.started[0];
  if (!started) throw new Error("no run started");
  return new TestRun(started.run as RunId);
}

async function pendingApproval(run: TestRun): Promise<Approval> {
  return await vi.waitFor(
    async () => {
      const approvals = await directory().approvals({ state: "pending", limit: 100 });
      const approval = approvals.find((one) => one.run === run.id);
      if (!approval) throw new Error(`nothing to approve: ${JSON.stringify(await run.rpc.detail())}`);
      return approval;
    },
    { timeout: 20_000, interval: 20 },
  );
}

/** Decides until an answer arrives: the object may be killed under the call. */
async function approve(run: TestRun, approval: Approval, by: Identity) {
  const id = approval.id as ApprovalId;
  return await run.rpc.resolveApproval({ approval: id, decision: "approve", comment: "looks good", by });
}

const calls = (jobs: readonly Job[], service: string) =>
  jobs
    .filter(({ inputs }) => JSON.stringify(inputs).includes(service))
    .map((job) => `${job.function.reference} ${job.inputs.app ?? ""}`.trim());

const deployed = (service: string) => [
  `gitlab.com/cd/reconcile@v1 ${service}-canary`,
  "gitlab.com/cd/metrics-query@v1",
  `gitlab.com/cd/reconcile@v1 ${service}-production`,
];

describe("the canary deployment", () => {
  beforeEach(() => {
    runner = startRunner(healthy);
  });

  test("goes from the event over canary, soak, hold and approval to production", async () => {
    const run = await requestDeploy("shop", "v1.2.3");
    const approval = await pendingApproval(run);
    expect(approval).toMatchObject({
      function: "gitlab.com/cd/reconcile@v1",
      environment: "production",
      trustScore: 0,
      initiator: "alice",
      inputs: { app: "shop-production", revision: "v1.2.3" },
    });
    expect(await run.detail()).toMatchObject({ state: "waiting", environments: ["production"] });
    expect(calls(runner.completed, "shop")).toEqual(deployed("shop").slice(0, 2));

    expect(await approve(run, approval, alice)).toMatchObject({
      ok: false,
      error: { code: "self_approval" },
    });
    expect(unwrap(await approve(run, approval, operator))).toMatchObject({
      state: "approved",
      resolvedBy: "olivia",
    });
    expect(await approve(run, approval, operator)).toMatchObject({
      ok: false,
      error: { code: "already_resolved" },
    });

    const detail = await run.until("succeeded");
    expect(calls(runner.completed, "shop")).toEqual(deployed("shop"));
    expect(detail.activities.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      "run succeeded",
      "sleep succeeded",
      "run succeeded",
      "run succeeded",
    ]);

    // What the others know of it, a moment later.
    await vi.waitFor(async () => {
      const { deployments } = unwrap(await environmentStub(env, DEFAULT_WORKSPACE, "production").view());
      expect(deployments).toMatchObject([{ app: "shop-production", revision: "v1.2.3", run: run.id }]);
      const { runs } = await directory().runs({ limit: 10 });
      expect(runs.find(({ id }) => id === run.id)).toMatchObject({
        state: "succeeded",
        version: detail.version,
      });
      const approvals = await directory().approvals({ state: "approved", limit: 100 });
      expect(approvals.map(({ id }) => id)).toContain(approval.id);
      const { entries } = await directory().audit({ limit: 100 });
      expect(entries.filter(({ action }) => action === "approval.approve")).toMatchObject([
        { by: "olivia", subject: approval.id },
      ]);
    });
    const { events } = await busStub(env, DEFAULT_WORKSPACE).events({ limit: 100 });
    const told = events.map((stored) => stored.event.type).filter((type) => type.startsWith("dev.sluice."));
    for (const type of ["run.started", "approval.requested", "approval.resolved", "run.succeeded"]) {
      expect(told).toContain(`dev.sluice.${type}`);
    }
  });

  test("goes the same way when every step replays the journal from the top", async () => {
    settings.SLUICE_REPLAY_EVERY_TIME = "1";
    try {
      const run = await requestDeploy("news", "v7");
      unwrap(await approve(run, await pendingApproval(run), operator));
      await run.until("succeeded");
      expect(calls(runner.completed, "news")).toEqual(deployed("news"));
    } finally {
      settings.SLUICE_REPLAY_EVERY_TIME = "";
    }
  });

  test("is rolled back when the canary's metrics are bad, and production is left alone", async () => {
    await runner.stop();
    runner = startRunner((job) =>
      job.function.reference.includes("metrics") ? { ok: { value: 0.5, breached: true } } : healthy(job),
    );
    const run = await requestDeploy("blog", "v2");
    await run.until("succeeded");
    expect(calls(runner.completed, "blog")).toEqual([
      "gitlab.com/cd/reconcile@v1 blog-canary",
      "gitlab.com/cd/metrics-query@v1",
      "gitlab.com/cd/rollback@v1 blog-canary",
    ]);
  });

  test("stops when the approval is denied, with the reason", async () => {
    const run = await requestDeploy("wiki", "v3");
    const approval = await pendingApproval(run);
    const id = approval.id as ApprovalId;
    unwrap(
      await run.rpc.resolveApproval({
        approval: id,
        decision: "deny",
        comment: "not on Friday",
        by: operator,
      }),
    );
    const detail = await run.until("failed");
    expect(JSON.stringify(detail.error)).toContain("not on Friday");
    expect(calls(runner.completed, "wiki")).toHaveLength(2);
  });

  test("ends the same with every object killed again and again", async () => {
    const services = ["docs", "mail", "cart", "feed"];
    const runs = await Promise.all(services.map((service) => requestDeploy(service, "v4")));
    let kills = 0;
    let killing = true;
    const killer = (async () => {
      while (killing && kills < 30) {
        // Sometimes two in a row, sometimes time to get somewhere: the same in every run of this test.
        await new Promise((resolve) => setTimeout(resolve, 10 + ((kills * 61) % 140)));
        await abortAllDurableObjects();
        kills += 1;
      }
    })();
    for (const run of runs) {
      const approval = await pendingApproval(run);
      await vi.waitFor(
        async () => {
          const answer = await approve(run, approval, operator);
          if (!answer.ok && answer.error.code !== "already_resolved") throw new Error(JSON.stringify(answer));
        },
        { timeout: 10_000, interval: 10 },
      );
    }
    await vi.waitFor(
      async () => {
        for (const run of runs) expect(await run.state()).toBe("succeeded");
      },
      { timeout: 20_000, interval: 30 },
    );
    killing = false;
    await killer;
    expect(kills).toBeGreaterThan(10);
    for (const [n, run] of runs.entries()) {
      const service = services[n] ?? "";
      // Each outcome was accepted once; a Function may have been begun more often.
      expect(calls(runner.completed, service)).toEqual(deployed(service));
      const completed = (await run.journal()).filter(({ type }) => type === "completed");
      expect(completed).toHaveLength(4);
    }
    const { deployments } = await vi.waitFor(async () => {
      const view = unwrap(await environmentStub(env, DEFAULT_WORKSPACE, "production").view());
      for (const run of runs) expect(view.deployments.map((deployment) => deployment.run)).toContain(run.id);
      return view;
    });
    expect(deployments.every(({ revision }) => revision.startsWith("v"))).toBe(true);
  }, 60_000);
});
