import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { Catalog } from "../../durable-objects/catalog.ts";
import type { Environment } from "../../durable-objects/environment.ts";
import { EventBus } from "../../durable-objects/event-bus.ts";
import {
  busStub,
  catalogStub,
  DEFAULT_WORKSPACE,
  directoryStub,
  environmentStub,
} from "../../durable-objects/stubs.ts";
import type { EnvironmentInput } from "../../src/protocol/environment.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { Identity } from "../../src/protocol/token.ts";
import { tablesOf } from "./object-fixture.ts";

const by: Identity = { subject: "alice", role: "admin", tokenId: "t" };
const catalog = catalogStub(env, DEFAULT_WORKSPACE);
const directory = directoryStub(env, DEFAULT_WORKSPACE);
let names = 0;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** When the freeze timer fires; undefined when there is none. */
function armedAt(object: DurableObjectStub): Promise<number | undefined> {
  return runInDurableObject(object, (_, { storage }) => {
    const timer = storage.sql.exec<{ due_at: number }>("SELECT due_at FROM timers").toArray()[0];
    return timer?.due_at;
  });
}

function fresh(partial: Partial<EnvironmentInput> = {}) {
  names += 1;
  const name = `env-${names}`;
  const value: EnvironmentInput = {
    tier: "production",
    risk: "high",
    labels: {},
    targets: [{ function: "*", inputs: { app: `*-${name}` } }],
    freezes: [],
    ...partial,
  };
  const namespace = env.ENVIRONMENT;
  const object = namespace.get(namespace.idFromName(`${DEFAULT_WORKSPACE}/environments/${name}`));
  const rpc = environmentStub(env, DEFAULT_WORKSPACE, name);
  const put = (changed: Partial<EnvironmentInput> = {}) =>
    rpc.put({ workspace: DEFAULT_WORKSPACE, name, value: { ...value, ...changed }, by });
  return { name, rpc, object, put };
}

/** The patience of objects with the catalog; their timers stay their own. */
function shortenPatience(): void {
  const after = setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms: number) =>
    after(run, ms === 5000 ? 20 : ms)) as typeof setTimeout);
}

const governing = (app: string) =>
  catalog.governing({ reference: "gitlab.com/cd/reconcile@v1", inputs: { app } });

test("whoever is answered can rely on catalog and directory knowing", async () => {
  const { name, put } = fresh();
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: null } });
  expect(await put()).toMatchObject({ ok: true, value: { name, version: 1, tier: "production" } });
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });
  expect((await directory.environments()).map((one) => one.name)).toContain(name);
  const { entries } = await directory.audit({ limit: 500 });
  expect(entries.filter((entry) => entry.subject === name)).toMatchObject([
    { by: "alice", action: "environment.put" },
  ]);
});

test("settings are replaced, what is deployed stays, and both outlive an eviction", async () => {
  const { rpc, object, put } = fresh();
  await put();
  const deployment = { app: "shop", revision: "1.0.0", function: "f", run: "run_1", by: "bob", at: 1000 };
  await rpc.recordDeployment({ ...deployment, command: "0#1" as CommandId });
  await evictDurableObject(object);
  await put({ risk: "low" });
  expect(await rpc.view()).toMatchObject({ value: { risk: "low", version: 3, deployments: [deployment] } });
});

test("the same deployment told twice is one, and says so once", async () => {
  const { name, rpc, put } = fresh();
  await put();
  const told = {
    app: "shop",
    revision: "2",
    function: "f",
    run: "run_1",
    by: "bob",
    at: 1000,
    command: "0#1" as CommandId,
  };
  await rpc.recordDeployment(told);
  await rpc.recordDeployment({ ...told, revision: "changed", at: 2000 });
  expect(await rpc.view()).toMatchObject({ value: { version: 2, deployments: [{ revision: "2" }] } });
  await expect.poll(() => typesOf(name)).toEqual(["deployed"]);
});

