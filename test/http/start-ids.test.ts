// For how long a start under an id of somebody's choice is the same start: longer than its event is kept.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { DEFAULT_WORKSPACE } from "../../durable-objects/stubs.ts";
import { call, tokenOf } from "./call.ts";

let operator: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olivia");
});

async function put(name: string, body: string): Promise<void> {
  const source = `def main(w, ev):\n    ${body.split("\n").join("\n    ")}\n\non_start(main)\n`;
  const { status } = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect(status).toBe(200);
}

async function start(name: string, key?: string): Promise<{ run: string; repeated: boolean }> {
  const headers = key === undefined ? undefined : { "idempotency-key": key };
  const { status, body } = await call("POST", `/v1/workflows/${name}/runs`, {
    body: {},
    token: operator,
    ...(headers && { headers }),
  });
  expect(status).toBe(202);
  return body;
}

async function until(run: string, state: string) {
  return await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/v1/runs/${run}`);
      expect(body).toMatchObject({ state });
      return body;
    },
    { timeout: 8000, interval: 20 },
  );
}

/** What the directory knows of a run is there a moment later than the run itself. */
async function listed(run: string, filter: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/v1/runs?${filter}`);
      expect(body.runs.map(({ id }: { id: string }) => id)).toContain(run);
    },
    { timeout: 8000, interval: 20 },
  );
}

/** The bus's daily look at what it has kept for long enough, as if all that there is were that old. */
async function eventsRemoved(): Promise<void> {
  const bus = env.EVENT_BUS.get(env.EVENT_BUS.idFromName(`${DEFAULT_WORKSPACE}/bus/0`));
  await runInDurableObject(bus, (_, { storage }) => {
    storage.sql.exec("UPDATE events SET received_at = 1");
    storage.sql.exec("UPDATE timers SET due_at = 1 WHERE id = 'retention'");
  });
  await runDurableObjectAlarm(bus);
  expect((await call("GET", "/v1/events?type=dev.sluice.workflow.start")).body.events).toEqual([]);
}

/** The run's storage is given up, as after its retention. */
async function givenUp(run: string): Promise<void> {
  const object = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${run}`));
  await runInDurableObject(object, async (_, { storage }) => await storage.deleteAll());
  await evictDurableObject(object);
}

describe("a start under an id, when its event is kept no more", () => {
  it("is the same run for who asks over HTTP, while that goes on and when it is over", async () => {
    await put("keyed", 'w.wait_for_signal("go")');
    const first = await start("keyed", "release-1");
    await until(first.run, "waiting");
    await listed(first.run, "workflow=keyed");
    await eventsRemoved();
    expect(await start("keyed", "release-1")).toEqual({ run: first.run, repeated: true });

    await call("POST", `/v1/runs/${first.run}/signals/go`, { body: {}, token: operator });
    await until(first.run, "succeeded");
    await listed(first.run, "workflow=keyed&state=succeeded");
    await eventsRemoved();
    expect(await start("keyed", "release-1")).toEqual({ run: first.run, repeated: true });
  });

  it("is an error for another run that asks, which does not wait for ever", async () => {
    await put("coordinator", 'w.wait_for_signal("go")');
    await put("asks-for-it", 'return w.start("coordinator", id = "one")');
    const a = await start("asks-for-it");
    const child = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs?parent=${a.run}`);
        expect(body.runs).toMatchObject([{ state: "waiting" }]);
        return body.runs[0].id as string;
      },
      { timeout: 8000, interval: 20 },
    );
    await eventsRemoved();
    const b = await start("asks-for-it");
    expect(await until(b.run, "failed")).toMatchObject({
      error: { code: "AlreadyStarted", details: { run: child } },
    });

    await call("POST", `/v1/runs/${child}/signals/go`, { body: {}, token: operator });
    await until(a.run, "succeeded");
    await listed(child, "workflow=coordinator&state=succeeded");
    await eventsRemoved();
    await givenUp(child);
    const c = await start("asks-for-it");
    expect(await until(c.run, "failed")).toMatchObject({ error: { code: "AlreadyStarted" } });
    expect((await call("GET", `/v1/runs/${child}`)).body.code).toBe("run_expired");
  });

  it("is a new one where nobody has asked for it before", async () => {
    await put("fresh", "return 1");
    expect(await start("fresh", "never-before")).toMatchObject({ repeated: false });
  });
});
