// Runs that signal and cancel other runs, through the whole Worker.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { directoryStub } from "../../durable-objects/stubs.ts";
import { askOtherRun } from "../../durable-objects/workflow-run/other-runs.ts";
import type { RunRequest } from "../../src/builtins/builtin.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import { ok, refuse } from "../../src/protocol/result.ts";
import { call, tokenOf } from "./call.ts";

let operator: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olivia");
});

const functions = `
def signal(w, run, name, data = None, **kwargs):
    return w.run("builtin://signal", {"run": run, "name": name, "data": data}, **kwargs)

def cancel(w, run, reason = ""):
    return w.run("builtin://cancel", {"run": run, "reason": reason})
`;

async function put(name: string, body: string, declaration = "on_start(main)"): Promise<void> {
  const handler = body
    .trim()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  const source = `${functions}\ndef main(w, ev):\n${handler}\n\n${declaration}\n`;
  const { status, body: answer } = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": source } },
  });
  expect({ status, answer }).toMatchObject({ status: 200 });
}

async function start(name: string, input: unknown = null): Promise<RunId> {
  const { body } = await call("POST", `/v1/workflows/${name}/runs`, { body: { input }, token: operator });
  return body.run;
}

const bus = () => env.EVENT_BUS.get(env.EVENT_BUS.idFromName("default/bus/0"));

/** The run's storage is given up, as after its retention. */
async function givenUp(run: RunId): Promise<void> {
  const object = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.idFromName(`default/runs/${run}`));
  await runInDurableObject(object, async (_, { storage }) => await storage.deleteAll());
  await evictDurableObject(object);
}

const patience = { timeout: 8000, interval: 20 };

async function until(run: RunId, expected: unknown) {
  return await vi.waitFor(async () => {
    const { body } = await call("GET", `/v1/runs/${run}`);
    expect(body).toMatchObject(expected as object);
    return body;
  }, patience);
}

const journalOf = async (run: RunId) =>
  (await call("GET", `/v1/runs/${run}/journal?limit=1000`)).body.records;

describe("a run that has started another", () => {
  it("signals it at once, and cancels it, and both are recorded there with the run that did it", async () => {
    await put(
      "told",
      'got = w.wait_for_signal("go")\nw.set_output("got", [got["data"], got["by"]])\nw.sleep(days = 1)',
    );
    await put(
      "teller",
      `
child = w.start("told", wait = False, parent_close = "abandon")["run"]
sent = signal(w, child, "go", {"n": 1})
w.wait_for_signal("enough")
return [child, sent, cancel(w, child, "enough")]`,
    );
    const teller = await start("teller");
    const child = (await vi.waitFor(async () => {
      const { body } = await call("GET", `/v1/runs?parent=${teller}`);
      expect(body.runs).toHaveLength(1);
      return body.runs[0].id;
    }, patience)) as RunId;
    await until(child, { outputs: { got: [{ n: 1 }, teller] } });
    await call("POST", `/v1/runs/${teller}/signals/enough`, { body: {}, token: operator });
    const sent = { id: `${teller}#0#2`, run: child };
    await until(teller, { state: "succeeded", output: [child, sent, { run: child }] });
    await until(child, { state: "cancelled" });
    const notes = (await journalOf(child)).filter(({ note }: { note?: string }) =>
      ["signalled", "cancel_requested"].includes(note ?? ""),
    );
    expect(notes).toMatchObject([
      { data: { id: sent.id, name: "go", data: { n: 1 }, by: teller } },
      { data: { by: teller, reason: "enough" } },
    ]);
    await vi.waitFor(async () => {
      const { body } = await call("GET", "/v1/audit?limit=100");
      expect(body.entries.filter(({ subject }: { subject: string }) => subject === child)).toMatchObject([
        { action: "run.cancel", by: teller },
        { action: "run.signal", by: teller },
      ]);
    }, patience);
  });

  it("reaches the one that goes on in its place, and hears of one that is over", async () => {
    await put("loop", 'if w.wait_for_signal("go")["data"] == "on": w.continue_as_new()\nreturn "over"');
    await put(
      "drives",
      `
loop = w.start("loop", wait = False)["run"]
reached = [signal(w, loop, "go", data)["run"] == loop for data in ["on", "on", "off"]]
w.wait_for_signal("over")
return [reached, w.attempt(signal, w, loop, "go").error.code, w.attempt(cancel, w, loop).error.code]`,
    );
    const drives = await start("drives");
    await vi.waitFor(async () => {
      const { body } = await call("GET", "/v1/runs?workflow=loop");
      expect(body.runs.map(({ state }: { state: string }) => state)).toEqual(Array(3).fill("succeeded"));
    }, patience);
    await call("POST", `/v1/runs/${drives}/signals/over`, { body: {}, token: operator });
    const { output } = await until(drives, { state: "succeeded" });
    expect(output).toEqual([[true, false, false], "RunFinished", "RunFinished"]);
  });
});

