// What operators do to runs by hand, over HTTP.
import { describe, expect, it, vi } from "vitest";
import { call, tokenOf } from "./call.ts";

/** Starts a run of a workflow whose handler has this body, and returns its id once it waits. */
async function waitingRun(name: string, body: string): Promise<string> {
  const source = `def main(w, ev):\n    ${body}\n\non_event(type = "${name}", handler = main)\n`;
  await call("PUT", `/v1/workflows/${name}`, { body: { entry: "a.star", files: { "a.star": source } } });
  const event = { specversion: "1.0", id: crypto.randomUUID(), source: "/t", type: name, data: {} };
  const posted = await call("POST", "/v1/events", {
    rawBody: JSON.stringify(event),
    headers: { "content-type": "application/cloudevents+json" },
  });
  const id = posted.body.events?.[0]?.started?.[0]?.run ?? posted.body.started?.[0]?.run;
  await vi.waitFor(async () => expect((await call("GET", `/v1/runs/${id}`)).body.state).toBe("waiting"), {
    timeout: 20_000,
  });
  return id;
}

const operate = (id: string, operation: object, reason = "", token?: string) =>
  call("POST", `/v1/runs/${id}/operations`, {
    body: { operation, reason },
    ...(token === undefined ? {} : { token }),
  });

