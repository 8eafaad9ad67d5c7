import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, tokenOf } from "./call.ts";
import { startRun } from "./start-run.ts";

let viewer: string;
let operator: string;
beforeAll(async () => {
  viewer = await tokenOf("viewer");
  operator = await tokenOf("operator", "olivia");
});

const detail = async (run: string) => (await call("GET", `/v1/runs/${run}`, { token: viewer })).body;

describe("a form", () => {
  it("is listed, shown, and filled in by whom it is for", async () => {
    const run = await startRun(
      "asks",
      `return w.form("Release", {"version": {"type": "string", "required": True}}, assignees = ["olivia"])`,
    );
    const listed = async (state: string) => {
      const { body } = await call("GET", `/v1/forms?state=${state}`, { token: viewer });
      return body.forms.filter((form: { run: string }) => form.run === run);
    };
    await vi.waitFor(async () => expect(await listed("pending")).toHaveLength(1));
    const [{ id }] = await listed("pending");
    expect((await call("GET", `/v1/forms/${id}`, { token: viewer })).body).toMatchObject({
      state: "pending",
    });
    const fill = (values: unknown, token = operator) =>
      call("POST", `/v1/forms/${id}`, { body: { values }, token });
    expect((await fill({ version: "1" }, viewer)).status).toBe(403);
    expect((await fill({ version: "1" }, await tokenOf("operator", "otto"))).body.code).toBe("not_assigned");
    const wrong = await fill({ version: 1, other: 2 });
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      "/values/other",
      "/values/version",
    ]);
    for (const _ of ["once", "again"]) {
      expect((await fill({ version: "1" })).body).toMatchObject({ state: "filled", filledBy: "olivia" });
    }
    expect((await fill({ version: "2" })).body.code).toBe("form_closed");
    expect(await detail(run)).toMatchObject({ state: "succeeded", output: { version: "1" } });
    await vi.waitFor(async () => expect(await listed("filled")).toHaveLength(1));
    expect((await listed("filled"))[0]).not.toHaveProperty("values");
  });

  it("is on one page of their list, whatever is opened meanwhile", async () => {
    const fields = '{"n": "number"}';
    const asks = `w.parallel([(w.form, "Page %d" % n, ${fields}) for n in range(5)])`;
    const run = await startRun("asks-much", asks);
    const of = (forms: { id: string; run: string }[], of: string) =>
      forms.filter((form) => form.run === of).map(({ id }) => id);
    const page = async (query: string) => {
      const { status, body } = await call("GET", `/v1/forms?state=pending&${query}`, { token: viewer });
      expect(status).toBe(200);
      return body;
    };
    await vi.waitFor(async () => expect(of((await page("limit=500")).forms, run)).toHaveLength(5));
    const all = await page("limit=500");
    expect(all).not.toHaveProperty("next");
    const first = await page("limit=2");
    expect(first.forms).toHaveLength(2);
    const later = await startRun("asks-later", `w.form("Later", ${fields})`);
    await vi.waitFor(async () => expect(of((await page("limit=500")).forms, later)).toHaveLength(1));
    const seen = [...first.forms];
    for (let { next } = first; next !== undefined; ) {
      const following = await page(`limit=2&cursor=${next}`);
      seen.push(...following.forms);
      next = following.next;
    }
    expect(seen).toEqual(all.forms);
    expect((await call("GET", "/v1/forms?cursor=x", { token: viewer })).status).toBe(400);
  });

  it("that does not exist is unknown", async () => {
    const id = `run_${"0".repeat(32)}~0-1~1`;
    expect((await call("GET", `/v1/forms/${id}`)).body.code).toBe("unknown_form");
    const run = await startRun("asks-nothing", "pass");
    expect((await call("POST", `/v1/forms/${run}~0-1~1`, { body: { values: {} } })).body.code).toBe(
      "unknown_form",
    );
  });
});