describe("a run", () => {
  it("may signal and cancel itself", async () => {
    await put(
      "itself",
      `
me = w.info().run
signal(w, me, "go", 1)
w.set_output("got", w.wait_for_signal("go")["data"])
cancel(w, me, "of my own will")`,
    );
    const run = await start("itself");
    await until(run, { state: "cancelled", outputs: { got: 1 } });
    expect(JSON.stringify(await journalOf(run))).toContain("of my own will");
  });

  it("is told in types why it reaches nobody", async () => {
    await put(
      "lost",
      `
nobody = "run_" + 32 * "0"
return [w.attempt(signal, w, nobody, "go").error.code, w.attempt(cancel, w, nobody).error.code]`,
    );
    await until(await start("lost"), { state: "succeeded", output: ["UnknownRun", "UnknownRun"] });
  });

  it("shows others none of its secrets", async () => {
    await put("hears", 'got = w.wait_for_signal("go")["data"]\nreturn got');
    await put(
      "whispers",
      'child = w.start("hears", wait = False, parent_close = "abandon")["run"]\nsignal(w, child, "go", {"token": ev["data"]["token"]})\nreturn child',
      'on_start(main, inputs = {"token": "secret"})',
    );
    const { output: child } = await until(await start("whispers", { token: "hunter2-hunter2" }), {
      state: "succeeded",
    });
    await until(child, { state: "succeeded", output: { token: "•••" } });
  });

  it("asks policy first", async () => {
    await call("PUT", "/v1/environments/production", { body: { tier: "production" } });
    await put("asks", 'signal(w, w.info().run, "go", environment = "production")');
    const run = await start("asks");
    await until(run, { state: "waiting", activities: [{ state: "held" }] });
    expect(JSON.stringify(await journalOf(run))).not.toContain('"signalled"');
  });
});

describe("a run whose start is on its way", () => {
  it.each([
    ["d", "on its way", 0],
    ["e", "parked", 1],
  ])("is not unknown, and whoever signals it tries again: %s, %s", async (digit, _, parked) => {
    const run = `run_${digit.repeat(32)}` as RunId;
    await runInDurableObject(bus(), (_instance, { storage }) => {
      const far = Date.now() + 3600_000;
      const columns = "receiver, method, args, due_at, parked";
      storage.sql.exec(
        `INSERT INTO outbox (${columns}) VALUES (?, 'start', '[]', ?, ?)`,
        `run/${run}`,
        far,
        parked,
      );
    });
    const by = `run_${"a".repeat(32)}` as RunId;
    const request: RunRequest = { run, by, type: "signal", id: "1", name: "go", data: 1 };
    await expect(askOtherRun(env, "default", request)).rejects.toThrow("about to start");
    const { status, body } = await call("GET", `/v1/runs/${run}`);
    expect([status, body.code]).toEqual([409, "run_not_started"]);
  });
});

describe("a run that held a place, is over and kept no more", () => {
  // Gives its place up as `cancelled` where it is begun again while it waits for it.
  it.each(["finished", "cancelled"])("has begun, and names who goes on for it: %s", async (state) => {
    const type = `com.example.place.${state}`;
    const flow = `on_event(type = "${type}", handler = main, concurrency = concurrency())`;
    await put(`place-${state}`, 'if w.wait_for_signal("go")["data"] == "on": w.continue_as_new()', flow);
    const { body } = await call("POST", "/v1/events", {
      rawBody: JSON.stringify({ specversion: "1.0", id: state, source: "/test", type }),
      headers: { "content-type": "application/cloudevents+json" },
    });
    const first = body.events[0].started[0].run as RunId;
    await until(first, { state: "waiting" });
    await call("POST", `/v1/runs/${first}/signals/go`, { body: { data: "on" }, token: operator });
    const { continuedAs: second } = await until(first, { state: "succeeded" });
    await until(second, { state: "waiting" });
    await vi.waitFor(async () => {
      expect((await call("GET", `/v1/queue/${first}`)).body).toMatchObject({ state: "finished" });
      expect(await directoryStub(env, "default").run(first)).toMatchObject({ continuedAs: second });
    }, patience);
    await runInDurableObject(bus(), (_, { storage }) => {
      storage.sql.exec("UPDATE starts SET state = ? WHERE run = ?", state, first);
    });
    await givenUp(first);

    expect(await call("GET", `/v1/runs/${first}`)).toMatchObject({
      status: 410,
      body: { code: "run_expired", detail: expect.stringContaining(`goes on as ${second}`) },
    });
    const by = `run_${"a".repeat(32)}` as RunId;
    const signal: RunRequest = { run: first, by, type: "signal", id: "1", name: "go", data: "off" };
    expect(await askOtherRun(env, "default", signal)).toEqual({ ok: true, value: second });
    await until(second, { state: "succeeded" });
  });

  it("is unknown, and not said to have never begun, once nobody knows how it ended", async () => {
    await put("forgotten", "return 1", "on_start(main, concurrency = concurrency())");
    const run = await start("forgotten");
    await until(run, { state: "succeeded" });
    await vi.waitFor(async () => {
      expect((await call("GET", `/v1/queue/${run}`)).body).toMatchObject({ state: "finished" });
      expect(await directoryStub(env, "default").run(run)).toMatchObject({ state: "succeeded" });
    }, patience);
    await runInDurableObject(
      env.DIRECTORY.get(env.DIRECTORY.idFromName("default/directory")),
      (_, { storage }) => void storage.sql.exec("DELETE FROM runs WHERE id = ?", run),
    );
    await givenUp(run);
    const { body } = await call("GET", `/v1/runs/${run}`);
    expect(body).toMatchObject({ code: "unknown_run", detail: expect.not.stringContaining("never began") });
  });
});

