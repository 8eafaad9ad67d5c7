import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
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

const by: Identity = { subject: "alice", role: "admin", tokenId: "t" };
const catalog = catalogStub(env, DEFAULT_WORKSPACE);
const directory = directoryStub(env, DEFAULT_WORKSPACE);
let names = 0;

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
  await expect.poll(async () => deployedEvents(name)).toHaveLength(1);
});

async function deployedEvents(name: string) {
  const { events } = await busStub(env, DEFAULT_WORKSPACE).events({
    limit: 200,
    type: "dev.sluice.environment.deployed",
  });
  return events.filter(({ event }) => event.subject === name);
}

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

test("a freeze announces its begin once, by a timer of its own", async () => {
  const { name, object, put } = fresh();
  const from = new Date(Date.now() + 3600_000).toISOString();
  const to = new Date(Date.now() + 7200_000).toISOString();
  await put({ freezes: [{ name: "december", from, to, reason: "holidays" }] });
  const frozen = async () => {
    const { events } = await busStub(env, DEFAULT_WORKSPACE).events({
      limit: 200,
      type: "dev.sluice.environment.frozen",
    });
    return events.filter(({ event }) => event.subject === name);
  };
  expect(await frozen()).toEqual([]);
  const dueAt = await runInDurableObject(object, (_, state) => {
    const { due_at } = state.storage.sql.exec<{ due_at: number }>("SELECT due_at FROM timers").one();
    return due_at;
  });
  expect(dueAt).toBe(Date.parse(from));
  // The clock of alarms is real: make the freeze one that has just begun.
  const began = new Date(Date.now() - 1000).toISOString();
  await put({ freezes: [{ name: "december", from: began, to, reason: "holidays" }] });
  await expect.poll(frozen).toHaveLength(1);
  await put({ freezes: [{ name: "december", from: began, to, reason: "holidays" }], risk: "low" });
  await runDurableObjectAlarm(object);
  expect(await frozen()).toHaveLength(1);
});
