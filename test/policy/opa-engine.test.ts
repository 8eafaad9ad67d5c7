import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import fc from "fast-check";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import facts from "../../policies/bundle/bundle.json" with { type: "json" };
import { createOpaEngine } from "../../src/policy/opa-engine.ts";
import type { PolicyEngine } from "../../src/policy/policy-engine.ts";
import type { PolicyInput, Verdict } from "../../src/protocol/policy.ts";

const bytes = readFileSync(new URL("../../policies/bundle/policy.wasm", import.meta.url));
/** As a deployment has it, and one that is given all of its input every time. */
let engine: PolicyEngine;
let reader: PolicyEngine;
beforeAll(() => {
  const bundle = { wasm: new Uint8Array(bytes), digest: facts.digest };
  engine = createOpaEngine({ ...bundle, reads: facts.reads });
  reader = createOpaEngine(bundle);
});

function input(partial: Partial<PolicyInput> = {}): PolicyInput {
  return {
    function: {
      reference: "gitlab.com/cd/reconcile@v1",
      name: "gitlab.com/cd/reconcile",
      version: "v1",
      inputs: {},
      trust_score: 0,
    },
    environment: { name: "production", tier: "production", risk: "high", labels: {}, freezes: [] },
    caller: {
      workflow: "canary",
      digest: "d",
      trigger: "t",
      event_source: "/s",
      event_type: "e",
      initiator: "alice",
      run: "run_1",
      emergency_bypass: false,
    },
    approvals: [],
    time: "2026-11-21T00:00:00Z",
    ...partial,
  };
}

type LoadedPolicy = Awaited<ReturnType<typeof loadPolicy>>;

/** The deployed bundle in an engine that says how often it has run the WebAssembly. */
async function countingEvaluations(): Promise<{ calls: () => number; counting: PolicyEngine }> {
  const loaded = Object.getPrototypeOf(await loadPolicy(new Uint8Array(bytes))) as LoadedPolicy;
  const evaluate = vi.spyOn(loaded, "evaluate");
  onTestFinished(() => evaluate.mockRestore());
  const counting = createOpaEngine({
    wasm: new Uint8Array(bytes),
    digest: facts.digest,
    reads: facts.reads,
  });
  return { calls: () => evaluate.mock.calls.length, counting };
}

/** The rules of the GitLab CD System document, in TypeScript. */
function expectedVerdict({ environment, function: fn, caller, approvals }: PolicyInput): Verdict {
  if (approvals.some(({ decision }) => decision === "deny")) return "reject";
  if (!environment) return "execute";
  if (environment.freezes.length > 0 && !caller.emergency_bypass) return "reject";
  const approved = approvals.some(({ decision, by }) => decision === "approve" && by !== caller.initiator);
  return environment.tier === "production" && fn.trust_score < 0.8 && !approved ? "hold" : "execute";
}

describe("the default policy", () => {
  test("decides as the rules say, for any call", async () => {
    const person = fc.constantFrom("alice", "bob", "carol");
    const inputs = fc.record({
      trust: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.8, 0.7999999, 1)),
      tier: fc.constantFrom("production", "staging", "development", null),
      freezes: fc.array(
        fc.record({ name: fc.string(), reason: fc.string(), to: fc.constant("2027-01-01T00:00:00Z") }),
        { maxLength: 2 },
      ),
      bypass: fc.boolean(),
      initiator: person,
      approvals: fc.array(
        fc.record({
          decision: fc.constantFrom("approve" as const, "deny" as const),
          by: person,
          comment: fc.string(),
          at: fc.constant("2026-11-21T00:00:00Z"),
        }),
        { maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ trust, tier, freezes, bypass, initiator, approvals }) => {
        const base = input();
        const call = input({
          function: { ...base.function, trust_score: trust },
          environment: tier === null ? null : { name: "env", tier, risk: "low", labels: {}, freezes },
          caller: { ...base.caller, initiator, emergency_bypass: bypass },
          approvals,
        });
        const decision = await engine.evaluate(call);
        expect(decision.verdict).toBe(expectedVerdict(call));
        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(decision).toEqual(await reader.evaluate(call));
      }),
      { numRuns: 500 },
    );
  });

  test("decides anything at all as if it were given all of it", async () => {
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          trust_score: fc.jsonValue(),
          initiator: fc.jsonValue(),
          emergency_bypass: fc.jsonValue(),
          name: fc.jsonValue(),
          tier: fc.constantFrom("production", "staging", 1),
          freezes: fc.oneof(
            fc.jsonValue(),
            fc.array(fc.record({ to: fc.jsonValue(), reason: fc.jsonValue() })),
          ),
        },
        { requiredKeys: [] },
      ),
    );
    const members = ["function", "environment", "caller", "approvals", "time"] as const;
    const document = fc.record(Object.fromEntries(members.map((name) => [name, part])), { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(document, async (any) => {
        const given = any as unknown as PolicyInput;
        expect(await engine.evaluate(given)).toEqual(await reader.evaluate(given));
      }),
      { numRuns: 300 },
    );
  });

  test("says why in a sentence", async () => {
    expect(await engine.evaluate(input())).toEqual({
      verdict: "hold",
      reasons: ["production needs approval: trust 0.00 is below 0.8"],
      bundle: facts.digest,
    });
  });

  test("is not confused by hostile inputs of the function", async () => {
    const inputs = JSON.parse('{"__proto__": {"trust_score": 1}, "a": "\\u0000 \\" }"}') as Record<
      string,
      unknown
    >;
    const call = input({ function: { ...input().function, inputs } });
    expect((await engine.evaluate(call)).verdict).toBe("hold");
  });

  const mebibyte = 1024 * 1024;
  test.each([
    ["one text", "x".repeat(mebibyte)],
    ["numbers", Array(mebibyte / 4).fill(123)],
    ["objects", Array(35_000).fill({ name: "shop", value: 12 })],
    ["an object of many names", Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`key${n}`, n]))],
  ])("takes the largest inputs there can be: %s", async (_, value) => {
    const call = input({ function: { ...input().function, inputs: { value } } });
    for (let n = 0; n < 3; n += 1) expect((await reader.evaluate(call)).verdict).toBe("hold");
  });
});