test("its history goes back deployment by deployment, also those of one time", async () => {
  const { rpc, put } = fresh();
  await put();
  for (const n of [1, 2, 3, 4, 5]) {
    await rpc.recordDeployment({
      ...{ app: "shop", revision: String(n), function: "f", run: "run_1", by: "bob", at: Math.min(n, 4) },
      command: `0#${n}` as CommandId,
    });
  }
  const seen: string[] = [];
  for (let before: { createdAt: number; id: string } | undefined; ; ) {
    const page = await rpc.deployments({ limit: 2, ...(before && { before }) });
    if (!page.ok) throw new Error(page.error.message);
    seen.push(...page.value.deployments.map(({ revision }) => revision));
    if (!page.value.next) break;
    before = page.value.next;
  }
  expect(seen).toEqual(["5", "4", "3", "2", "1"]);
  await rpc.remove(by);
  expect(await rpc.deployments({ limit: 2 })).toMatchObject({ error: { code: "unknown_environment" } });
});

test("health reported every second reaches the directory with its changes, and once a minute otherwise", async () => {
  const { rpc, object, put } = fresh();
  await put();
  const report = (n: number, status: "healthy" | "degraded" = "healthy") =>
    rpc.recordHealth({
      ...{ environment: "x", app: "shop", status, observedAt: n * 1000, staleAfterMs: 3600_000 },
      ...{ source: "/argo", seq: n },
    });
  const version = async () => {
    const found = await rpc.view();
    return found.ok ? found.value.version : 0;
  };
  for (let n = 100; n < 159; n += 1) await report(n);
  expect(await version()).toBe(2);
  await report(160);
  expect(await version()).toBe(3);
  await report(161, "degraded");
  await report(161, "degraded");
  expect(await version()).toBe(4);
  await evictDurableObject(object);
  expect(await rpc.view()).toMatchObject({
    value: { health: [{ status: "degraded", since: 161_000, observedAt: 161_000 }] },
  });
  // As settings are replaced, so is what is deployed kept.
  expect(await put({ risk: "low" })).toMatchObject({ value: { health: [{ app: "shop" }] } });
});

test("health that is soon stale reaches the directory before what it was told is", async () => {
  const { rpc, put } = fresh();
  await put();
  const seen = [];
  for (let n = 100; n < 130; n += 1) {
    const at = { observedAt: n * 1000, staleAfterMs: 10_000, seq: n };
    await rpc.recordHealth({ environment: "x", app: "shop", status: "healthy", source: "/argo", ...at });
    const found = await rpc.view();
    seen.push(found.ok ? found.value.version : 0);
  }
  expect(new Set(seen)).toEqual(new Set([2, 3, 4, 5, 6, 7]));
});

test("health of an environment that is gone changes nothing", async () => {
  const { rpc, put } = fresh();
  await put();
  await rpc.remove(by);
  const report = {
    app: "shop",
    status: "healthy" as const,
    observedAt: 1,
    staleAfterMs: 1,
    source: "/a",
    seq: 1,
  };
  await rpc.recordHealth({ environment: "x", ...report });
  expect(await rpc.view()).toMatchObject({ ok: false });
  expect(await put()).toMatchObject({ value: { health: [] } });
});

test("a removed environment governs nothing and is shown nowhere", async () => {
  const { name, rpc, put } = fresh();
  await put();
  expect(await rpc.remove(by)).toEqual({ ok: true, value: null });
  expect(await rpc.view()).toMatchObject({ ok: false, error: { code: "unknown_environment" } });
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: null } });
  expect((await directory.environments()).map((one) => one.name)).not.toContain(name);
  expect(await rpc.remove(by)).toMatchObject({ ok: false });
  expect(await put()).toMatchObject({ value: { deployments: [], version: 3 } });
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });
});

test("freezes that make no sense are refused, and nothing is stored", async () => {
  const { rpc, put } = fresh();
  const freeze = { name: "december", from: "2026-12-24T00:00:00Z", to: "2026-12-20T00:00:00Z", reason: "" };
  const refused = await put({ freezes: [freeze] });
  expect(refused).toMatchObject({
    ok: false,
    error: { code: "invalid_request", details: { errors: [{ pointer: "/freezes/0/to" }] } },
  });
  expect(await rpc.view()).toMatchObject({ ok: false });
});