describe("a lock", () => {
  it("is listed, shown, and taken away by an operator", async () => {
    const run = await startRun("locks", `w.lock("env/production", lambda: w.wait_for_signal("go"))`);
    const path = `/v1/locks/${encodeURIComponent("env/production")}`;
    await vi.waitFor(async () => {
      const { body } = await call("GET", path, { token: viewer });
      expect(body.holders).toMatchObject([{ run, command: "0.1#1", workflow: "locks" }]);
    });
    await vi.waitFor(async () => {
      const { body } = await call("GET", "/v1/locks", { token: viewer });
      expect(body.locks.map(({ key }: { key: string }) => key)).toContain("env/production");
    });
    const body = { run, command: "0.1#1", reason: "hangs" };
    expect((await call("POST", `${path}/release`, { body, token: viewer })).status).toBe(403);
    expect((await call("POST", `${path}/release`, { body, token: operator })).body).toMatchObject({
      holders: [],
    });
    expect((await call("POST", `${path}/release`, { body, token: operator })).body.code).toBe(
      "lock_not_held",
    );
    expect((await call("GET", "/v1/locks/nobody")).body.code).toBe("unknown_lock");
    await call("POST", `/v1/runs/${run}/cancel`, { body: { terminate: true } });
  });

  it("that a failed run held is waited for by its restart, whoever has it by then, and given back", async () => {
    const path = `/v1/locks/${encodeURIComponent("deploy/eu")}`;
    const lockOf = async () => {
      const { holders, waiting } = (await call("GET", path, { token: viewer })).body;
      return [holders, waiting].map((claims: { run: string }[]) => claims?.map(({ run }) => run));
    };
    const stateOf = async (id: string) => (await call("GET", `/v1/runs/${id}`)).body.state;
    const comesTo = (run: string, state: string) =>
      vi.waitFor(async () => expect(await stateOf(run)).toBe(state), { timeout: 20_000 });
    const failed = await startRun(
      "locked-and-failed",
      `w.lock("deploy/eu", lambda: [w.wait_for_signal("go"), w.run(step = "builtin://emit", inputs = {})])`,
    );
    await call("POST", `/v1/runs/${failed}/signals/go`, { body: {}, token: operator });
    await comesTo(failed, "failed");
    const next = await startRun("locked-next", `w.lock("deploy/eu", lambda: w.wait_for_signal("go"))`);
    await vi.waitFor(async () => expect(await lockOf()).toEqual([[next], []]), { timeout: 20_000 });
    // The list may hear only now of a run what that one knows.
    const bulk = (body: object, answer: object) =>
      vi.waitFor(
        async () => {
          const asked = await call("POST", "/v1/runs/operations", { body, token: operator });
          expect(asked.body).toMatchObject(answer);
          return asked.body;
        },
        { timeout: 20_000 },
      );
    const restarted = await bulk(
      { action: "restart", filter: { workflow: "locked-and-failed" } },
      { refused: [], restarted: [{ id: failed }] },
    );
    const again: string = restarted.restarted[0].as;
    await vi.waitFor(async () => expect(await lockOf()).toEqual([[next], [again]]), { timeout: 20_000 });
    expect((await call("GET", `/v1/runs/${again}`)).body).toMatchObject({
      state: "waiting",
      waitingFor: "waiting for the lock deploy/eu",
      paused: { by: "sluice", locks: ["0.1#1"] },
    });
    const forked = await call("POST", `/v1/runs/${failed}/forks`, {
      body: { command: "0.1#3" },
      token: operator,
    });
    const gaveUp: string = forked.body.id;
    await vi.waitFor(async () => expect(await lockOf()).toEqual([[next], [again, gaveUp]]), {
      timeout: 20_000,
    });
    await bulk({ action: "resume", runs: [gaveUp] }, { refused: [{ id: gaveUp, code: "waits_for_lock" }] });
    await call("POST", `/v1/runs/${gaveUp}/cancel`, { body: {}, token: operator });
    await vi.waitFor(async () => expect(await lockOf()).toEqual([[next], [again]]), { timeout: 20_000 });
    expect(await stateOf(gaveUp)).toBe("cancelled");
    await call("POST", `/v1/runs/${next}/signals/go`, { body: {}, token: operator });
    // What was wrong still is: it fails once more, now that it holds the lock.
    await comesTo(again, "failed");
    await vi.waitFor(async () => expect(await lockOf()).toEqual([[], []]), { timeout: 20_000 });
  });
});
