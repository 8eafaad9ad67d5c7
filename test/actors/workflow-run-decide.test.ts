import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decisions, type PolicyPorts } from "../../durable-objects/workflow-run/decide.ts";
import type { StoredStart } from "../../durable-objects/workflow-run/parts.ts";
import type { EnvironmentView, Target } from "../../src/protocol/environment.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { Decision, PolicyInput } from "../../src/protocol/policy.ts";
import { ok, refuse } from "../../src/protocol/result.ts";

const NOW = Date.UTC(2026, 10, 20, 12);

const run: StoredStart = {
  id: "run_0123456789abcdef0123456789abcdef" as RunId,
  workspace: "default",
  workflow: "canary",
  program: { digest: "d1" },
  trigger: { id: "canary/go", type: "com.example.go", handler: "go" },
  event: { specversion: "1.0", id: "1", source: "/github", type: "com.example.go" },
  eventSeq: 1,
  initiator: "github:octocat",
};

const production: EnvironmentView = {
  name: "production",
  tier: "production",
  risk: "high",
  labels: { region: "eu" },
  targets: [],
  freezes: [],
  createdAt: 0,
  updatedAt: 0,
  version: 1,
  deployments: [],
  health: [],
};

const call = {
  kind: "decide",
  command: "0#1" as CommandId,
  round: 1,
  reference: "gitlab.com/cd/reconcile@v1",
  inputs: { app: "shop-production" },
  approvals: [],
} as const;

const held: Decision = { verdict: "hold", reasons: ["production needs approval"], bundle: "b1" };

function ports(overrides: Partial<PolicyPorts> = {}): PolicyPorts & { asked: PolicyInput[] } {
  const asked: PolicyInput[] = [];
  return {
    asked,
    catalog: {
      governing: async () => ok({ trustScore: 0.4, environment: "production", sensitive: ["token"] }),
    },
    environment: () => ({ view: async () => ok(production) }),
    evaluate: async (input) => {
      asked.push(input);
      return held;
    },
    load: async () => {},
    evaluateAtOnce: (input) => {
      asked.push(input);
      return held;
    },
    ...overrides,
  };
}

const copy = () => ({ ...call, approvals: [] });

test("policy sees the function, the environment as it is now, who asks, and what was approved", async () => {
  const world = ports();
  const approvals = [
    { decision: "approve" as const, by: "bob", comment: "fine", at: "2026-11-20T11:00:00Z" },
  ];
  const answer = await new Decisions(world).ask(run, { ...call, approvals }, NOW);
  const input = {
    function: {
      reference: "gitlab.com/cd/reconcile@v1",
      name: "gitlab.com/cd/reconcile",
      version: "v1",
      inputs: { app: "shop-production" },
      trust_score: 0.4,
    },
    environment: {
      name: "production",
      tier: "production",
      risk: "high",
      labels: { region: "eu" },
      freezes: [],
    },
    caller: {
      workflow: "canary",
      digest: "d1",
      trigger: "canary/go",
      event_source: "/github",
      event_type: "com.example.go",
      initiator: "github:octocat",
      run: run.id,
      emergency_bypass: false,
    },
    approvals,
    time: "2026-11-20T12:00:00.000Z",
  };
  expect(world.asked).toEqual([input]);
  expect(answer).toEqual(
    ok({
      decision: { verdict: "hold", reasons: ["production needs approval"], bundle: "b1" },
      environment: "production",
      trustScore: 0.4,
      input,
      sensitive: ["token"],
    }),
  );
});

test("a call that no environment governs is decided without one", async () => {
  const world = ports({
    catalog: { governing: async () => ok({ trustScore: 0, environment: null, sensitive: [] }) },
  });
  const answer = await new Decisions(world).ask(run, copy(), NOW);
  expect(world.asked).toMatchObject([{ environment: null }]);
  expect(answer).toMatchObject({ ok: true, value: { environment: null } });
});

test("what the catalog refuses is the answer, and policy is not asked", async () => {
  const refusal = refuse("ambiguous_environment", "production and canary both match");
  const world = ports({ catalog: { governing: async () => refusal } });
  expect(await new Decisions(world).ask(run, copy(), NOW)).toEqual(refusal);
  expect(world.asked).toEqual([]);
});

test("an environment that cannot be read is no reason to go ahead without it", async () => {
  const world = ports({ environment: () => ({ view: async () => refuse("unknown_environment", "gone") }) });
  await expect(new Decisions(world).ask(run, copy(), NOW)).rejects.toThrow("gone");
  expect(world.asked).toEqual([]);
});

test("policy sees exactly the freezes that are in force", async () => {
  const hour = fc.integer({ min: -3, max: 3 });
  await fc.assert(
    fc.asyncProperty(hour, hour, async (from, to) => {
      const at = (hours: number) => new Date(NOW + hours * 3600_000).toISOString();
      const freezes = [{ name: "f", from: at(from), to: at(to), reason: "holidays" }];
      const world = ports({ environment: () => ({ view: async () => ok({ ...production, freezes }) }) });
      await new Decisions(world).ask(run, copy(), NOW);
      const inForce = from <= 0 && 0 < to;
      expect(world.asked[0]?.environment?.freezes).toEqual(
        inForce ? [{ name: "f", reason: "holidays", to: at(to) }] : [],
      );
    }),
  );
});