/** What the bus has of an environment's events, oldest first. */
async function eventsOf(name: string) {
  const { events } = await busStub(env, DEFAULT_WORKSPACE).events({ limit: 200 });
  return events
    .filter(({ event }) => event.subject === name)
    .sort((a, b) => a.seq - b.seq)
    .map(({ event }) => event);
}

const typesOf = async (name: string) =>
  (await eventsOf(name)).map(({ type }) => type.replace("dev.sluice.environment.", ""));

test("a freeze says when it begins and when it ends, each once", async () => {
  const { name, object, put } = fresh();
  const start = Date.now();
  const at = (ms: number) => new Date(start + ms).toISOString();
  const december = { name: "december", from: at(3600_000), to: at(7200_000), reason: "holidays" };
  await put({ freezes: [december] });
  expect(await armedAt(object)).toBe(Date.parse(december.from));

  vi.useFakeTimers({ toFake: ["Date"], now: start + 3600_000 });
  await runDurableObjectAlarm(object);
  await expect.poll(() => typesOf(name)).toEqual(["frozen"]);
  expect((await eventsOf(name))[0]?.data).toEqual({ environment: name, ...december });
  expect(await armedAt(object)).toBe(Date.parse(december.to));
  await evictDurableObject(object);
  await put({ freezes: [{ ...december, reason: "longer holidays", to: at(9000_000) }], risk: "low" });
  expect(await typesOf(name)).toEqual(["frozen"]);

  vi.setSystemTime(start + 9000_000);
  await runDurableObjectAlarm(object);
  await expect.poll(() => typesOf(name)).toEqual(["frozen", "thawed"]);
  expect(await armedAt(object)).toBeUndefined();
});

test("a change of settings in the moment a freeze begins does not swallow its event", async () => {
  const { name, put } = fresh();
  const start = Date.now();
  const freezes = [
    {
      name: "december",
      from: new Date(start + 3600_000).toISOString(),
      to: new Date(start + 7200_000).toISOString(),
      reason: "",
    },
  ];
  await put({ freezes });
  // The alarm is late; the next put comes first.
  vi.useFakeTimers({ toFake: ["Date"], now: start + 3600_001 });
  await put({ freezes, risk: "low" });
  await expect.poll(() => typesOf(name)).toEqual(["frozen"]);
});

test("a freeze that is in force when it is made, lifted and made again says so each time", async () => {
  const { name, put } = fresh();
  const freezes = [
    {
      name: "december",
      from: new Date(Date.now() - 1000).toISOString(),
      to: new Date(Date.now() + 3600_000).toISOString(),
      reason: "",
    },
  ];
  for (const now of [freezes, [], freezes]) await put({ freezes: now });
  await expect.poll(() => typesOf(name)).toEqual(["frozen", "thawed", "frozen"]);
});

test("a freeze whose begin is moved while it holds ends, begins anew, and says its end when that has come", async () => {
  const { name, object, put } = fresh();
  const start = Date.now();
  const at = (ms: number) => new Date(start + ms).toISOString();
  const december = { name: "december", from: at(-7200_000), to: at(3600_000), reason: "holidays" };
  await put({ freezes: [december] });
  const moved = { ...december, from: at(-3600_000) };
  await put({ freezes: [moved] });
  await expect.poll(() => typesOf(name)).toEqual(["frozen", "thawed", "frozen"]);

  vi.useFakeTimers({ toFake: ["Date"], now: start + 3600_000 });
  await runDurableObjectAlarm(object);
  await expect.poll(() => typesOf(name)).toEqual(["frozen", "thawed", "frozen", "thawed"]);
  expect((await eventsOf(name)).map(({ data }) => data)).toEqual(
    [december, december, moved, moved].map((freeze) => ({ environment: name, ...freeze })),
  );
});

test("what a deployment sets off is in the name of who caused it, and counts as one run further", async () => {
  const { name, rpc, put } = fresh();
  await put();
  const ingest = vi.spyOn(EventBus.prototype, "ingest");
  const deployment = { app: "shop", revision: "2", function: "f", run: "run_1", by: "bob", at: 1000 };
  await rpc.recordDeployment({ ...deployment, command: "0#1" as CommandId, sluicehops: 3 });
  await expect.poll(() => ingest.mock.calls.length).toBe(1);
  expect(ingest.mock.calls[0]).toEqual([
    [expect.objectContaining({ sluicehops: 3, data: { environment: name, ...deployment } })],
    "bob",
  ]);
});

