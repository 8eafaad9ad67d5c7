// A run that an operator restarts: one decision, which neither another input nor a lost machine takes apart.
import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WorkflowRun } from "../../durable-objects/workflow-run.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import {
  command,
  newRunId,
  operator,
  script,
  startedBy,
  startOf,
  startRun,
  TestRun,
  unwrap,
} from "./run-fixture.ts";

afterEach(() => vi.restoreAllMocks());

const parent = newRunId();

/** A run that another waits for, and that sleeps in `0#2`. */
async function sleepingChild(): Promise<{ run: TestRun; id: RunId }> {
  const start = startOf(script("w.uuid()\nw.sleep(days = 1)"), startedBy(parent));
  const run = new TestRun(start.id);
  await run.rpc.start(start);
  return { run, id: start.id };
}

function restart(run: TestRun, as: RunId) {
  const request = { command: command("0#2"), restart: true, by: operator, reason: "" };
  return run.rpc.fork({ id: as, ...request });
}

describe("a restart", () => {
  test("that two ask for at once is one: the other learns who goes on", async () => {
    const { run } = await sleepingChild();
    const [one, other] = [newRunId(), newRunId()];
    const [first, second] = await Promise.all([restart(run, one), restart(run, other)]);
    expect(unwrap(first)).toMatchObject({ id: one, parent: { run: parent, command: "0#1" } });
    expect(second).toMatchObject({ ok: false, error: { code: "already_restarted", details: { run: one } } });
    expect(await new TestRun(other).rpc.detail()).toMatchObject({ error: { code: "unknown_run" } });
    expect(await run.detail()).toMatchObject({ state: "cancelled", continuedAs: one });
  });

  test("is not for a run that has continued as another, which goes on", async () => {
    const run = await startRun(
      script('w.uuid()\nw.uuid()\nif not ev.get("data"): w.continue_as_new(data = {"n": 1})'),
    );
    const { continuedAs } = await run.until("succeeded");
    expect(await restart(run, newRunId())).toMatchObject({
      ok: false,
      error: { code: "already_restarted", details: { run: continuedAs } },
    });
  });

  test("asked for again answers with the same run", async () => {
    const { run } = await sleepingChild();
    const successor = newRunId();
    unwrap(await restart(run, successor));
    const before = await run.journal();
    expect(unwrap(await restart(run, successor))).toMatchObject({
      id: successor,
      parent: { run: parent, command: "0#1" },
    });
    expect(await run.journal()).toEqual(before);
  });

  test("has ended the run when the run's last command is over while the other one begins", async () => {
    const { run } = await sleepingChild();
    const successor = newRunId();
    const begins = WorkflowRun.prototype.startForked;
    vi.spyOn(WorkflowRun.prototype, "startForked").mockImplementationOnce(async function (
      this: WorkflowRun,
      ...args
    ) {
      const operation = { action: "skip", command: command("0#2") } as const;
      expect(await run.rpc.operate({ by: operator, reason: "", operation })).toMatchObject({
        error: { code: "run_finished" },
      });
      return await begins.apply(this, args);
    });
    unwrap(await restart(run, successor));
    expect(await run.detail()).toMatchObject({ state: "cancelled", continuedAs: successor });
    expect(await new TestRun(successor).detail()).toMatchObject({
      state: "waiting",
      parent: { run: parent },
    });
  });

  test("is finished though its machine is lost before the other run has begun", async () => {
    const { run } = await sleepingChild();
    const successor = newRunId();
    const begins = vi.spyOn(WorkflowRun.prototype, "startForked");
    begins.mockRejectedValueOnce(new Error("the power is out"));
    await restart(run, successor).catch(() => {});
    await evictDurableObject(run.stub);
    // Nobody asks again.
    expect(await run.detail()).toMatchObject({ state: "cancelled", continuedAs: successor });
    await vi.waitFor(
      async () =>
        expect(await new TestRun(successor).rpc.detail()).toMatchObject({
          ok: true,
          value: { state: "waiting", parent: { run: parent } },
        }),
      { timeout: 20_000 },
    );
    expect(begins).toHaveBeenCalledTimes(2);
  });

  test("that is refused has changed nothing", async () => {
    const { run } = await sleepingChild();
    const request = { restart: true, by: operator, reason: "" };
    const refused = await run.rpc.fork({ id: newRunId(), command: command("0#9"), ...request });
    expect(refused).toMatchObject({ error: { code: "unknown_command" } });
    expect(await run.state()).toBe("waiting");
  });
});