test.each([
  [true, true],
  ["true", false],
  [1, false],
  [undefined, false],
])("an event whose sluicebypass is %j bypasses a freeze: %s", async (sluicebypass, bypasses) => {
  const world = ports();
  const event = sluicebypass === undefined ? run.event : { ...run.event, sluicebypass };
  await new Decisions(world).ask({ ...run, event }, copy(), NOW);
  expect(world.asked[0]?.caller.emergency_bypass).toBe(bypasses);
});

test.each([
  ["builtin://emit", "builtin://emit", null],
  ["./functions/deploy", "./functions/deploy", null],
  ["gitlab.com/group/repo/-/dir@v1.2", "gitlab.com/group/repo/-/dir", "v1.2"],
  ["not a reference", "not a reference", null],
])("the reference %s has the name %s and the version %s", async (reference, name, version) => {
  const world = ports();
  await new Decisions(world).ask(run, { ...copy(), reference }, NOW);
  expect(world.asked[0]?.function).toMatchObject({ reference, name, version });
});

describe("what the catalog said of a call before it is decided", () => {
  const counting = () => {
    const world = ports();
    const asked: string[] = [];
    const governing: PolicyPorts["catalog"]["governing"] = async ({ reference }) => {
      asked.push(reference);
      return ok({ trustScore: 0.4, environment: "production", sensitive: [] });
    };
    return { asked, decisions: new Decisions({ ...world, catalog: { governing } }) };
  };

  test.each([
    ["holds for that call, for a second", 999, 1],
    ["holds no longer", 1000, 2],
  ])("%s", async (_, later, times) => {
    const { asked, decisions } = counting();
    const one = copy();
    await decisions.learn(one, NOW);
    const answer = await decisions.ask(run, one, NOW + later);
    expect(answer).toMatchObject({ ok: true, value: { environment: "production" } });
    expect(asked).toHaveLength(times);
  });

  test("is waited for where it is on its way, and not asked again", async () => {
    const { asked, decisions } = counting();
    const one = copy();
    const learnt = decisions.learn(one, NOW);
    const answer = await decisions.ask(run, one, NOW + 5000);
    await learnt;
    expect(answer).toMatchObject({ ok: true, value: { environment: "production" } });
    expect(asked).toHaveLength(1);
  });

  test("is asked again where it could not be asked", async () => {
    const asked: string[] = [];
    const governing: PolicyPorts["catalog"]["governing"] = async ({ reference }) => {
      asked.push(reference);
      if (asked.length === 1) throw new Error("the network is down");
      return ok({ trustScore: 0.4, environment: null, sensitive: [] });
    };
    const decisions = new Decisions(ports({ catalog: { governing } }));
    const one = copy();
    await expect(decisions.learn(one, NOW)).rejects.toThrow("the network is down");
    expect(await decisions.ask(run, one, NOW)).toMatchObject({ ok: true });
    expect(asked).toHaveLength(2);
  });

  test("says nothing of another call", async () => {
    const { asked, decisions } = counting();
    await decisions.learn(copy(), NOW);
    await decisions.ask(run, copy(), NOW);
    expect(asked).toHaveLength(2);
  });
});

describe("a decision at once", () => {
  const target = { function: "*", inputs: { app: "*-production" } };
  const known = (targets?: Target[]) =>
    ports({
      catalog: {
        governing: async () =>
          ok({ trustScore: 0.4, environment: null, sensitive: ["token"], ...(targets && { targets }) }),
      },
    });
  const free = { ...copy(), inputs: { app: "shop-canary" } };

  test("is the one that asking would have given, for what this run has asked a moment ago", async () => {
    const world = known([target]);
    const decisions = new Decisions(world);
    expect(decisions.askAtOnce(run, free, NOW)).toBeUndefined();
    const asked = await decisions.ask(run, free, NOW);
    expect(ok(decisions.askAtOnce(run, free, NOW))).toEqual(asked);
  });

  test.each([
    ["a call that a target may mean", { inputs: { app: "shop-production" } }, 0],
    ["a call that names its environment", { environment: "staging" }, 0],
    ["another function", { reference: "gitlab.com/cd/other@v1" }, 0],
    ["what was said a second ago", {}, 1000],
  ])("is not given for %s", async (_, changed, later) => {
    const decisions = new Decisions(known([target]));
    await decisions.ask(run, free, NOW);
    expect(decisions.askAtOnce(run, { ...free, ...changed }, NOW + later)).toBeUndefined();
    expect(decisions.askAtOnce(run, free, NOW + 999)).toBeDefined();
  });

  test("is not given where the targets are too many to be told", async () => {
    const decisions = new Decisions(known());
    await decisions.ask(run, free, NOW);
    expect(decisions.askAtOnce(run, free, NOW)).toBeUndefined();
  });
});
