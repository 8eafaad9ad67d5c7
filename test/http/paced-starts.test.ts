// `on_start` with a say in how many runs there may be: starts by hand, and those that other runs ask for.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { DEFAULT_WORKSPACE, runStub } from "../../durable-objects/stubs.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { call, tokenOf } from "./call.ts";

let operator: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olivia");
});

async function put(name: string, body: string, rules = ""): Promise<void> {
  const source = `def main(w, ev):\n    ${body.split("\n").join("\n    ")}\n\non_start(main${rules})\n`;
  const { status, body: answer } = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect({ status, answer }).toMatchObject({ status: 200 });
}

const start = (name: string, input: unknown = {}, key?: string) =>
  call("POST", `/v1/workflows/${name}/runs`, {
    body: { input },
    token: operator,
    ...(key !== undefined && { headers: { "idempotency-key": key } }),
  });

const patience = { timeout: 8000, interval: 20 };

async function until(run: string, state: string) {
  return await vi.waitFor(async () => {
    const { body } = await call("GET", `/v1/runs/${run}`);
    expect(body).toMatchObject({ state });
    return body;
  }, patience);
}

async function standing(run: string, state: string) {
  return await vi.waitFor(async () => {
    const { body } = await call("GET", `/v1/queue/${run}`);
    expect(body).toMatchObject({ state });
    return body;
  }, patience);
}

/** The run that a run has asked for, whether it has begun or not. */
async function childOf(run: string, index = 0): Promise<string> {
  return await vi.waitFor(async () => {
    const { body } = await call("GET", `/v1/runs/${run}`);
    const child: string | undefined = body.activities?.[index]?.child;
    expect(child).toMatch(/^run_/);
    return child as string;
  }, patience);
}

const go = (run: string) => call("POST", `/v1/runs/${run}/signals/go`, { body: {}, token: operator });
const takeBack = (run: string) =>
  call("POST", `/v1/queue/${run}/cancel`, { body: { reason: "not today" }, token: operator });

const WAITS = 'w.wait_for_signal("go")\nreturn ev["data"]';

describe("starts by hand of a workflow whose runs follow each other", () => {
  it("wait for their place, say so, and begin when it is free", async () => {
    await put("one-at-a-time", WAITS, ', concurrency = concurrency(key = "event.data.env")');
    const first = (await start("one-at-a-time", { env: "live" })).body;
    expect(first).toEqual({ run: expect.stringMatching(/^run_/), repeated: false });
    const second = await start("one-at-a-time", { env: "live" }, "second");
    expect(second).toMatchObject({
      status: 202,
      body: {
        repeated: false,
        waiting: {
          state: "queued",
          reason: "waits for a place in one-at-a-time/start[live]",
          group: "one-at-a-time/start[live]",
          behind: [first.run],
        },
      },
    });
    expect((await start("one-at-a-time", { env: "test" })).body.waiting).toBeUndefined();
    const again = await start("one-at-a-time", { env: "live" }, "second");
    expect(again.body).toMatchObject({ run: second.body.run, repeated: true, waiting: { state: "queued" } });
    await until(first.run, "waiting");
    await go(first.run);
    await until(second.body.run, "waiting");
    expect((await start("one-at-a-time", { env: "live" }, "second")).body).toEqual({
      run: second.body.run,
      repeated: true,
    });
    await go(second.body.run);
    await until(second.body.run, "succeeded");
  });

  it("are refused where none may wait, and where they were taken back or superseded since", async () => {
    await put("no-queue", WAITS, ', concurrency = concurrency(mode = "skip")');
    const { run } = (await start("no-queue")).body;
    expect((await start("no-queue")).body).toMatchObject({
      status: 409,
      code: "start_dropped",
      detail: expect.stringContaining(run),
    });
    await put("newest-waits", WAITS, ', concurrency = concurrency(mode = "cancel_queued")');
    await start("newest-waits");
    expect((await start("newest-waits", {}, "old")).body.waiting.state).toBe("queued");
    const newer = (await start("newest-waits", {}, "new")).body;
    expect((await start("newest-waits", {}, "old")).body).toMatchObject({
      code: "start_dropped",
      detail: expect.stringContaining(newer.run),
    });
    expect((await takeBack(newer.run)).body.state).toBe("cancelled");
    expect((await start("newest-waits", {}, "new")).body.detail).toContain("cancelled by olivia: not today");
  });

  it("keep to a rate, and go before others by their priority", async () => {
    await put("rated", "return 1", ', rate_limit = rate_limit(1, per = "1h")');
    await start("rated");
    expect((await start("rated")).body.waiting).toMatchObject({
      state: "limited",
      dueAt: expect.any(Number),
    });
    const group = 'concurrency = concurrency(group = "both")';
    await put("usual", WAITS, `, ${group}`);
    await put("urgent", WAITS, `, ${group}, priority = 10`);
    const { run } = (await start("usual")).body;
    const waits = (await start("usual")).body.run;
    const next = (await start("urgent")).body.run;
    await until(run, "waiting");
    await go(run);
    await until(next, "waiting");
    expect((await standing(waits, "queued")).behind).toEqual([next]);
  });

  it("are refused with the reason where their key cannot be told", async () => {
    await put("needs-env", WAITS, ', concurrency = concurrency(key = "event.data.env")');
    expect((await start("needs-env")).body).toMatchObject({
      code: "not_startable",
      detail: expect.stringContaining("its key failed: No such key: env"),
    });
  });
});