describe("an operator", () => {
  it("pauses, skips and resumes, and journal and audit say who and why", async () => {
    const id = await waitingRun("ops-a", 'w.sleep(days = 1)\n    w.sleep(days = 2)\n    return "end"');
    const token = await tokenOf("operator", "olivia");
    const paused = await operate(id, { action: "pause" }, "incident", token);
    expect({ status: paused.status, by: paused.body.paused?.by }).toEqual({ status: 200, by: "olivia" });
    expect((await operate(id, { action: "skip", command: "0#1" }, "enough", token)).status).toBe(200);
    const shown = (await call("GET", `/v1/runs/${id}`)).body;
    expect(shown.waitingFor).toBe("paused by olivia: incident");
    expect(shown.activities[0]).toMatchObject({
      state: "succeeded",
      operated: { action: "skip", by: "olivia", reason: "enough" },
    });
    expect((await operate(id, { action: "resume" }, "", token)).status).toBe(200);
    await operate(id, { action: "skip", command: "0#2" }, "", token);
    expect((await call("GET", `/v1/runs/${id}`)).body).toMatchObject({ state: "succeeded", output: "end" });
    await vi.waitFor(
      async () => {
        const { entries } = (await call("GET", "/v1/audit?limit=100")).body;
        const actions = entries
          .filter(({ subject }: { subject: string }) => subject === id)
          .map(({ action, by }: { action: string; by: string }) => `${by} ${action}`);
        expect(actions.sort()).toEqual(
          ["olivia run.pause", "olivia run.resume", "olivia run.skip", "olivia run.skip"].sort(),
        );
      },
      { timeout: 20_000 },
    );
  });

  it.each<[number, string, object]>([
    [409, "not_paused", { action: "resume" }],
    [409, "nothing_to_retry", { action: "retry" }],
    [409, "command_not_open", { action: "skip", command: "0#9" }],
    [422, "invalid_outcome", { action: "complete", command: "0#1", value: "late" }],
    [400, "invalid_request", { action: "skip" }],
    [400, "invalid_request", { action: "explode" }],
  ])("is refused with %i %s", async (status, code, operation) => {
    const id = await waitingRun("ops-b", "w.sleep(days = 1)");
    const answer = await operate(id, operation);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });

  it("is nobody with a viewer's token", async () => {
    const id = await waitingRun("ops-c", "w.sleep(days = 1)");
    expect((await operate(id, { action: "pause" }, "", await tokenOf("viewer"))).status).toBe(403);
  });

  it("chooses runs by all that lists of runs go by", async () => {
    const runIn = (region: string) =>
      waitingRun("ops-e", `w.set_label("region", "${region}")\n    w.sleep(days = 1)`);
    const ids = [await runIn("eu"), await runIn("us")];
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/v1/runs?workflow=ops-e&label=region%3Dus");
        expect(body.runs.map(({ id }: { id: string }) => id)).toEqual([ids[1]]);
      },
      { timeout: 20_000 },
    );
    const cancel = (filter: object) =>
      call("POST", "/v1/runs/operations", {
        body: { action: "cancel", filter: { workflow: "ops-e", ...filter } },
      });
    const nobody = { done: [], refused: [] };
    expect((await cancel({ parent: ids[0] })).body).toEqual(nobody);
    expect((await cancel({ text: "nothing-like-it" })).body).toEqual(nobody);
    expect((await cancel({ to: "2001-01-01T00:00:00Z" })).body).toEqual(nobody);
    expect((await cancel({ label: "region=us", from: "2001-01-01T00:00:00Z" })).body.done).toEqual([ids[1]]);
    expect(await cancel({ labels: "region=eu" })).toMatchObject({ status: 400 });
    expect((await call("GET", `/v1/runs/${ids[0]}`)).body.state).toBe("waiting");
  });

  it.each<[string, object, string]>([
    ["no condition at all", {}, "/filter"],
    ["a list of no labels", { label: [] }, "/filter/label"],
    ["a text that is empty", { text: "" }, "/filter/text"],
    ["a text without a word", { text: "--- ?" }, "/filter/text"],
    ["more words than are searched for", { text: "a b c d e f g h i j k" }, "/filter/text"],
    ["two values of one label", { label: ["region=eu", "region=us"] }, "/filter/label"],
  ])("is refused to do to many what a filter would find too many for: %s", async (_, filter, pointer) => {
    const id = await waitingRun("ops-g", "w.sleep(days = 1)");
    const { status, body } = await call("POST", "/v1/runs/operations", {
      body: { action: "terminate", filter },
    });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([pointer]);
    expect((await call("GET", `/v1/runs/${id}`)).body.state).toBe("waiting");
  });

  it("does to runs that are named what is asked, and says why of those that refuse", async () => {
    const [one, other, left] = await Promise.all(
      [1, 2, 3].map(() => waitingRun("ops-i", "w.sleep(days = 1)")),
    );
    const unknown = `run_${"0".repeat(32)}`;
    await call("POST", `/v1/runs/${one}/cancel`, { body: { terminate: true } });
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/v1/runs?workflow=ops-i");
        expect(body.runs.map(({ state }: { state: string }) => state).sort()).toEqual([
          "cancelled",
          "waiting",
          "waiting",
        ]);
      },
      { timeout: 20_000 },
    );
    const { status, body } = await call("POST", "/v1/runs/operations", {
      body: { action: "pause", runs: [one, other, unknown, unknown], reason: "these" },
    });
    expect({ status, done: body.done, next: body.next }).toEqual({
      status: 200,
      done: [other],
      next: undefined,
    });
    expect(
      Object.fromEntries(body.refused.map(({ id, code }: { id: string; code: string }) => [id, code])),
    ).toEqual({ [one ?? ""]: "run_finished", [unknown]: "unknown_run" });
    expect((await call("GET", `/v1/runs/${other}`)).body.paused.reason).toBe("these");
    expect((await call("GET", `/v1/runs/${left}`)).body.paused).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ["neither names nor a filter", {}, "/filter"],
    ["no names", { runs: [] }, "/runs"],
    ["what is no name", { runs: ["all"] }, "/runs/0"],
    ["names beside a filter", { runs: [`run_${"0".repeat(32)}`], filter: { workflow: "x" } }, "/runs"],
    ["names beside all", { runs: [`run_${"0".repeat(32)}`], all: true }, "/runs"],
  ])("is refused where it cannot tell for which runs it is: %s", async (_, which, pointer) => {
    const { status, body } = await call("POST", "/v1/runs/operations", {
      body: { action: "pause", ...which },
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([pointer]);
  });

  it("does to every run what is asked for every run", async () => {
    const id = await waitingRun("ops-h", "w.sleep(days = 1)");
    await vi.waitFor(
      async () => {
        const { body } = await call("POST", "/v1/runs/operations", {
          body: { action: "resume", filter: {}, all: true },
        });
        expect(body.refused.map((one: { id: string }) => one.id)).toContain(id);
      },
      { timeout: 20_000 },
    );
  });

  it("cancels all runs of a workflow, page by page, and is told of those that refuse", async () => {
    const ids = await Promise.all([1, 2, 3].map(() => waitingRun("ops-d", "w.sleep(days = 1)")));
    await operate(ids[0] ?? "", { action: "pause" });
    const bulk = (action: string, state: string[]) =>
      call("POST", "/v1/runs/operations", {
        body: { action, reason: "all of them", filter: { workflow: "ops-d", state } },
      });
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/v1/runs?workflow=ops-d&state=waiting");
        expect(body.runs).toHaveLength(3);
      },
      { timeout: 20_000 },
    );
    const resumed = (await bulk("resume", ["waiting"])).body;
    expect(resumed.done).toEqual([ids[0]]);
    expect(resumed.refused.map(({ code }: { code: string }) => code)).toEqual(["not_paused", "not_paused"]);
    expect((await bulk("cancel", ["waiting"])).body.done.sort()).toEqual([...ids].sort());
    for (const id of ids) expect((await call("GET", `/v1/runs/${id}`)).body.state).toBe("cancelled");
  });
});

