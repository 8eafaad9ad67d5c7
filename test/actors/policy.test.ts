import { expect, test } from "vitest";
import wasm from "../../policies/bundle/policy.wasm";
import { evaluatePolicy } from "../../src/policy/index.ts";
import { createOpaEngine } from "../../src/policy/opa-engine.ts";
import type { PolicyInput } from "../../src/protocol/policy.ts";

function input(inputs: Record<string, unknown> = {}): PolicyInput {
  return {
    function: { reference: "f@v1", name: "f", version: "v1", inputs, trust_score: 0.62 },
    environment: { name: "production", tier: "production", risk: "high", labels: {}, freezes: [] },
    caller: {
      workflow: "canary",
      digest: "d",
      trigger: "canary/deploy",
      event_source: "/s",
      event_type: "t",
      initiator: "alice",
      run: "run_1",
      emergency_bypass: false,
    },
    approvals: [],
    time: "2026-11-21T00:00:00Z",
  };
}

test("the bundle decides inside workerd, where nothing may be compiled at run time", async () => {
  expect(await evaluatePolicy(input())).toEqual({
    verdict: "hold",
    reasons: ["production needs approval: trust 0.62 is below 0.8"],
    bundle: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

const nested = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
const hostile = [{ nested }, { many: Array(520_000).fill(1) }];

test("hostile inputs that rules read are rejected there too, and the next call is decided as ever", async () => {
  const reader = createOpaEngine({ wasm, digest: "x" });
  for (const inputs of hostile) {
    expect((await reader.evaluate(input(inputs))).verdict).toBe("reject");
    expect((await reader.evaluate(input())).verdict).toBe("hold");
  }
});

test("hostile inputs that no rule reads are nothing to the bundle", async () => {
  for (const inputs of hostile) expect((await evaluatePolicy(input(inputs))).verdict).toBe("hold");
});