describe("a run that starts one which has to wait", () => {
  it("gets what that returns when it had its place", async () => {
    await put("child-waits", WAITS, ", concurrency = concurrency()");
    await put("parent-waits", 'return w.start("child-waits", 7)');
    const holder = (await start("child-waits")).body.run;
    const parent = (await start("parent-waits")).body.run;
    const child = await childOf(parent);
    expect((await standing(child, "queued")).behind).toEqual([holder]);
    await until(holder, "waiting");
    await go(holder);
    await until(child, "waiting");
    await go(child);
    expect(await until(parent, "succeeded")).toMatchObject({ output: 7 });
  });

  it.each([
    ["was superseded", "newest", async () => (await start("newest-child")).body.run as string],
    ["was taken back", "queue", async (child: string) => void (await takeBack(child))],
  ])("hears that it %s", async (_, mode, act) => {
    const name = mode === "newest" ? "newest-child" : "queue-child";
    const rule = mode === "newest" ? "cancel_queued" : "queue";
    await put(name, WAITS, `, concurrency = concurrency(mode = "${rule}")`);
    await put(`asks-${name}`, `return w.attempt(lambda: w.start("${name}")).error`);
    await start(name);
    const parent = (await start(`asks-${name}`)).body.run;
    const child = await childOf(parent);
    await standing(child, "queued");
    await act(child);
    expect((await until(parent, "succeeded")).output).toMatchObject({
      code: "ChildCancelled",
      details: { run: child, workflow: name, error: { code: "NeverBegan" } },
    });
  });

  it("hears at once that it was dropped, also where it would not have waited for it", async () => {
    await put("skipped-child", WAITS, ', concurrency = concurrency(mode = "skip")');
    await put(
      "asks-skipped",
      'calls = [w.attempt(lambda: w.start("skipped-child", wait = wait)) for wait in [True, False]]\nreturn [call.error.code for call in calls]',
    );
    await start("skipped-child");
    const parent = (await start("asks-skipped")).body.run;
    expect((await until(parent, "succeeded")).output).toEqual(["ChildCancelled", "ChildCancelled"]);
  });

  it("takes it back when it is cancelled, and its place goes to who waits behind it", async () => {
    await put("closed-queued", WAITS, ", concurrency = concurrency()");
    await put("parent-closed", 'w.start("closed-queued")');
    const holder = (await start("closed-queued")).body.run;
    const parent = (await start("parent-closed")).body.run;
    const child = await childOf(parent);
    await standing(child, "queued");
    const behind = (await start("closed-queued")).body.run;
    await call("POST", `/v1/runs/${parent}/cancel`, { body: { reason: "enough" } });
    await until(parent, "cancelled");
    expect((await standing(child, "cancelled")).reason).toContain("the run that asked for it");
    await until(holder, "waiting");
    await go(holder);
    await until(behind, "waiting");
    expect((await call("GET", `/v1/runs/${child}`)).body).toMatchObject({ code: "unknown_run" });
    // Nothing is kept for a run that never begins.
    const object = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${child}`));
    const tables = await runInDurableObject(object, (_instance, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'inbox'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("leaves it in the queue where it is left alone, and hears once, however often it is told", async () => {
    await put("left-queued", WAITS, ", concurrency = concurrency()");
    await put("leaves-it", 'return w.start("left-queued", wait = False, parent_close = "abandon")');
    const holder = (await start("left-queued")).body.run;
    const parent = (await start("leaves-it")).body.run;
    const { output } = await until(parent, "succeeded");
    const child: string = output.run;
    await standing(child, "queued");
    await until(holder, "waiting");
    await go(holder);
    await until(child, "waiting");

    await put(
      "told-twice",
      'error = w.attempt(lambda: w.start("left-queued")).error\nw.wait_for_signal("end")\nreturn error.code',
    );
    const told = (await start("told-twice")).body.run;
    const dropped = await childOf(told);
    await standing(dropped, "queued");
    await takeBack(dropped);
    await until(told, "waiting");
    const { body: before } = await call("GET", `/v1/runs/${told}/journal?limit=1000`);
    const rpc = () => runStub(env, DEFAULT_WORKSPACE, told as RunId);
    const outcome = { state: "cancelled" as const, neverBegan: true as const };
    await rpc().childFinished({ command: "0#1" as never, outcome });
    await evictDurableObject(
      env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`${DEFAULT_WORKSPACE}/runs/${told}`)),
    );
    await rpc().childFinished({ command: "0#1" as never, outcome });
    expect((await call("GET", `/v1/runs/${told}/journal?limit=1000`)).body).toEqual(before);
    await call("POST", `/v1/runs/${told}/signals/end`, { body: {}, token: operator });
    expect(await until(told, "succeeded")).toMatchObject({ output: "ChildCancelled" });
  });
});