describe("restarting many failed runs", () => {
  const body = 'w.uuid()\n    w.sleep(days = 1)\n    return "old"';
  const failedRun = async (name: string, command = "0#2") => {
    const id = await waitingRun(name, body);
    await operate(id, { action: "fail", command, code: "Broken" });
    return id;
  };
  const listed = (name: string, state: string, count: number) =>
    vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs?workflow=${name}&state=${state}`);
        expect(body.runs).toHaveLength(count);
      },
      { timeout: 20_000 },
    );
  const restart = (filter: object, more: object = {}, token?: string) =>
    call("POST", "/v1/runs/operations", {
      body: { action: "restart", reason: "the network is back", filter, ...more },
      ...(token === undefined ? {} : { token }),
    });
  const stateOf = async (id: string) => (await call("GET", `/v1/runs/${id}`)).body;

  it("begins each from the command that it failed with, once, and says who and why", async () => {
    const failed = [await failedRun("again-a"), await failedRun("again-a")];
    const well = await waitingRun("again-a", body);
    await listed("again-a", "failed", 2);
    const token = await tokenOf("operator", "olivia");
    const first = (await restart({ workflow: "again-a" }, {}, token)).body;
    expect([...first.done].sort()).toEqual([...failed].sort());
    expect(first.refused).toEqual([]);
    expect((await restart({ workflow: "again-a" }, {}, token)).body).toEqual(first);
    for (const { id, as } of first.restarted) {
      const again = await stateOf(as);
      expect(again).toMatchObject({ state: "waiting", continues: { run: id, how: "forked" } });
      expect(again.activities.at(-1)).toMatchObject({ command: "0#2", state: "waiting" });
      const { records } = (await call("GET", `/v1/runs/${as}/journal`)).body;
      expect(records[0].data.forked).toEqual({
        command: "0#2",
        run: id,
        by: "olivia",
        reason: "the network is back",
      });
      expect((await stateOf(id)).state).toBe("failed");
    }
    expect((await stateOf(well)).state).toBe("waiting");
    // One run by itself is the same restart.
    const { id, as } = first.restarted[0];
    expect((await call("POST", `/v1/runs/${id}/forks`, { body: { restart: true } })).body.id).toBe(as);
  });

  it("names those that refuse, and begins the others", async () => {
    const [good, scripted] = [
      await failedRun("again-b"),
      await waitingRun("again-b", 'w.sleep(days = 1)\n    fail("no")'),
    ];
    await operate(scripted, { action: "skip", command: "0#1" });
    const waiting = await waitingRun("again-b", body);
    await listed("again-b", "failed", 2);
    await listed("again-b", "waiting", 1);
    const answer = (await restart({ workflow: "again-b", state: ["failed", "waiting"] })).body;
    expect(answer.done).toEqual([good]);
    const codes = answer.refused.map(({ id, code }: { id: string; code: string }) => [id, code]);
    expect(Object.fromEntries(codes)).toEqual({
      [scripted]: "no_failed_command",
      [waiting]: "run_not_failed",
    });
  });

  it("goes on with what is registered now where that is asked for", async () => {
    const old = await failedRun("again-c");
    await waitingRun("again-c", body.replace("old", "new"));
    await listed("again-c", "failed", 1);
    const answer = (await restart({ workflow: "again-c" }, { program: "current" })).body;
    const [{ as }] = answer.restarted;
    expect(answer.done).toEqual([old]);
    await operate(as, { action: "skip", command: "0#2" });
    expect(await stateOf(as)).toMatchObject({ state: "succeeded", output: "new" });
  });

  it("leaves to a parent what the parent was told of, unless its children are asked for", async () => {
    await waitingRun("again-kid", body);
    await call("PUT", "/v1/workflows/again-kid", {
      body: {
        entry: "a.star",
        files: { "a.star": "def main(w, ev):\n    w.sleep(days = 1)\n\non_start(main)\n" },
      },
    });
    const parent = await waitingRun("again-d", 'return w.start("again-kid")');
    const kid = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/v1/runs?parent=${parent}&state=waiting`);
        expect(body.runs).toHaveLength(1);
        return body.runs[0].id as string;
      },
      { timeout: 20_000 },
    );
    await operate(kid, { action: "fail", command: "0#1" });
    await listed("again-kid", "failed", 1);
    await listed("again-d", "failed", 1);
    const refused = (await restart({ workflow: "again-kid" })).body.refused;
    expect(refused).toMatchObject([{ id: kid, code: "run_has_parent" }]);
    expect((await restart({ parent })).body.done).toEqual([kid]);
    const again = (await restart({ workflow: "again-d" })).body.restarted;
    await vi.waitFor(async () => expect((await stateOf(again[0].as)).state).toBe("waiting"), {
      timeout: 20_000,
    });
  });
});

