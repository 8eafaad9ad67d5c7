import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { modes, outline, type Script, ScriptedHost, workflowOf } from "./scripted-host.ts";

const canary = workflowOf(readFileSync(new URL("../../workflows/canary.star", import.meta.url), "utf8"));

describe.each(modes)("the canary deployment, $mode", ({ replayEveryTime }) => {
  function deploy(script: Script): ScriptedHost {
    return new ScriptedHost(canary, {
      replayEveryTime,
      event: { data: { service: "shop", version: "1.4.0" } },
      ...script,
      policy: (call) => {
        const production = String(call.inputs.app ?? "").endsWith("-production");
        if (!production) return { verdict: "execute", environment: "staging" };
        if (script.policy) return script.policy(call);
        const approved = call.approvals.some(({ decision }) => decision === "approve");
        return { verdict: approved ? "execute" : "hold", environment: "production" };
      },
    }).run();
  }
  const metrics =
    (breached: boolean): NonNullable<Script["functions"]> =>
    (reference) =>
      reference.includes("metrics") ? { ok: { breached, value: 0.001 } } : { ok: { healthy: true } };

  it("promotes to production once a person has approved", () => {
    const host = deploy({ functions: metrics(false) });
    expect(host.finished).toBe("succeeded");
    expect(host.deployments.map(({ environment, app, revision }) => [environment, app, revision])).toEqual([
      ["staging", "shop-canary", "1.4.0"],
      ["production", "shop-production", "1.4.0"],
    ]);
    expect(outline(host.records)).toEqual([
      "run : started",
      "0#1 run gitlab.com/cd/reconcile@v1",
      "0#1 : policy_decision",
      "0#1 : attempt_started",
      "0#1 : job_taken",
      "0#1 ok",
      "0#2 sleep",
      "0#2 ok",
      "0#3 run gitlab.com/cd/metrics-query@v1",
      "0#3 : policy_decision",
      "0#3 : attempt_started",
      "0#3 : job_taken",
      "0#3 ok",
      "0#4 run gitlab.com/cd/reconcile@v1",
      "0#4 : policy_decision",
      "0#4 : approval_opened",
      "0#4 : approval_resolved",
      "0#4 : policy_decision",
      "0#4 : attempt_started",
      "0#4 : job_taken",
      "0#4 ok",
      "run : finished",
    ]);
  });

  it("soaks for thirty minutes", () => {
    const host = deploy({ functions: metrics(false) });
    const at = (text: string) => host.records[outline(host.records).indexOf(text)]?.at ?? Number.NaN;
    expect(at("0#2 ok") - at("0#2 sleep")).toBe(30 * 60_000);
  });

  it("rolls the canary back when the metrics are breached, and never touches production", () => {
    const host = deploy({ functions: metrics(true) });
    expect(host.finished).toBe("succeeded");
    expect([...host.jobs.values()].map(({ job }) => [job.reference, job.inputs.app])).toEqual([
      ["gitlab.com/cd/reconcile@v1", "shop-canary"],
      ["gitlab.com/cd/metrics-query@v1", undefined],
      ["gitlab.com/cd/rollback@v1", "shop-canary"],
    ]);
  });

  it("fails with ApprovalDenied when the person says no", () => {
    const host = deploy({ functions: metrics(false), approve: () => "deny" });
    expect(host.finished).toBe("failed");
    expect(host.machine.ending().error).toMatchObject({
      code: "ApprovalDenied",
      message: expect.stringContaining("bob"),
    });
    expect(host.machine.ending().traceback).toContain("main.star:29");
    expect(host.jobs.size).toBe(2);
  });

  it("fails with PolicyRejected and the reasons when policy forbids production", () => {
    const host = deploy({
      functions: metrics(false),
      policy: () => ({ verdict: "reject", reasons: ["frozen until Monday"] }),
    });
    expect(host.machine.ending().error).toEqual({
      code: "PolicyRejected",
      message: "policy rejected gitlab.com/cd/reconcile@v1: frozen until Monday",
      details: { reasons: ["frozen until Monday"], bundle: "bundle-1" },
    });
  });

  it("says in words what it waits for", () => {
    const host = new ScriptedHost(canary, {
      replayEveryTime,
      event: { data: { service: "shop", version: "1.4.0" } },
      policy: (call) => ({
        verdict: call.inputs.app === "shop-production" ? "hold" : "execute",
        reasons: ["production needs approval"],
      }),
      functions: metrics(false),
      approve: () => "never",
    });
    const words: string[] = [];
    host.feed({ type: "start" });
    do {
      const { state, waitingFor } = host.machine.summary();
      if (words.at(-1) !== `${state}: ${waitingFor}`) words.push(`${state}: ${waitingFor}`);
    } while (host.step());
    expect(words).toEqual([
      "running: ",
      "running: waiting for a runner to take gitlab.com/cd/reconcile@v1",
      "waiting: sleeping for 30m",
      "running: ",
      "running: waiting for a runner to take gitlab.com/cd/metrics-query@v1",
      "running: ",
      "waiting: held by policy: production needs approval",
    ]);
  });

  it("tells the workspace what becomes of it", () => {
    const host = deploy({ functions: metrics(false) });
    expect([...host.emitted.values()].map(({ type }) => type)).toEqual([
      "dev.sluice.run.started",
      "dev.sluice.run.waiting",
      "dev.sluice.approval.requested",
      "dev.sluice.run.waiting",
      "dev.sluice.approval.resolved",
      "dev.sluice.run.succeeded",
    ]);
  });
});
