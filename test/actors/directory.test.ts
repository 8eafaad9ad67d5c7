import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { DirectoryRpc } from "../../durable-objects/rpc.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { RunSummary } from "../../src/protocol/run.ts";

let names = 0;
function directory() {
  names += 1;
  const stub = env.DIRECTORY.get(env.DIRECTORY.idFromName(`directory-${names}`));
  return { stub, rpc: stub as unknown as DirectoryRpc };
}

function run(n: number, partial: Partial<RunSummary> = {}): RunSummary {
  return {
    id: `run_${String(n).padStart(32, "0")}`,
    workflow: "canary",
    digest: "d",
    trigger: "canary/deploy",
    initiator: "alice",
    event: { id: String(n), source: "/test", type: "t" },
    state: "running",
    waitingFor: "",
    environments: [],
    createdAt: 1000 + n,
    updatedAt: 1000 + n,
    commands: 0,
    version: 1,
    ...partial,
  };
}

function approval(partial: Partial<Approval> = {}): Approval {
  return {
    id: "run_x~0-1~1",
    run: "run_x",
    workflow: "canary",
    command: "0#1",
    function: "f",
    inputs: {},
    reasons: ["production needs approval"],
    trustScore: 0,
    initiator: "alice",
    openedAt: 1,
    state: "pending",
    ...partial,
  };
}

describe("the copies a directory keeps", () => {
  test("a summary that arrives late changes nothing", async () => {
    const { rpc } = directory();
    await rpc.apply({ runs: [run(1, { version: 3, state: "succeeded" })] });
    await rpc.apply({ runs: [run(1, { version: 2, state: "waiting" })] });
    expect((await rpc.runs({ limit: 10 })).runs.map(({ state }) => state)).toEqual(["succeeded"]);
  });

  test("an approval that was decided never waits again", async () => {
    const { rpc } = directory();
    await rpc.apply({ approvals: [approval({ state: "approved", resolvedBy: "bob" })] });
    await rpc.apply({ approvals: [approval()] });
    expect(await rpc.approvals({ limit: 10 })).toMatchObject([{ state: "approved", resolvedBy: "bob" }]);
    expect(await rpc.approvals({ state: "pending", limit: 10 })).toEqual([]);
  });

  test("the same audit entry is kept once, and pages go back to the first", async () => {
    const { rpc } = directory();
    const entry = (n: number) => ({
      key: `k${n}`,
      at: n,
      by: "alice",
      action: "a",
      subject: `s${n}`,
      data: {},
    });
    await rpc.apply({ audit: [1, 2, 3, 4, 5].map(entry) });
    await rpc.apply({ audit: [3, 4].map(entry) });
    const seen: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await rpc.audit({ limit: 2, ...(before !== undefined && { before }) });
      seen.push(...page.entries.map(({ subject }) => subject));
      if (page.next === undefined) break;
      before = page.next;
    }
    expect(seen).toEqual(["s5", "s4", "s3", "s2", "s1"]);
  });

  test("a removed environment stays removed when an older state arrives", async () => {
    const { rpc } = directory();
    await rpc.apply({ environments: [{ name: "production", removed: true, version: 2 }] });
    const view = {
      name: "production",
      tier: "production",
      risk: "high",
      labels: {},
      targets: [],
      freezes: [],
    } as const;
    await rpc.apply({
      environments: [
        { ...view, targets: [], freezes: [], createdAt: 1, updatedAt: 1, version: 1, deployments: [] },
      ],
    });
    expect(await rpc.environments()).toEqual([]);
  });
});