describe("a cancellation", () => {
  it("is the same however often it is sent, and ends no cleanup; terminating is asked for", async () => {
    const id = await waitingRun("cancel-a", "w.defer(lambda: w.sleep(days = 1))\n    w.sleep(days = 2)");
    const cancel = (body: object) => call("POST", `/v1/runs/${id}/cancel`, { body });
    const first = await cancel({ reason: "enough" });
    expect(first).toMatchObject({ status: 200, body: { state: "waiting" } });
    expect(await cancel({ reason: "enough" })).toEqual(first);
    expect(await cancel({ terminate: true })).toMatchObject({ status: 200, body: { state: "cancelled" } });
    for (const body of [{ terminate: true }, { reason: "enough" }]) {
      expect(await cancel(body)).toMatchObject({ status: 200, body: { state: "cancelled" } });
    }
    const { body } = await call("GET", `/v1/runs/${id}/journal`);
    const notes = body.records.flatMap(({ note }: { note?: string }) => note ?? []);
    expect(notes).toEqual(["started", "cancel_requested", "terminated", "finished"]);
  });
});

describe("a fork", () => {
  const fork = (id: string, body: object, key?: string) =>
    call("POST", `/v1/runs/${id}/forks`, {
      body,
      ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
    });

  it("goes on from a command, once for each key, and the original goes on, too", async () => {
    const id = await waitingRun("fork-a", 'a = w.uuid()\n    w.sleep(days = 1)\n    return [a, "end"]');
    const first = await fork(id, { command: "0#2", reason: "to see" }, "k1");
    expect(first.status).toBe(201);
    expect((await fork(id, { command: "0#2" }, "k1")).body.id).toBe(first.body.id);
    const forked = first.body.id;
    expect(forked).not.toBe(id);
    expect(first.body.continues).toEqual({ run: id, how: "forked" });
    for (const run of [id, forked]) await operate(run, { action: "skip", command: "0#2" });
    const [one, other] = await Promise.all([id, forked].map((run) => call("GET", `/v1/runs/${run}`)));
    expect(other?.body).toMatchObject({ state: "succeeded", output: one?.body.output });
  });

  it("takes the place of a run that is restarted, on the current program", async () => {
    const id = await waitingRun("fork-b", 'w.uuid()\n    w.sleep(days = 1)\n    return "old"');
    await waitingRun("fork-b", 'w.uuid()\n    w.sleep(days = 1)\n    return "new"');
    const { body } = await fork(id, { command: "0#2", program: "current", restart: true, reason: "fixed" });
    const old = (await call("GET", `/v1/runs/${id}`)).body;
    expect(old.state).toBe("cancelled");
    expect(old.error.message).toContain(`restarted from 0#2 as ${body.id}: fixed`);
    await operate(body.id, { action: "skip", command: "0#2" });
    expect((await call("GET", `/v1/runs/${body.id}`)).body.output).toBe("new");
  });

  it("is refused where the current program makes other calls, and nothing begins", async () => {
    const id = await waitingRun("fork-c", 'w.sleep(days = 2)\n    return "old"');
    await operate(id, { action: "skip", command: "0#1" });
    await waitingRun("fork-c", "w.uuid()\n    w.sleep(days = 1)\n    w.sleep(days = 2)");
    const again = await waitingRun("fork-c", "w.uuid()\n    w.sleep(days = 1)\n    w.uuid()");
    await waitingRun("fork-c", "w.random()\n    w.sleep(days = 1)");
    const answer = await fork(again, { command: "0#2", program: "current", restart: true });
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 409,
      code: "program_differs",
    });
    expect(answer.body.detail).toMatch(/uuid.*random/s);
    expect((await call("GET", `/v1/runs/${again}`)).body.state).toBe("waiting");
    expect((await fork(id, { command: "0#9" })).body.code).toBe("unknown_command");
  });
});

