import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { call, tokenOf } from "./call.ts";

let operator: string;
let viewer: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olga");
  viewer = await tokenOf("viewer");
});

/** Leaves a message in the bus's outbox as one that has failed too often. */
async function park(receiver: string): Promise<void> {
  const bus = env.EVENT_BUS.get(env.EVENT_BUS.idFromName("default/bus/0"));
  await runInDurableObject(bus, (_, { storage }) => {
    storage.sql.exec(
      `INSERT INTO outbox (receiver, method, args, attempts, due_at, last_error, parked)
       VALUES (?, 'apply', '[{}]', 20, 0, 'Error: unreachable', 1)`,
      receiver,
    );
  });
}

it("Operators see what was given up, and have it delivered again", async () => {
  await call("GET", "/v1/triggers", { token: viewer });
  await park("directory/");
  expect((await call("GET", "/v1/outbox", { token: viewer })).status).toBe(403);
  const { body } = await call("GET", "/v1/outbox", { token: operator });
  expect(body.parked).toEqual([
    {
      actor: "bus",
      id: expect.any(Number),
      receiver: "directory/",
      method: "apply",
      attempts: 20,
      lastError: "Error: unreachable",
    },
  ]);
  const retried = await call("POST", "/v1/outbox/retry", { token: operator, body: { actor: "bus" } });
  expect(retried.body).toEqual({ retried: 1 });
  expect((await call("GET", "/v1/outbox?actor=bus", { token: operator })).body).toEqual({ parked: [] });
  await vi.waitFor(async () => {
    const audit = await call("GET", "/v1/audit");
    expect(audit.body.entries).toContainEqual(
      expect.objectContaining({ action: "outbox.retry", by: "olga", subject: "bus", data: { messages: 1 } }),
    );
  });
});

it("Runs and environments are asked by name, and those that never were have nothing parked", async () => {
  for (const actor of [
    `run/run_${"0".repeat(32)}`,
    "environment/nowhere",
    "router",
    "catalog",
    "directory",
  ]) {
    const { status, body } = await call("GET", `/v1/outbox?actor=${encodeURIComponent(actor)}`, {
      token: operator,
    });
    expect([actor, status, body]).toEqual([actor, 200, { parked: [] }]);
  }
  const nobody = await call("GET", "/v1/outbox?actor=nobody", { token: operator });
  expect([nobody.status, nobody.body.code]).toEqual([400, "invalid_request"]);
});