describe("lists of runs", () => {
  test("every filter finds what it names, newest first, page by page, none twice", async () => {
    const { rpc } = directory();
    const all = Array.from({ length: 25 }, (_, n) =>
      run(n, {
        createdAt: 1000 + Math.floor(n / 3),
        state: n % 2 === 0 ? "failed" : "succeeded",
        workflow: n % 5 === 0 ? "release" : "canary",
        initiator: n % 4 === 0 ? "bob" : "alice",
        environments: n % 3 === 0 ? ["production"] : [],
      }),
    );
    await rpc.apply({ runs: all });
    const newestFirst = all.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const filters: [Parameters<DirectoryRpc["runs"]>[0], (one: RunSummary) => boolean][] = [
      [{ limit: 4 }, () => true],
      [{ limit: 4, state: ["failed"] }, ({ state }) => state === "failed"],
      [{ limit: 4, state: ["failed", "succeeded"] }, () => true],
      [{ limit: 4, workflow: "release" }, ({ workflow }) => workflow === "release"],
      [
        { limit: 4, initiator: "bob", state: ["failed"] },
        (one) => one.initiator === "bob" && one.state === "failed",
      ],
      [{ limit: 4, environment: "production" }, ({ environments }) => environments.includes("production")],
      [
        { limit: 3, environment: "production", workflow: "canary" },
        (one) => one.environments.length > 0 && one.workflow === "canary",
      ],
      [{ limit: 4, environment: "nowhere" }, () => false],
    ];
    for (const [filter, fits] of filters) {
      const seen: string[] = [];
      for (let before: { createdAt: number; id: string } | undefined; ; ) {
        const page = await rpc.runs({ ...filter, ...(before && { before }) });
        seen.push(...page.runs.map(({ id }) => id));
        if (!page.next) break;
        before = page.next;
      }
      expect(seen, JSON.stringify(filter)).toEqual(newestFirst.filter(fits).map(({ id }) => id));
    }
  });
});

describe("tokens", () => {
  const token = {
    id: "t1",
    digest: "a".repeat(64),
    subject: "alice",
    role: "operator" as const,
    by: "admin",
  };

  test("a digest stands for its holder until it is revoked, also after an eviction", async () => {
    const { rpc, stub } = directory();
    expect(await rpc.authenticate(token.digest)).toBeNull();
    expect(await rpc.createToken(token)).toMatchObject({ ok: true, value: { id: "t1", role: "operator" } });
    await evictDurableObject(stub);
    expect(await rpc.authenticate(token.digest)).toEqual({
      subject: "alice",
      role: "operator",
      tokenId: "t1",
    });
    expect(await rpc.tokens()).toMatchObject([{ id: "t1", lastUsedAt: expect.any(Number) }]);
    expect(await rpc.revokeToken("t1", "admin")).toEqual({ ok: true, value: null });
    expect(await rpc.authenticate(token.digest)).toBeNull();
    expect(await rpc.revokeToken("t1", "admin")).toMatchObject({
      ok: false,
      error: { code: "unknown_token" },
    });
    expect((await rpc.audit({ limit: 10 })).entries.map(({ action }) => action)).toEqual([
      "token.revoked",
      "token.created",
    ]);
  });

  test("an expired one stands for nobody", async () => {
    const { rpc } = directory();
    await rpc.createToken({ ...token, expiresAt: Date.now() - 1 });
    expect(await rpc.authenticate(token.digest)).toBeNull();
  });

  test("an id or a digest is given out once", async () => {
    const { rpc } = directory();
    await rpc.createToken(token);
    expect(await rpc.createToken({ ...token, id: "t2" })).toMatchObject({
      ok: false,
      error: { code: "token_exists" },
    });
    expect(await rpc.createToken({ ...token, digest: "b".repeat(64) })).toMatchObject({ ok: false });
    expect(await rpc.tokens()).toHaveLength(1);
  });
});

test("retention forgets what is old and decided, and keeps the rest", async () => {
  const { rpc, stub } = directory();
  const now = Date.now();
  await rpc.apply({
    runs: [
      run(1, { state: "succeeded", finishedAt: 1000, environments: ["production"] }),
      run(2, { createdAt: now }),
      run(3),
    ],
    approvals: [approval({ id: "a1", state: "approved" }), approval({ id: "a2" })],
    audit: [{ key: "k", at: 1, by: "alice", action: "a", subject: "s", data: {} }],
  });
  // The timer is a day away: fire it by moving it.
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE timers SET due_at = 0");
  });
  await runDurableObjectAlarm(stub);
  expect((await rpc.runs({ limit: 10 })).runs.map(({ id }) => id)).toEqual([run(2).id, run(3).id]);
  expect((await rpc.runs({ limit: 10, environment: "production" })).runs).toEqual([]);
  expect((await rpc.approvals({ limit: 10 })).map(({ id }) => id)).toEqual(["a2"]);
  expect((await rpc.audit({ limit: 10 })).entries).toEqual([]);
});