describe("a run that continues as new", () => {
  it("goes on in a run of its own, which does not get again what was consumed", async () => {
    const name = "continued";
    const first = await waitingRun(
      name,
      'got = w.wait_for_event(type = "tick")["id"]\n    seen = (ev["data"].get("seen") or []) + [got]\n' +
        '    if len(seen) == 3:\n        return seen\n    w.continue_as_new(data = {"seen": seen})',
    );
    const tick = (id: string) =>
      call("POST", "/v1/events", {
        rawBody: JSON.stringify({ specversion: "1.0", id, source: "/t", type: "tick", data: {} }),
        headers: { "content-type": "application/cloudevents+json" },
      });
    const successorOf = async (run: string) => {
      const successor = await vi.waitFor(
        async () => {
          const { body } = await call("GET", `/v1/runs/${run}`);
          expect(body.continuedAs).toMatch(/^run_/);
          return body.continuedAs as string;
        },
        { timeout: 20_000 },
      );
      await vi.waitFor(
        async () => expect((await call("GET", `/v1/runs/${successor}`)).body.state).toBe("waiting"),
        { timeout: 20_000 },
      );
      return successor;
    };
    await tick("one");
    const second = await successorOf(first);
    await tick("two");
    const third = await successorOf(second);
    const { body: forked } = await call("POST", `/v1/runs/${third}/forks`, { body: { command: "0#1" } });
    await tick("three");
    for (const [run, continues] of [
      [third, { run: second, how: "continued" }],
      [forked.id, { run: third, how: "forked" }],
    ]) {
      await vi.waitFor(
        async () =>
          expect((await call("GET", `/v1/runs/${run}`)).body).toMatchObject({
            state: "succeeded",
            output: ["one", "two", "three"],
            continues,
          }),
        { timeout: 20_000 },
      );
    }
  });
});