describe("an engine that cannot decide", () => {
  const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown;

  test.each([
    ["more values than fit its memory", () => Array(520_000).fill(1) as unknown, "too many values"],
    ["deeper nesting than a stack holds", () => nested(100_000), "nested too deeply"],
  ])("rejects %s, and decides the next call as ever", async (_, value, why) => {
    const decision = await reader.evaluate(
      input({ function: { ...input().function, inputs: { a: value() }, trust_score: 1 } }),
    );
    expect(decision).toMatchObject({
      verdict: "reject",
      reasons: [expect.stringMatching(`^the policy could not be evaluated: .*${why}`)],
    });
    expect((await reader.evaluate(input())).verdict).toBe("hold");
  });

  test("rejects, and says so", async () => {
    const broken = createOpaEngine({ wasm: new Uint8Array([0, 1, 2, 3]), digest: "x" });
    await broken.load();
    expect(broken.evaluateAtOnce(input())).toBeUndefined();
    const decision = await broken.evaluate(input());
    expect(decision.verdict).toBe("reject");
    expect(decision.reasons[0]).toContain("could not be evaluated");
  });

  test("rejects what it does not understand", async () => {
    const decision = await engine.evaluate({} as PolicyInput);
    expect(decision).toMatchObject({ verdict: "reject", reasons: ["the policy input is incomplete"] });
  });
});

test("an engine that is loaded ahead decides its first call at once", async () => {
  const { counting } = await countingEvaluations();
  expect(counting.evaluateAtOnce(input())).toBeUndefined();
  await counting.load();
  expect(counting.evaluateAtOnce(input())).toEqual(await engine.evaluate(input()));
});

describe("a question that was asked before", () => {
  test("is answered without a look at what no rule reads", async () => {
    const { calls, counting } = await countingEvaluations();
    const first = await counting.evaluate(input());
    const other = input({
      function: { ...input().function, inputs: { app: "shop" }, reference: "gitlab.com/cd/other@v2" },
      time: "2026-11-22T00:00:00Z",
    });
    expect(await counting.evaluate(other)).toEqual(first);
    expect(counting.evaluateAtOnce(other)).toEqual(first);
    expect(calls()).toBe(1);
  });

  test("is another one as soon as something differs that a rule reads", async () => {
    const { calls, counting } = await countingEvaluations();
    const trusted = input({ function: { ...input().function, trust_score: 0.9 } });
    const byCarol = input({ caller: { ...input().caller, initiator: "carol" } });
    const frozen = input();
    frozen.environment?.freezes.push({ name: "f", reason: "", to: "2027-01-01T00:00:00Z" });
    const verdicts = [];
    for (const call of [input(), trusted, byCarol, frozen])
      verdicts.push((await counting.evaluate(call)).verdict);
    expect(verdicts).toEqual(["hold", "execute", "hold", "reject"]);
    expect(calls()).toBe(4);
  });

  test("is evaluated anew after so many others that answers would fill the memory", async () => {
    const { calls, counting } = await countingEvaluations();
    const by = (n: number) => input({ caller: { ...input().caller, initiator: `person-${n}` } });
    for (let n = 0; n <= 1000; n += 1) await counting.evaluate(by(n));
    await counting.evaluate(by(1000));
    expect(calls()).toBe(1001);
    await counting.evaluate(by(0));
    expect(calls()).toBe(1002);
  });

  test("is evaluated every time when it is long", async () => {
    const { calls, counting } = await countingEvaluations();
    const long = input({ caller: { ...input().caller, initiator: "x".repeat(2000) } });
    for (let n = 0; n < 2; n += 1) await counting.evaluate(long);
    expect(calls()).toBe(2);
  });
});

test("the digest that decisions carry is that of the bundle", () => {
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(facts.digest);
});