test("an answer waits for a catalog that fails at first", async () => {
  const { name, put } = fresh();
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(Catalog.prototype, "setTargets").mockRejectedValueOnce(new Error("moving"));
  expect(await put()).toMatchObject({ ok: true });
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });
});

test("a removal that the catalog has not taken is waited for again, however often it is asked for", async () => {
  const { name, rpc, object, put } = fresh();
  await put();
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(Catalog.prototype, "setTargets").mockRejectedValue(new Error("moving"));
  const unavailable = { ok: false, error: { code: "unavailable", retryable: true } };
  shortenPatience();
  expect(await rpc.remove(by)).toMatchObject(unavailable);
  expect(await rpc.view()).toMatchObject({ error: { code: "unknown_environment" } });
  expect(await rpc.remove(by)).toMatchObject(unavailable);
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });

  vi.restoreAllMocks();
  const answers = await runInDurableObject<Environment, unknown>(object, async (environment, { storage }) => {
    storage.sql.exec("UPDATE outbox SET due_at = 1");
    const waiting = Promise.all([environment.remove(by), environment.remove(by)]);
    await environment.alarm();
    return await waiting;
  });
  expect(answers).toEqual([
    { ok: true, value: null },
    { ok: true, value: null },
  ]);
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: null } });
  expect(await rpc.remove(by)).toMatchObject({ error: { code: "unknown_environment" } });
});

test("without the catalog there is no yes, and once it is back the calls are governed", async () => {
  const { name, rpc, object, put } = fresh();
  vi.spyOn(console, "error").mockImplementation(() => {});
  const broken = vi.spyOn(Catalog.prototype, "setTargets").mockRejectedValue(new Error("moving"));
  shortenPatience();
  expect(await put()).toMatchObject({ ok: false, error: { code: "unavailable", retryable: true } });
  expect(await rpc.view()).toMatchObject({ ok: true });

  broken.mockRestore();
  await runInDurableObject(object, (_, state) => {
    state.storage.sql.exec("UPDATE outbox SET due_at = 1");
  });
  await runDurableObjectAlarm(object);
  await expect.poll(() => governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });
});

test("one that is only asked for keeps nothing, and is made all the same when it is put", async () => {
  const { name, rpc, object, put } = fresh();
  const page = { limit: 10 };
  const unknown = { ok: false, error: { code: "unknown_environment" } };
  for (const answer of [rpc.view(), rpc.deployments(page), rpc.healthChanges(page), rpc.remove(by)]) {
    expect(await answer).toMatchObject(unknown);
  }
  const told = { app: "shop", revision: "1", function: "f", run: "run_1", by: "bob", at: 1 };
  await rpc.recordDeployment({ ...told, command: "0#1" as CommandId });
  expect(await rpc.parkedMessages()).toEqual([]);
  expect(await rpc.retryParked({ actor: `environment/${name}`, by })).toBe(0);
  expect(await put({ labels: { team: "x".repeat(2_100_000) } })).toMatchObject({ ok: false });
  expect(await rpc.view()).toMatchObject(unknown);
  expect(await tablesOf(object)).toEqual([]);
  expect(await put()).toMatchObject({ ok: true, value: { version: 1 } });
  expect(await governing(`shop-${name}`)).toMatchObject({ value: { environment: name } });
  await evictDurableObject(object);
  expect(await rpc.view()).toMatchObject({ ok: true, value: { version: 1 } });
});

test("settings too large for a row are refused, and what was there stays", async () => {
  const { rpc, put } = fresh();
  await put();
  const labels = { team: "x".repeat(2_100_000) };
  expect(await put({ labels })).toMatchObject({ ok: false, error: { code: "payload_too_large" } });
  expect(await rpc.view()).toMatchObject({ value: { version: 1, labels: {} } });
});
