// Locks between runs, with the real actors.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Lock } from "../../durable-objects/lock.ts";
import { DEFAULT_WORKSPACE, directoryStub, lockStub } from "../../durable-objects/stubs.ts";
import type { LockView } from "../../src/protocol/lock.ts";
import type { Result } from "../../src/protocol/result.ts";
import { Outbox } from "../../src/storage/outbox.ts";
import { tablesOf } from "./object-fixture.ts";
import { command, newRunId, operator, script, startRun, type TestRun, unwrap } from "./run-fixture.ts";

let keys = 0;
function aLock() {
  keys += 1;
  const key = `test/${keys}`;
  return {
    key,
    stub: env.LOCK.get(env.LOCK.idFromName(`${DEFAULT_WORKSPACE}/locks/${key}`)),
    // A fresh stub for each call: a stub whose object was evicted stays broken.
    rpc: () => lockStub(env, DEFAULT_WORKSPACE, key),
  };
}

const body = (key: string, options = "") =>
  script(`
w.lock("${key}", lambda: w.wait_for_signal("go"), ${options})
return "done"`);

const go = (run: TestRun) => run.rpc.signal({ id: "1", name: "go", data: null, by: operator });

async function until(check: () => Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 8000, interval: 20 });
}

async function holders(lock: ReturnType<typeof aLock>): Promise<string[]> {
  const view = await lock.rpc().view();
  return view.ok ? view.value.holders.map(({ run }) => run) : [];
}