describe("a run that has gone on very often", () => {
  const id = (n: number) => `run_${n.toString(16).padStart(32, "0")}` as RunId;
  /** Runs of which each goes on as the next, and the last takes what it is asked. */
  function chain(last: number): Env {
    const answer = (n: number) =>
      n === last ? ok({ id: "1" }) : refuse("run_finished", "it is over", { run: id(n + 1) });
    const numberOf = (name: string) => Number.parseInt(name.slice(-32), 16);
    const get = (name: string) => ({ signal: async () => answer(numberOf(name)) });
    return { ...env, WORKFLOW_RUN: { idFromName: (name: string) => name, get } } as unknown as Env;
  }
  const ask = (last: number, run: RunId) =>
    askOtherRun(chain(last), "default", { run, by: id(999), type: "signal", id: "1", name: "go", data: 1 });

  it("is gone through to the hundredth in its place, and the next request begins there", async () => {
    expect(await ask(100, id(0))).toEqual({ ok: true, value: id(100) });
    const refused = await ask(101, id(0));
    expect(refused).toMatchObject({ error: { code: "too_many_successors", details: { run: id(100) } } });
    expect(await ask(101, id(100))).toEqual({ ok: true, value: id(101) });
  });
});

describe("a request that is repeated", () => {
  it("is answered as the first time, and done once, also when the run is over", async () => {
    await put("once", 'return [w.wait_for_signal("go")["data"], w.wait_for_signal("end")["data"]]');
    const run = await start("once");
    await until(run, { state: "waiting" });
    const by = `run_${"a".repeat(32)}` as RunId;
    const request = { run, by, type: "signal", id: `${by}#0#1`, name: "go", data: 1 } satisfies RunRequest;
    const ask = () => askOtherRun(env, "default", request);
    const done = { ok: true, value: run };
    expect([await ask(), await ask()]).toEqual([done, done]);
    await call("POST", `/v1/runs/${run}/signals/end`, { body: { data: 2 }, token: operator });
    await until(run, { state: "succeeded", output: [1, 2] });
    expect(await ask()).toEqual(done);
    expect(await askOtherRun(env, "default", { ...request, id: "another" })).toMatchObject({
      error: { code: "run_finished" },
    });
  });

  it("takes a start back that waits its turn, and is tried again until one that is signalled has begun", async () => {
    const flow = 'on_event(type = "com.example.queue", handler = main, concurrency = concurrency())';
    await put("queued", 'w.wait_for_signal("go")', flow);
    const send = async () => {
      const { body } = await call("POST", "/v1/events", {
        rawBody: JSON.stringify({
          specversion: "1.0",
          id: crypto.randomUUID(),
          source: "/test",
          type: "com.example.queue",
        }),
        headers: { "content-type": "application/cloudevents+json" },
      });
      const [receipt] = body.events;
      return (receipt.started[0] ?? receipt.queued[0]).run as RunId;
    };
    const [, second, third] = [await send(), await send(), await send()];
    const by = `run_${"b".repeat(32)}` as RunId;
    const signalled = askOtherRun(env, "default", {
      ...{ run: second, by, type: "signal", id: "1", name: "go", data: 1 },
    });
    await expect(signalled).rejects.toThrow("has not begun");
    const cancelled = () => askOtherRun(env, "default", { run: third, by, type: "cancel", reason: "no" });
    expect([await cancelled(), await cancelled()]).toEqual(Array(2).fill({ ok: true, value: third }));
    const { body } = await call("GET", `/v1/queue/${third}`);
    expect(body).toMatchObject({ state: "cancelled", reason: `cancelled by ${by}: no` });
  });
});
