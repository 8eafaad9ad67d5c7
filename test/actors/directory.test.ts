import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RunRows } from "../../durable-objects/directory/run-rows.ts";
import type { DirectoryRpc, RunFilter } from "../../durable-objects/rpc/directory.ts";
import type { Position } from "../../durable-objects/rpc/position.ts";
import { WorkflowRun } from "../../durable-objects/workflow-run.ts";
import type { Approval } from "../../src/protocol/policy.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { isFoundBy, searchedWords } from "../../src/protocol/run-words.ts";
import { bind, dailyLook, rowsRead } from "./object-fixture.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

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

  test("in whatever order and however often summaries arrive, the newest stays", async () => {
    const { rpc } = directory();
    const states = ["running", "waiting", "running", "succeeded"] as const;
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(states.length - 1), { minLength: 1, maxLength: 12 }),
        async (arrivals) => {
          n += 1;
          const told = arrivals.map((at) => run(n, { version: at + 1, state: states[at] ?? "running" }));
          for (const summary of told) await rpc.apply({ runs: [summary] });
          const newest = Math.max(...told.map(({ version }) => version));
          const listed = (await rpc.runs({ limit: 200 })).runs.filter(({ id }) => id === run(n).id);
          expect(listed).toEqual([told.find(({ version }) => version === newest)]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("approvals are listed by pages, newest first, also those of the same time", async () => {
    const { rpc } = directory();
    const openedAt = [3, 1, 2, 2, 2];
    await rpc.apply({ approvals: openedAt.map((at, n) => approval({ id: `a${n}`, openedAt: at })) });
    const found: string[] = [];
    for (let before: Position | undefined; found.length < 5; ) {
      const [one] = await rpc.approvals({ state: "pending", before, limit: 1 });
      if (!one) break;
      found.push(one.id);
      before = { createdAt: one.openedAt, id: one.id };
    }
    expect(found).toEqual(["a0", "a4", "a3", "a2", "a1"]);
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
        {
          ...view,
          targets: [],
          freezes: [],
          createdAt: 1,
          updatedAt: 1,
          version: 1,
          deployments: [],
          health: [],
        },
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
        labels: { service: n % 3 === 1 ? "cart" : "shop", ...(n % 2 === 0 && { ring: "0" }) },
        ...(n % 6 === 0 && { parent: { run: "run_p", command: "0#1" } }),
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
      [{ limit: 4, labels: { service: "shop" } }, ({ labels }) => labels?.service === "shop"],
      [
        { limit: 2, labels: { service: "shop", ring: "0" }, environment: "production", workflow: "canary" },
        (one) => one.labels?.ring === "0" && one.environments.length > 0 && one.workflow === "canary",
      ],
      [{ limit: 4, labels: { ring: "shop" } }, () => false],
      [{ limit: 2, parent: "run_p" }, ({ parent }) => parent !== undefined],
      [
        { limit: 2, parent: "run_p", labels: { service: "shop" }, initiator: "bob" },
        (one) => one.parent !== undefined && one.initiator === "bob",
      ],
      [{ limit: 4, environment: "nowhere" }, () => false],
      [{ limit: 4, from: 1002, to: 1005 }, ({ createdAt }) => createdAt >= 1002 && createdAt < 1005],
      [
        { limit: 2, workflow: "canary", from: 1003, environment: "production" },
        (one) => one.workflow === "canary" && one.createdAt >= 1003 && one.environments.length > 0,
      ],
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

describe("searches of runs", () => {
  const all = Array.from({ length: 25 }, (_, n) =>
    run(n, {
      createdAt: 1000 + n,
      state: n % 2 === 0 ? "failed" : "succeeded",
      workflow: n % 5 === 0 ? "release-train" : "canary",
      initiator: n % 4 === 0 ? "bob" : "alice",
      environments: n % 3 === 0 ? ["production"] : [],
      labels: { service: n % 3 === 1 ? "cart" : "shop" },
      event: { id: String(n), source: "/test", type: "t", subject: `refs/tags/v1.${n}` },
      ...(n % 7 === 0 && { error: { code: "FunctionFailed", message: "Größe: no space left on device" } }),
      ...(n % 6 === 0 && { parent: { run: "run_p", command: "0#1" } }),
    }),
  );

  async function found(rpc: DirectoryRpc, filter: RunFilter): Promise<string[]> {
    const seen: string[] = [];
    for (let before: { createdAt: number; id: string } | undefined; ; ) {
      const page = await rpc.runs({ ...filter, ...(before && { before }) });
      seen.push(...page.runs.map(({ id }) => id));
      if (!page.next) return seen;
      before = page.next;
    }
  }

  const filters: [RunFilter, (one: RunSummary) => boolean][] = [
    [{ limit: 4, text: "rel" }, ({ workflow }) => workflow === "release-train"],
    [{ limit: 4, text: "TRAIN release" }, ({ workflow }) => workflow === "release-train"],
    [{ limit: 4, text: "grosse".replace("ss", "ß") }, ({ error }) => error !== undefined],
    [
      { limit: 3, text: "device", state: ["failed"] },
      (one) => one.error !== undefined && one.state === "failed",
    ],
    [{ limit: 3, text: "device", state: ["failed", "succeeded"] }, ({ error }) => error !== undefined],
    [
      { limit: 4, text: "shop bob", initiator: "bob" },
      (one) => one.labels?.service === "shop" && one.initiator === "bob",
    ],
    [{ limit: 4, text: "succ" }, ({ state }) => state === "succeeded"],
    [{ limit: 2, text: "v1.7" }, ({ event }) => event.subject === "refs/tags/v1.7"],
    [{ limit: 2, text: run(9).id }, ({ id }) => id === run(9).id],
    [{ limit: 2, text: "canary", labels: { service: "cart" }, environment: "production" }, () => false],
    [
      { limit: 2, text: "tags", workflow: "canary", labels: { service: "shop" }, environment: "production" },
      (one) => one.workflow === "canary" && one.labels?.service === "shop" && one.environments.length > 0,
    ],
    [{ limit: 2, text: "tags", parent: "run_p" }, ({ parent }) => parent !== undefined],
    [
      { limit: 3, text: "tags", from: 1004, to: 1012 },
      ({ createdAt }) => createdAt >= 1004 && createdAt < 1012,
    ],
    [{ limit: 4, text: "nothing" }, () => false],
    [{ limit: 4, text: 'bob" OR "alice' }, () => false],
    [{ limit: 9, text: " - " }, () => true],
  ];

  test("find runs by the beginnings of their words, with every filter, newest first, page by page", async () => {
    const { rpc } = directory();
    await rpc.apply({ runs: all });
    for (const [filter, fits] of filters) {
      expect(await found(rpc, filter), JSON.stringify(filter)).toEqual(
        all
          .filter(fits)
          .toReversed()
          .map(({ id }) => id),
      );
    }
  });

  test("agree with the rule that a dashboard applies to what it is told", async () => {
    const { rpc } = directory();
    await rpc.apply({ runs: all });
    const word = fc.constantFrom(
      "rel",
      "train",
      "CAN",
      "bob",
      "große",
      "v1",
      "1",
      "dev",
      "shop",
      "fail",
      "x",
      "/",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 3 }), async (words) => {
        const text = words.join(" ");
        const expected = all.filter((one) => isFoundBy(one, searchedWords(text))).map(({ id }) => id);
        expect((await found(rpc, { limit: 10, text })).toReversed()).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("find a run by what it is now", async () => {
    const { rpc } = directory();
    const ids = async (text: string) => found(rpc, { limit: 9, text });
    await rpc.apply({ runs: [run(1, { status: "soaking" }), run(2)] });
    await rpc.apply({ runs: [run(1, { version: 2, state: "succeeded" })] });
    expect([await ids("soaking"), await ids("succeeded"), await ids("canary")]).toEqual([
      [],
      [run(1).id],
      [run(2).id, run(1).id],
    ]);
  });

  test("are for words of runs, not for what lists filter by", async () => {
    const { rpc } = directory();
    await rpc.apply({ runs: all });
    for (const text of ["state", "label", "env", "initiator", "work"]) {
      expect(await found(rpc, { limit: 30, text }), text).toEqual([]);
    }
  });

  test("find what is rare, what is everywhere, and what only comes together long ago", async () => {
    const { rpc } = directory();
    const many = Array.from({ length: 2600 }, (_, n) =>
      run(n, {
        createdAt: 1000 + n,
        state: n % 2 === 0 ? "failed" : "succeeded",
        initiator: n % 2 === 0 || n < 10 ? "evening" : "nobody",
        status: n % 2 === 1 || n < 10 ? "odd" : "",
        waitingFor: n % 900 === 5 ? "seldom" : "",
      }),
    );
    for (let n = 0; n < many.length; n += 650) await rpc.apply({ runs: many.slice(n, n + 650) });
    const searches: [RunFilter, (one: RunSummary) => boolean][] = [
      [{ limit: 500, text: "canary" }, () => true],
      [{ limit: 2, text: "seld" }, ({ waitingFor }) => waitingFor === "seldom"],
      [{ limit: 2, text: "canary seldom" }, ({ waitingFor }) => waitingFor === "seldom"],
      [{ limit: 4, text: "odd even" }, ({ createdAt }) => createdAt < 1010],
      [
        { limit: 4, text: "odd even", state: ["failed"] },
        ({ createdAt, state }) => createdAt < 1010 && state === "failed",
      ],
      [{ limit: 4, text: "odd even nowhere" }, () => false],
    ];
    for (const [filter, fits] of searches) {
      expect(await found(rpc, filter), JSON.stringify(filter)).toEqual(
        many
          .filter(fits)
          .toReversed()
          .map(({ id }) => id),
      );
    }
  });

  test("find every one of more runs than have room in one millisecond", async () => {
    const { rpc } = directory();
    const many = Array.from({ length: 1100 }, (_, n) => run(n, { createdAt: 5000 }));
    await rpc.apply({ runs: many });
    expect(new Set(await found(rpc, { limit: 500, text: "canary" })).size).toBe(1100);
  });

  test("find also what was there before there was an index, after a few turns", async () => {
    const { rpc, stub } = directory();
    const many = Array.from({ length: 1200 }, (_, n) => run(n));
    await rpc.apply({ runs: many });
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("DELETE FROM run_search");
      storage.sql.exec("UPDATE runs SET doc = NULL");
    });
    await evictDurableObject(stub);
    // Its alarm may have fired by itself.
    for (let turns = 0; turns < 10; turns += 1) {
      await runDurableObjectAlarm(stub);
      if ((await found(rpc, { limit: 500, text: "canary" })).length === 1200) break;
    }
    expect(await found(rpc, { limit: 500, text: "canary" })).toHaveLength(1200);
  });
});

test("a run is listed by the labels it has now", async () => {
  const { rpc } = directory();
  const listed = async (labels: Record<string, string>) =>
    (await rpc.runs({ limit: 9, labels })).runs.map(({ id }) => id);
  await rpc.apply({ runs: [run(1, { labels: { ring: "0", draft: "yes" } })] });
  await rpc.apply({ runs: [run(1, { version: 2, labels: { ring: "1" } })] });
  expect(await listed({ ring: "1" })).toEqual([run(1).id]);
  expect([await listed({ ring: "0" }), await listed({ draft: "yes" })]).toEqual([[], []]);
});

describe("what lists cost", () => {
  const limit = 5;
  const few: [string, Omit<RunFilter, "limit">][] = [
    ["no filter", {}],
    ["a page deep down", { before: { createdAt: 1010, id: "run_" } }],
    ["a state", { state: ["failed"] }],
    ["a state that no run of a workflow is in", { state: ["failed"], workflow: "release" }],
    ["a state that no run of an initiator is in", { state: ["failed"], initiator: "bob" }],
    ["a state that no run in an environment is in", { state: ["failed"], environment: "staging" }],
    ["a workflow", { workflow: "canary" }],
    ["an initiator", { initiator: "alice" }],
    ["an environment", { environment: "production" }],
  ];

  test("however many runs there are, a list reads a page of each state and no more", async () => {
    const { rpc, stub } = directory();
    const states = ["succeeded", "failed"] as const;
    const runs = Array.from({ length: 1000 }, (_, n) =>
      n % 10 === 0
        ? run(n, { state: "succeeded", workflow: "release", initiator: "bob", environments: ["staging"] })
        : run(n, { state: states[n % 2] ?? "failed", environments: ["production"] }),
    );
    await rpc.apply({ runs });
    await runInDurableObject(stub, async (_, { storage: { sql } }) => {
      for (const [name, filter] of few) {
        const read = await rowsRead(sql, () => new RunRows(sql).page({ ...filter, limit }));
        // A row of a page is looked up in two places: its index and its table.
        expect(read, name).toBeLessThanOrEqual(2 * (limit + 1) + 2 * limit);
      }
    });
  });

  test("a run that changes its state is listed in the new one only, wherever it is looked for", async () => {
    const { rpc } = directory();
    await rpc.apply({ runs: [run(1, { environments: ["staging"] })] });
    await rpc.apply({
      runs: [run(1, { version: 2, state: "failed", environments: ["staging", "production"] })],
    });
    const counts = async (state: RunSummary["state"]) =>
      await Promise.all(
        [{}, { workflow: "canary" }, { initiator: "alice" }, ...environmentFilters].map(
          async (filter) => (await rpc.runs({ ...filter, state: [state], limit })).runs.length,
        ),
      );
    expect(await counts("running")).toEqual([0, 0, 0, 0, 0]);
    expect(await counts("failed")).toEqual([1, 1, 1, 1, 1]);
  });
  const environmentFilters = [{ environment: "staging" }, { environment: "production" }];

  test("large inputs do not make a list of approvals, large entries a page of the audit, too large", async () => {
    const { rpc } = directory();
    const blob = "x".repeat(1024 * 1024);
    for (let n = 0; n < 7; n += 1) {
      await rpc.apply({
        approvals: [approval({ id: `a${n}`, inputs: { blob } })],
        audit: [{ key: `k${n}`, at: n, by: "alice", action: "a", subject: `s${n}`, data: { blob } }],
      });
    }
    expect(JSON.stringify(await rpc.approvals({ limit: 100 })).length).toBeLessThan(10_000);
    const first = await rpc.audit({ limit: 100 });
    const rest = await rpc.audit({ limit: 100, before: first.next ?? 0 });
    expect([first.entries.length, rest.entries.length, rest.next]).toEqual([4, 3, undefined]);
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

  test("an id that is given out again after a revocation is in the audit again", async () => {
    const { rpc } = directory();
    for (const digest of ["a", "b"]) {
      await rpc.createToken({ ...token, digest: digest.repeat(64) });
      await rpc.revokeToken(token.id, "admin");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect((await rpc.audit({ limit: 10 })).entries).toHaveLength(4);
  });

  test("being used is written down once a minute, not at every call", async () => {
    const { rpc } = directory();
    const start = Date.now();
    await rpc.createToken(token);
    const lastUsedAfter = async (ms: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now: start + ms });
      await rpc.authenticate(token.digest);
      return ((await rpc.tokens())[0]?.lastUsedAt ?? 0) - start;
    };
    expect(await lastUsedAfter(1000)).toBe(1000);
    expect(await lastUsedAfter(60_000)).toBe(1000);
    expect(await lastUsedAfter(61_000)).toBe(61_000);
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
  const token = { subject: "bob", role: "viewer", by: "admin" } as const;
  await rpc.createToken({ ...token, id: "old", digest: "a".repeat(64), expiresAt: 1000 });
  await rpc.createToken({ ...token, id: "expired", digest: "b".repeat(64), expiresAt: now - 1000 });
  await rpc.createToken({ ...token, id: "lasting", digest: "c".repeat(64) });
  // The timer is a day away: fire it by moving it.
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE timers SET due_at = 1");
  });
  await runDurableObjectAlarm(stub);
  expect((await rpc.runs({ limit: 10 })).runs.map(({ id }) => id)).toEqual([run(2).id, run(3).id]);
  expect((await rpc.runs({ limit: 10, environment: "production" })).runs).toEqual([]);
  expect((await rpc.runs({ limit: 10, text: "succeeded" })).runs).toEqual([]);
  expect((await rpc.approvals({ limit: 10 })).map(({ id }) => id)).toEqual(["a2"]);
  expect((await rpc.audit({ limit: 10 })).entries.map(({ action }) => action)).not.toContain("a");
  expect((await rpc.tokens()).map(({ id }) => id).sort()).toEqual(["expired", "lasting"]);
});

describe("runs that have been kept for long enough", () => {
  const DAY_MS = 24 * 3600_000;

  test("are asked to go once each, some at a time; the others are not", async () => {
    const retire = vi.spyOn(WorkflowRun.prototype, "retire");
    const { rpc, stub } = directory();
    const old = Array.from({ length: 120 }, (_, n) =>
      run(n, { state: "succeeded", finishedAt: Date.now() - 31 * DAY_MS }),
    );
    const young = run(500, { state: "succeeded", finishedAt: Date.now() - 29 * DAY_MS });
    await rpc.apply({ runs: [...old, young, run(501)] });
    await dailyLook(stub);
    // The platform, too, fires the alarm for those that are left.
    await dailyLook(stub);
    await vi.waitFor(() => expect(retire).toHaveBeenCalledTimes(120), { timeout: 8000 });
    // What is heard of a run again does not have it asked again.
    await rpc.apply({ runs: old.map((one) => ({ ...one, version: 2 })) });
    await dailyLook(stub);
    expect((await rpc.runs({ limit: 200 })).runs).toHaveLength(122);
    expect(retire).toHaveBeenCalledTimes(120);
  });

  test("are not asked while the variable that says how long is no number of days", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const retire = vi.spyOn(WorkflowRun.prototype, "retire");
    const { rpc, stub } = directory();
    await rpc.apply({
      runs: [run(1, { state: "succeeded", finishedAt: Date.now() - 100 * DAY_MS })],
    });
    await bind(stub, { SLUICE_ARCHIVE_AFTER_DAYS: "soon" });
    await dailyLook(stub);
    expect(retire).not.toHaveBeenCalled();
    await bind(stub, { SLUICE_ARCHIVE_AFTER_DAYS: "90" });
    await dailyLook(stub);
    await vi.waitFor(() => expect(retire).toHaveBeenCalledTimes(1), { timeout: 8000 });
  });
});