describe("a lock", () => {
  test("goes from run to run in the order they asked, and says who holds it and who waits", async () => {
    const lock = aLock();
    const runs: TestRun[] = [];
    for (const n of [1, 2, 3]) {
      runs.push(await startRun(body(lock.key)));
      await until(async () => {
        const { holders: held, waitingCount } = unwrap(await lock.rpc().view());
        expect(held.length + waitingCount).toBe(n);
      });
    }
    const ids = runs.map(({ id }) => id);
    const { waiting } = unwrap(await lock.rpc().view());
    expect(waiting.map(({ run, workflow, limit }) => ({ run, workflow, limit }))).toEqual(
      ids.slice(1).map((run) => ({ run, workflow: "test", limit: 1 })),
    );
    for (const [n, run] of runs.entries()) {
      await until(async () => expect(await holders(lock)).toEqual([ids[n]]));
      await evictDurableObject(lock.stub);
      await go(run);
      expect(await run.until("succeeded")).toMatchObject({ output: "done" });
    }
    await until(async () => expect(await holders(lock)).toEqual([]));
  });

  test("is for as many as they ask for", async () => {
    const lock = aLock();
    const runs = await Promise.all([1, 2, 3].map(() => startRun(body(lock.key, "limit = 2"))));
    await until(async () => {
      const { holders: held, waitingCount } = unwrap(await lock.rpc().view());
      expect([held.length, waitingCount]).toEqual([2, 1]);
    });
    for (const run of runs) await go(run);
    await Promise.all(runs.map((run) => run.until("succeeded")));
  });

  test("goes to as many as it is for, however many that is, when the one before them lets go", async () => {
    const lock = aLock();
    const claim = { key: lock.key, run: newRunId(), command: command("0.1#1"), workflow: "w", limit: 200 };
    // The first of those that wait wants it for itself, and nobody overtakes it.
    const alone = { ...claim, run: newRunId(), limit: 1 };
    const waiting = [alone, ...Array.from({ length: 204 }, () => ({ ...claim, run: newRunId() }))];
    // These runs do not exist: it is seen whom the lock would tell.
    const add = vi.spyOn(Outbox.prototype, "add").mockReturnValue();
    const { before, after } = await runInDurableObject<Lock, Record<"before" | "after", Result<LockView>>>(
      lock.stub,
      async (actor) => {
        for (const one of [claim, ...waiting]) await actor.acquire(one);
        const before = await actor.view();
        add.mockClear();
        await actor.release(claim);
        return { before, after: await actor.view() };
      },
    );
    const told = add.mock.calls.filter(([{ method }]) => method === "lockGranted");
    add.mockRestore();
    expect(unwrap(before)).toMatchObject({ waitingCount: 205, waiting: { length: 100 } });
    const next = waiting.slice(0, 200).map(({ run }) => run);
    expect(unwrap(after).holders.map(({ run }) => run)).toEqual(next);
    expect(told.map(([{ receiver }]) => receiver)).toEqual(next.map((run) => `run/${run}`));
    expect(unwrap(after).waiting.map(({ run }) => run)).toEqual(waiting.slice(200).map(({ run }) => run));
  });

  test("is free again when the run that holds it is terminated", async () => {
    const lock = aLock();
    const first = await startRun(body(lock.key));
    await until(async () => expect(await holders(lock)).toEqual([first.id]));
    const next = await startRun(body(lock.key));
    await first.rpc.cancel({ by: operator, reason: "", terminate: true });
    await until(async () => expect(await holders(lock)).toEqual([next.id]));
    await next.rpc.cancel({ by: operator, reason: "", terminate: true });
  });

  test("taken away by an operator goes to the next, and journal and audit say who and why", async () => {
    const lock = aLock();
    const first = await startRun(body(lock.key));
    await until(async () => expect(await holders(lock)).toEqual([first.id]));
    const second = await startRun(body(lock.key));
    await until(async () => expect(unwrap(await lock.rpc().view()).waitingCount).toBe(1));
    const claim = { run: first.id, command: command("0.1#1"), by: operator, reason: "it hangs" };
    expect(unwrap(await lock.rpc().revoke(claim)).holders.map(({ run }) => run)).toEqual([second.id]);
    expect(await lock.rpc().revoke(claim)).toMatchObject({ ok: false, error: { code: "lock_not_held" } });
    await until(async () => {
      const notes = (await first.journal()).filter(
        (record) => record.type === "noted" && record.note === "lock_revoked",
      );
      expect(notes).toMatchObject([{ data: { by: "olivia", reason: "it hangs" } }]);
    });
    await until(async () => {
      const { entries } = await directoryStub(env, DEFAULT_WORKSPACE).audit({ limit: 50 });
      expect(entries).toContainEqual(
        expect.objectContaining({ action: "lock.revoke", subject: lock.key, by: "olivia" }),
      );
    });
    for (const run of [first, second]) await go(run);
    await Promise.all([first, second].map((run) => run.until("succeeded")));
  });

  test("asked for after it was let go of is not granted, and one nobody wants goes on to the next", async () => {
    const lock = aLock();
    // Runs that never began turn every grant down.
    const claim = { key: lock.key, run: newRunId(), command: command("0.1#1"), workflow: "w", limit: 1 };
    await lock.rpc().release({ key: lock.key, run: claim.run, command: claim.command });
    await lock.rpc().acquire(claim);
    expect(await holders(lock)).toEqual([]);
    await lock.rpc().acquire({ ...claim, run: newRunId() });
    const real = await startRun(body(lock.key));
    await until(async () => expect(await holders(lock)).toEqual([real.id]));
    await real.rpc.cancel({ by: operator, reason: "", terminate: true });
  });

  test("that is only asked about keeps nothing, and is there for the first who wants it", async () => {
    const lock = aLock();
    expect(await lock.rpc().view()).toMatchObject({ ok: false, error: { code: "unknown_lock" } });
    const claim = { run: newRunId(), command: command("0.1#1") };
    expect(await lock.rpc().revoke({ ...claim, by: operator, reason: "" })).toMatchObject({
      error: { code: "lock_not_held" },
    });
    expect(await lock.rpc().parkedMessages()).toEqual([]);
    expect(await lock.rpc().retryParked({ actor: `lock/${lock.key}`, by: operator })).toBe(0);
    expect(await tablesOf(lock.stub)).toEqual([]);
    const run = await startRun(body(lock.key));
    await until(async () => expect(await holders(lock)).toEqual([run.id]));
    await evictDurableObject(lock.stub);
    expect(await holders(lock)).toEqual([run.id]);
    await go(run);
    await run.until("succeeded");
  });

  test("is listed while somebody holds it, and keeps no rows for ever", async () => {
    const lock = aLock();
    const run = await startRun(body(lock.key));
    const listed = async () => (await directoryStub(env, DEFAULT_WORKSPACE).locks()).map(({ key }) => key);
    await until(async () => expect(await listed()).toContain(lock.key));
    await go(run);
    await run.until("succeeded");
    await until(async () => expect(await listed()).not.toContain(lock.key));
    await runInDurableObject(lock.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE claims SET over_at = 0");
      storage.sql.exec("UPDATE timers SET due_at = 1");
    });
    await runDurableObjectAlarm(lock.stub);
    const left = await runInDurableObject(lock.stub, (_, { storage }) =>
      storage.sql.exec("SELECT * FROM claims").toArray(),
    );
    expect(left).toEqual([]);
  });
});
