import { beforeAll, describe, expect, it, vi } from "vitest";
import { Directory } from "../../durable-objects/directory.ts";
import { call, tokenOf } from "./call.ts";

let operator: string;
let viewer: string;
beforeAll(async () => {
  operator = await tokenOf("operator", "olga");
  viewer = await tokenOf("viewer");
});

async function push(name: string, text: string): Promise<void> {
  const { status, body } = await call("PUT", `/v1/workflows/${name}`, {
    body: { entry: "main.star", files: { "main.star": text } },
  });
  expect(status, JSON.stringify(body)).toBe(200);
}

let count = 0;
async function send(type: string, data: unknown, token = operator) {
  count += 1;
  const { status, body } = await call("POST", "/v1/events", {
    headers: { "content-type": "application/cloudevents+json" },
    rawBody: JSON.stringify({ specversion: "1.0", id: `e${count}`, source: "/tests/flow", type, data }),
    token,
  });
  expect(status).toBe(202);
  return body.events[0];
}

async function stateOf(run: string): Promise<string> {
  const { body } = await call("GET", `/v1/runs/${run}`, { token: viewer });
  return body.state ?? body.code;
}

describe("runs of one group", () => {
  it("follow each other: the next starts when the one before has ended", async () => {
    await push(
      "serial",
      `
def deploy(w, ev):
    w.wait_for_event(type = "test.flow.done", match = {"data.n": ev["data"]["n"]})

on_event(type = "test.flow.deploy", handler = deploy, concurrency = concurrency(key = "event.data.env"))
`,
    );
    const first = await send("test.flow.deploy", { env: "production", n: 1 });
    const second = await send("test.flow.deploy", { env: "production", n: 2 });
    const firstRun = first.started[0].run;
    const waiting = second.queued[0];
    expect(waiting).toMatchObject({
      workflow: "serial",
      trigger: "serial/deploy",
      state: "queued",
      reason: "waits for a place in serial/deploy[production]",
    });
    const shown = await call("GET", `/v1/queue/${waiting.run}`, { token: viewer });
    expect(shown.body).toMatchObject({ behind: [firstRun] });
    await vi.waitFor(async () => expect(await stateOf(firstRun)).toBe("waiting"), { timeout: 20_000 });
    await send("test.flow.done", { n: 1 });
    await vi.waitFor(async () => expect(await stateOf(waiting.run)).toBe("waiting"), { timeout: 20_000 });
    expect(await stateOf(firstRun)).toBe("succeeded");
    await send("test.flow.done", { n: 2 });
    await vi.waitFor(async () => expect(await stateOf(waiting.run)).toBe("succeeded"), { timeout: 20_000 });
    const story = await call("GET", `/v1/events/${second.seq}`, { token: viewer });
    expect(story.body).toMatchObject({
      event: { id: second.id },
      receipt: { queued: [{ run: waiting.run }] },
      starts: [{ run: waiting.run, group: "serial/deploy[production]" }],
    });
  });

  it("hand their place on when they continue as another one", async () => {
    await push(
      "chained",
      `
def deploy(w, ev):
    if ev["data"]["left"] > 0:
        w.continue_as_new({"n": ev["data"]["n"], "left": ev["data"]["left"] - 1})
    w.wait_for_event(type = "test.flow.done", match = {"data.n": ev["data"]["n"]})

on_event(type = "test.flow.chained", handler = deploy, concurrency = concurrency())
`,
    );
    await send("test.flow.chained", { n: 11, left: 2 });
    const { queued } = await send("test.flow.chained", { n: 12, left: 0 });
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/v1/runs?workflow=chained&state=waiting", { token: viewer });
        expect(body.runs).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    const { body } = await call("GET", `/v1/queue/${queued[0].run}`, { token: viewer });
    expect(body).toMatchObject({ state: "queued", behind: [expect.stringMatching(/^run_/)] });
    await send("test.flow.done", { n: 11 });
    await vi.waitFor(async () => expect(await stateOf(queued[0].run)).toBe("waiting"), { timeout: 20_000 });
    await send("test.flow.done", { n: 12 });
  });

  it("hand their place on when they are restarted, and give it back after that", async () => {
    const handler = 'def deploy(w, ev):\n    w.wait_for_signal("go")\n\n';
    await push(
      "resumed",
      `${handler}on_event(type = "test.flow.resumed", handler = deploy, concurrency = concurrency())\n`,
    );
    const { started } = await send("test.flow.resumed", {});
    const { queued } = await send("test.flow.resumed", {});
    const first = started[0].run;
    await vi.waitFor(async () => expect(await stateOf(first)).toBe("waiting"), { timeout: 20_000 });
    // Whoever comes later needs no place. Who has one still gives it back.
    await push("resumed", `${handler}on_event(type = "test.flow.resumed", handler = deploy)\n`);
    const restarted = await call("POST", `/v1/runs/${first}/forks`, {
      body: { command: "0#1", program: "current", restart: true },
      token: operator,
    });
    expect(restarted.status, JSON.stringify(restarted.body)).toBe(201);
    const { id } = restarted.body;
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/queue/${queued[0].run}`, { token: viewer });
        expect(body).toMatchObject({ state: "queued", behind: [id] });
      },
      { timeout: 20_000 },
    );
    await call("POST", `/v1/runs/${id}/signals/go`, { body: {}, token: operator });
    await vi.waitFor(async () => expect(await stateOf(id)).toBe("succeeded"), { timeout: 20_000 });
    await vi.waitFor(async () => expect(await stateOf(queued[0].run)).toBe("waiting"), { timeout: 20_000 });
    await call("POST", `/v1/runs/${queued[0].run}/signals/go`, { body: {}, token: operator });
  });

  it("wait for a place when they are restarted after their end, unless somebody lets them begin", async () => {
    const handler = 'def deploy(w, ev):\n    w.wait_for_signal("go" + ev["data"]["n"])\n\n';
    const rule = 'concurrency = concurrency(key = "event.data.env")';
    await push("redone", `${handler}on_event(type = "test.flow.redone", handler = deploy, ${rule})\n`);
    const go = (run: string, n: string) =>
      call("POST", `/v1/runs/${run}/signals/go${n}`, { body: {}, token: operator });
    const comesTo = (run: string, state: string) =>
      vi.waitFor(async () => expect(await stateOf(run)).toBe(state), { timeout: 20_000 });
    const first = (await send("test.flow.redone", { n: "1", env: "eu" })).started[0].run;
    await comesTo(first, "waiting");
    await go(first, "1");
    await comesTo(first, "succeeded");
    // The bus may hear only now that the place is free.
    const next = await send("test.flow.redone", { n: "2", env: "eu" });
    const second = [...(next.started ?? []), ...(next.queued ?? [])][0].run;
    await comesTo(second, "waiting");
    const restart = async () => {
      const { status, body } = await call("POST", `/v1/runs/${first}/forks`, {
        body: { command: "0#1", restart: true },
        token: operator,
      });
      expect([status, body.state, body.paused?.reason]).toEqual([
        201,
        "waiting",
        "waiting for a place in redone/deploy",
      ]);
      return body.id;
    };
    const [waits, forced] = [await restart(), await restart()];
    // What ends a pause of many runs is not meant for them, also where the list does not know yet that they wait.
    const named = Directory.prototype.named;
    const late = vi.spyOn(Directory.prototype, "named").mockImplementation(async function (
      this: Directory,
      ids,
    ) {
      return (await named.call(this, ids)).map(({ paused: _, ...run }) => run);
    });
    const all = await call("POST", "/v1/runs/operations", {
      body: { action: "resume", runs: [waits] },
      token: operator,
    });
    expect(late).toHaveBeenCalledOnce();
    late.mockRestore();
    expect(all.body).toMatchObject({ done: [], refused: [{ id: waits, code: "waits_for_place" }] });
    const resumed = await call("POST", `/v1/runs/${forced}/operations`, {
      body: { operation: { action: "resume" }, reason: "it does no harm" },
      token: operator,
    });
    expect(resumed.status, JSON.stringify(resumed.body)).toBe(200);
    // The signal came along.
    await comesTo(forced, "succeeded");
    const { body } = await call("GET", `/v1/queue/${waits}`, { token: viewer });
    expect(body).toMatchObject({ state: "queued", group: "redone/deploy[eu]", behind: [second] });
    expect(await stateOf(waits)).toBe("waiting");
    // Restarted once more while it waits, it waits in the place of that one.
    const { body: instead } = await call("POST", `/v1/runs/${waits}/forks`, {
      body: { command: "0#1", restart: true },
      token: operator,
    });
    expect(await stateOf(waits)).toBe("cancelled");
    expect(await stateOf(instead.id)).toBe("waiting");
    await go(second, "2");
    await comesTo(instead.id, "succeeded");
    // A free place is taken at once.
    const { body: last } = await call("POST", `/v1/runs/${first}/forks`, {
      body: { command: "0#1", restart: true },
      token: operator,
    });
    await comesTo(last.id, "succeeded");
  });

  it("can be taken back while they wait, by an operator", async () => {
    await push(
      "held",
      `
def deploy(w, ev):
    w.sleep(hours = 1)

on_event(type = "test.flow.held", handler = deploy, concurrency = concurrency())
`,
    );
    await send("test.flow.held", {});
    const { queued } = await send("test.flow.held", {});
    const early = await call("GET", `/v1/runs/${queued[0].run}`, { token: viewer });
    expect([early.status, early.body.code]).toEqual([409, "run_not_started"]);
    expect(early.body.detail).toContain("it is queued: waits for a place in held/deploy");
    const path = `/v1/queue/${queued[0].run}/cancel`;
    expect((await call("POST", path, { token: viewer, body: {} })).status).toBe(403);
    const cancelled = await call("POST", path, { token: operator, body: { reason: "not today" } });
    expect(cancelled.body).toMatchObject({ state: "cancelled", reason: "cancelled by olga: not today" });
    const late = await call("POST", `/v1/runs/${queued[0].run}/cancel`, { token: operator, body: {} });
    expect([late.status, late.body.detail]).toEqual([
      404,
      "the run never began, it was cancelled: cancelled by olga: not today",
    ]);
    const again = await call("POST", path, { token: operator, body: {} });
    expect([again.status, again.body.code]).toEqual([409, "start_not_waiting"]);
    const { body } = await call("GET", "/v1/queue?all=true", { token: viewer });
    expect(body.queue.map(({ run }: { run: string }) => run)).toContain(queued[0].run);
    const first = await call("GET", "/v1/queue?all=true&limit=1", { token: viewer });
    const rest = await call("GET", `/v1/queue?all=true&cursor=${first.body.next}`, { token: viewer });
    expect([...first.body.queue, ...rest.body.queue]).toEqual(body.queue);
    expect(rest.body).not.toHaveProperty("next");
    await vi.waitFor(async () => {
      const audit = await call("GET", "/v1/audit");
      expect(audit.body.entries).toContainEqual(
        expect.objectContaining({ action: "start.cancel", by: "olga", subject: queued[0].run }),
      );
    });
  });

  it("are unknown where nothing waits", async () => {
    const run = `run_${"0".repeat(32)}`;
    const { status, body } = await call("GET", `/v1/queue/${run}`, { token: viewer });
    expect([status, body.code]).toEqual([404, "unknown_start"]);
  });
});

describe("an event", () => {
  it("tells of each trigger of its type that it was not for, why", async () => {
    await push(
      "picky",
      `
def h(w, ev):
    pass

on_event(type = "test.flow.picky", handler = h, name = "a", filter = "event.data.n > 10")
on_event(type = "test.flow.picky", handler = h, name = "b", match = {"data.n": 2})
on_event(type = "test.flow.picky", handler = h, name = "c", filter = "event.data.m == 1")
on_event(type = "test.flow.*", handler = h, name = "d", match = {"type": "test.flow.picky"})
`,
    );
    const { seq } = await send("test.flow.picky", { n: 1 });
    const { body } = await call("GET", `/v1/events/${seq}`, { token: viewer });
    expect(body.receipt).toMatchObject({
      started: [{ trigger: "picky/d" }],
      unmatched: [
        { trigger: "picky/a", reason: "its filter says no: event.data.n > 10 is false" },
        { trigger: "picky/b", reason: "data.n is 1, not 2" },
      ],
      skipped: [{ by: "picky/c" }],
    });
    const told = await send("test.flow.picky", { n: 1 });
    expect(told).toMatchObject({ unmatched: [{}, {}], skipped: [{}] });
    // Who only sends could send what fulfils the conditions.
    const senders = await send("test.flow.picky", { n: 1 }, await tokenOf("sender"));
    expect(Object.keys(senders).sort()).toEqual([
      "duplicate",
      "id",
      "seq",
      "source",
      "started",
      "type",
      "woke",
    ]);
    const unknown = await call("GET", "/v1/events/999999", { token: viewer });
    expect([unknown.status, unknown.body.code]).toEqual([404, "unknown_event"]);
  });
});

describe("a schedule", () => {
  it("is listed, paused, resumed and fired by operators", async () => {
    await push(
      "clockwork",
      `
def tick(w, ev):
    return ev["data"]["manual"]

on_schedule(cron = "0 0 1 1 *", timezone = "Asia/Tokyo", handler = tick, name = "yearly")
`,
    );
    const list = await call("GET", "/v1/schedules", { token: viewer });
    const yearly = list.body.schedules.find(({ id }: { id: string }) => id === "clockwork/yearly");
    expect(yearly).toMatchObject({ cron: "0 0 1 1 *", timezone: "Asia/Tokyo", backfill: "latest" });
    expect(yearly.next).toHaveLength(5);
    expect(new Date(yearly.next[0]).toISOString()).toMatch(/-12-31T15:00:00.000Z$/);
    const path = "/v1/schedules/clockwork/yearly";
    expect((await call("POST", `${path}/pause`, { token: viewer, body: {} })).status).toBe(403);
    const paused = await call("POST", `${path}/pause`, { token: operator, body: { reason: "audit" } });
    expect(paused.body).toMatchObject({ next: [], paused: { by: "olga", reason: "audit" } });
    const fired = await call("POST", `${path}/trigger`, {
      token: operator,
      headers: { "idempotency-key": "once" },
    });
    expect(fired.status).toBe(202);
    expect(fired.body).toMatchObject({ duplicate: false, started: [{ trigger: "clockwork/yearly" }] });
    const again = await call("POST", `${path}/trigger`, {
      token: operator,
      headers: { "idempotency-key": "once" },
    });
    expect(again.body).toEqual({ ...fired.body, duplicate: true });
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs/${fired.body.started[0].run}`, { token: viewer });
        expect(body).toMatchObject({ state: "succeeded", initiator: "olga", output: true });
      },
      { timeout: 20_000 },
    );
    const resumed = await call("POST", `${path}/resume`, { token: operator });
    expect(resumed.body.paused).toBeUndefined();
    expect(resumed.body.next).toEqual(yearly.next);
    const shown = await call("GET", path, { token: viewer });
    expect(shown.body).toEqual(resumed.body);
    const unknown = await call("GET", "/v1/schedules/clockwork/monthly", { token: viewer });
    expect([unknown.status, unknown.body.code]).toEqual([404, "unknown_schedule"]);
  });

  it("fires for times that have gone by, once each, and the audit says who asked", async () => {
    await push(
      "hourly",
      `
def tick(w, ev):
    return ev["data"]["scheduled_at"]

on_schedule(every = "1h", handler = tick, name = "tick")
`,
    );
    const path = "/v1/schedules/hourly/tick";
    await call("POST", `${path}/pause`, { token: operator, body: { reason: "holidays" } });
    const now = Date.now();
    const body = { from: new Date(now - 3 * 3600_000).toISOString(), to: new Date(now).toISOString() };
    expect((await call("POST", `${path}/backfill`, { token: viewer, body })).status).toBe(403);
    const done = await call("POST", `${path}/backfill`, { token: operator, body });
    expect([done.status, done.body.fired.length, done.body.before]).toEqual([202, 3, []]);
    const again = await call("POST", `${path}/backfill`, { token: operator, body });
    expect([again.status, again.body.fired, again.body.before.length]).toEqual([202, [], 3]);
    const { run } = done.body.fired[0].receipt.started[0];
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs/${run}`, { token: viewer });
        const output = new Date(done.body.fired[0].time).toISOString();
        expect(body).toMatchObject({ state: "succeeded", initiator: "olga", output });
      },
      { timeout: 20_000 },
    );
    const future = { from: body.to, to: new Date(now + 3600_000).toISOString() };
    const refused = await call("POST", `${path}/backfill`, { token: operator, body: future });
    expect([refused.status, refused.body.code]).toEqual([422, "invalid_backfill"]);
    const wrong = await call("POST", `${path}/backfill`, { token: operator, body: { from: "yesterday" } });
    expect([wrong.status, wrong.body.code]).toEqual([400, "invalid_request"]);
    const resumed = await call("POST", `${path}/resume`, { token: operator, body: { reason: "back" } });
    expect(resumed.body.paused).toBeUndefined();
    await vi.waitFor(async () => {
      const { body: audit } = await call("GET", "/v1/audit?limit=500", { token: viewer });
      const told = audit.entries.filter(({ subject }: { subject: string }) => subject === "hourly/tick");
      const asked = { action: "schedule.backfill", by: "olga", data: { from: now - 3 * 3600_000, to: now } };
      expect(told).toMatchObject([
        { action: "schedule.resume", data: { reason: "back" } },
        asked,
        asked,
        { action: "schedule.pause", data: { reason: "holidays" } },
      ]);
    });
  });
});
