import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, tokenOf } from "./call.ts";

let viewer: string;
let operator: string;
beforeAll(async () => {
  viewer = await tokenOf("viewer");
  operator = await tokenOf("operator", "olivia");
});

async function put(name: string, body: string, declaration = "on_start(main)"): Promise<void> {
  const handler = body
    .trim()
    .split("\n")
    .map((line) => `    ${line.trim()}`)
    .join("\n");
  const source = `def main(w, ev):\n${handler}\n\n${declaration}\n`;
  const { status, body: answer } = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect({ status, answer }).toMatchObject({ status: 200 });
}

const start = (name: string, body: unknown = {}, options: Parameters<typeof call>[2] = {}) =>
  call("POST", `/v1/workflows/${name}/runs`, { body, token: operator, ...options });

async function until(run: string, state: string) {
  return await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/v1/runs/${run}`, { token: viewer });
      expect(body).toMatchObject({ state });
      return body;
    },
    { timeout: 8000, interval: 20 },
  );
}

describe("a workflow that declares on_start", () => {
  it("is started by its name, once under one key", async () => {
    await put("named", 'return [ev["data"], ev["subject"], w.info().initiator]');
    const headers = { "idempotency-key": "same" };
    const first = await start("named", { input: { n: 1 } }, { headers });
    expect(first).toMatchObject({ status: 202, body: { repeated: false } });
    expect((await start("named", { input: { n: 2 } }, { headers })).body).toEqual({
      ...first.body,
      repeated: true,
    });
    expect(await until(first.body.run, "succeeded")).toMatchObject({ output: [{ n: 1 }, "named", "olivia"] });
    expect((await start("named")).body.run).not.toBe(first.body.run);
  });

  it("is refused where it does not, is not there, or may not be asked", async () => {
    await put("by-event", "pass", 'on_event(type = "com.example.x", handler = main)');
    expect((await start("by-event")).body).toMatchObject({ status: 422, code: "not_startable" });
    expect((await start("nowhere")).body).toMatchObject({ status: 404, code: "unknown_workflow" });
    expect((await start("named", {}, { token: viewer })).status).toBe(403);
    const event = {
      specversion: "1.0",
      id: "1",
      source: "/x",
      type: "dev.sluice.workflow.start",
      subject: "named",
    };
    const forged = await call("POST", "/v1/events", {
      rawBody: JSON.stringify(event),
      headers: { "content-type": "application/cloudevents+json" },
    });
    expect(forged.body.code).toBe("invalid_event");
  });
});

describe("a run that starts others", () => {
  it("gets what they return, and what they fail with, and they are listed under it", async () => {
    await put("half", 'return ev["data"] // 2 if ev["data"] % 2 == 0 else fail("odd")');
    await put(
      "halves",
      'got = w.attempt(lambda: w.start("half", 3))\nreturn [w.start("half", 8), got.error.code]',
    );
    const { run } = (await start("halves")).body;
    expect(await until(run, "succeeded")).toMatchObject({ output: [4, "ChildFailed"] });
    await vi.waitFor(async () => {
      const { body } = await call("GET", `/v1/runs?parent=${run}`, { token: viewer });
      expect(body.runs.map(({ state }: { state: string }) => state).sort()).toEqual(["failed", "succeeded"]);
      expect(body.runs[0]).toMatchObject({ workflow: "half", parent: { run } });
    });
  });

  it("that is cancelled cancels those it waits for", async () => {
    await put("waits", 'w.wait_for_signal("go")');
    await put("parent", 'w.start("waits")');
    const { run } = (await start("parent")).body;
    const child = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs/${run}`);
        const id: string = body.activities[0].child;
        expect((await call("GET", `/v1/runs/${id}`)).body.state).toBe("waiting");
        return id;
      },
      { timeout: 8000 },
    );
    await call("POST", `/v1/runs/${run}/cancel`, { body: { reason: "enough" } });
    await until(run, "cancelled");
    expect(await until(child, "cancelled")).toMatchObject({ error: { details: { by: run } } });
  });

  it("does not hear from a fork of one, which has no parent, but from one that begins again in its place", async () => {
    await put("forked-child", "w.sleep(days = 1)\nreturn w.info().run");
    await put("asks-one", 'return w.start("forked-child")');
    const { run } = (await start("asks-one")).body;
    const child = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs?parent=${run}`, { token: viewer });
        expect(body.runs).toHaveLength(1);
        return body.runs[0].id as string;
      },
      { timeout: 8000, interval: 20 },
    );
    await until(child, "waiting");
    const forkOf = async (id: string, restart: boolean) => {
      const { body } = await call("POST", `/v1/runs/${id}/forks`, { body: { command: "0#1", restart } });
      expect(body.continues).toEqual({ run: id, how: "forked" });
      return body;
    };
    const wake = (id: string) =>
      call("POST", `/v1/runs/${id}/operations`, { body: { operation: { action: "skip", command: "0#1" } } });

    const fork = await forkOf(child, false);
    expect(fork.parent).toBeUndefined();
    await wake(fork.id);
    await until(fork.id, "succeeded");
    expect(await until(run, "waiting")).toMatchObject({
      waitingFor: "waiting for the workflow forked-child",
    });

    const instead = await forkOf(child, true);
    expect(instead.parent).toEqual({ run, command: "0#1" });
    expect(await until(child, "cancelled")).toMatchObject({ continuedAs: instead.id });
    expect(await until(run, "waiting")).toMatchObject({
      waitingFor: "waiting for the workflow forked-child",
    });
    await wake(instead.id);
    expect(await until(run, "succeeded")).toMatchObject({ output: instead.id });

    const late = await forkOf(instead.id, true);
    expect(late.parent).toBeUndefined();
  });

  it("closes the run that has begun again in the place of a child", async () => {
    await put("closed-child", "w.sleep(days = 1)");
    await put("closes-one", 'w.start("closed-child", wait = False)\nw.wait_for_signal("end")');
    const { run } = (await start("closes-one")).body;
    const child = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs?parent=${run}`, { token: viewer });
        expect(body.runs).toMatchObject([{ state: "waiting" }]);
        return body.runs[0].id as string;
      },
      { timeout: 8000, interval: 20 },
    );
    const { body } = await call("POST", `/v1/runs/${child}/forks`, {
      body: { command: "0#1", restart: true },
    });
    await until(child, "cancelled");
    await call("POST", `/v1/runs/${run}/signals/end`, { body: {} });
    expect(await until(body.id, "cancelled")).toMatchObject({ error: { details: { by: run } } });
  });

  it("keeps a run from being restarted where it would be ended with it, and goes on", async () => {
    await put("detached", 'w.wait_for_signal("end")');
    await put("restarted", 'w.start("detached", wait = False)\nw.sleep(days = 1)');
    const { run } = (await start("restarted")).body;
    const activities = async () => (await call("GET", `/v1/runs/${run}`, { token: viewer })).body.activities;
    await vi.waitFor(async () => expect(await activities()).toMatchObject([{ state: "succeeded" }, {}]), {
      timeout: 8000,
      interval: 20,
    });
    const [{ child }] = await activities();
    const restart = (command: string) =>
      call("POST", `/v1/runs/${run}/forks`, { body: { command, restart: true } });
    expect(await restart("0#2")).toMatchObject({
      status: 409,
      body: { code: "child_running", detail: expect.stringContaining(child) },
    });
    await until(run, "waiting");
    await until(child, "waiting");
    await call("POST", `/v1/runs/${child}/signals/end`, { body: {} });
    await until(child, "succeeded");
    await vi.waitFor(async () => expect((await restart("0#2")).status).toBe(201), {
      timeout: 8000,
      interval: 50,
    });
    await until(run, "cancelled");
  });

  it("hears that a workflow is not there, cannot be started, or was started before under the id", async () => {
    await put("once", "return 1");
    await put(
      "asks-for-much",
      `calls = [lambda: w.start("nobody"), lambda: w.start("by-event"), lambda: w.start("once", id = "k"), lambda: w.start("once", id = "k")]
       return [r.error.code if r.error else r.value for r in [w.attempt(c) for c in calls]]`,
    );
    const { run } = (await start("asks-for-much")).body;
    expect((await until(run, "succeeded")).output).toEqual([
      "UnknownWorkflow",
      "NotStartable",
      1,
      "AlreadyStarted",
    ]);
  });
});
