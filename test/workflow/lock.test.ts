import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import { handlerOf, modes, outline, type Script, ScriptedHost } from "./scripted-host.ts";

describe.each(modes)("a lock, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };
  const fn = "0.1#1" as CommandId;

  it("is held while its function runs, and let go of when that has ended", () => {
    const host = start(`
      def work(n):
          w.sleep(minutes = 1)
          return n + 1
      return w.lock("env/production", work, 41)
    `);
    expect(host.machine.summary()).toMatchObject({
      state: "waiting",
      waitingFor: "waiting for the lock env/production",
    });
    expect(host.held).toEqual([]);
    host.step();
    expect(host.held).toEqual([[fn, "env/production"]]);
    host.loseMemory();
    host.goOn();
    expect(host.machine.ending().output).toBe(42);
    expect(host.held).toEqual([]);
    expect(outline(host.records)).toEqual([
      "run : started",
      "0.1#1 lock env/production",
      "0.1#1 ok",
      "0.1#2 sleep",
      "0.1#2 ok",
      "0.1#3 unlock env/production",
      "0.1#3 ok",
      "run : finished",
    ]);
  });

  it("returns None where its function returns None", () => {
    const host = start('return w.lock("k", lambda: None)');
    host.goOn();
    expect(host.machine.ending().output).toBeNull();
  });

  it("is let go of when its function fails, after the function's own cleanup", () => {
    const host = start(`
      def work():
          w.defer(lambda: w.run(step = "builtin://log"))
          fail("broken")
      got = w.attempt(lambda: w.lock("k", work))
      return [got.ok, got.error.message]
    `);
    host.goOn();
    expect(host.machine.ending().output).toEqual([false, "fail: broken"]);
    expect(host.held).toEqual([]);
    const kinds = host.records.flatMap((record) => (record.type === "scheduled" ? [record.kind] : []));
    expect(kinds).toEqual(["lock", "run", "unlock"]);
  });

  it.each([
    ["cancelled", false],
    ["terminated", true],
  ])("is let go of when the run is %s while it is held", (_how, terminate) => {
    const host = start('w.lock("k", lambda: w.sleep(days = 1))');
    host.step();
    expect(host.held).toHaveLength(1);
    host.cancel(terminate);
    expect(host.finished).toBe("cancelled");
    expect(host.held).toEqual([]);
  });

  it("is not waited for any more when the run is cancelled, and a grant on its way is turned down", () => {
    const host = start('w.lock("k", lambda: w.sleep(days = 1))');
    host.cancel();
    expect(host.finished).toBe("cancelled");
    expect(host.feed({ type: "lock_granted", command: fn }).refused?.code).toBe("not_wanted");
  });

  it("is not waited for longer than its timeout", () => {
    const host = start(`
      got = w.attempt(lambda: w.lock("k", lambda: fail("never"), timeout = "5m"))
      return [got.error.code, got.error.details["key"]]
    `);
    host.fireNextTimer();
    expect(host.machine.ending().output).toEqual(["LockTimeout", "k"]);
    expect(host.feed({ type: "lock_granted", command: fn }).refused?.code).toBe("not_wanted");
  });

  it("is granted once, however often that is said", () => {
    const host = start('w.lock("k", lambda: w.sleep(days = 1))');
    host.step();
    const { length } = host.records;
    expect(host.feed({ type: "lock_granted", command: fn }).refused).toBeUndefined();
    expect(host.records).toHaveLength(length);
    host.goOn();
    expect(host.feed({ type: "lock_granted", command: fn }).refused).toBeUndefined();
  });

  it("cannot be taken inside itself, however deep, but by fibers beside each other in turn", () => {
    const host = start(`
      inner = w.attempt(lambda: w.lock("k", lambda: w.parallel([lambda: w.lock("k", lambda: 1)])))
      seen = []
      def turn(n):
          seen.append("in %d" % n)
          w.sleep(seconds = 1)
          seen.append("out %d" % n)
      w.parallel([lambda: w.lock("k", turn, 1), lambda: w.lock("k", turn, 2)])
      return [inner.error.code, seen]
    `);
    host.goOn();
    expect(host.machine.ending().output).toEqual(["LockReentered", ["in 1", "out 1", "in 2", "out 2"]]);
    expect(host.held).toEqual([]);
  });

  it("that an operator took away is in the journal, once, and the run goes on", () => {
    const host = start('return w.lock("k", lambda: w.sleep(days = 1))');
    host.step();
    for (const _ of [1, 2]) host.feed({ type: "lock_revoked", command: fn, by: "olga", reason: "hung" });
    expect(outline(host.records).filter((line) => line.includes("lock_revoked"))).toEqual([
      "0.1#1 : lock_revoked",
    ]);
    expect(host.goOn().finished).toBe("succeeded");
  });

  it.each([
    ['"a b", len', "InvalidName"],
    ['"", len', "InvalidName"],
    ['"k", len, limit = 0', "InvalidLimit"],
    ['"k", len, timeout = -1', "InvalidDuration"],
  ])("is refused as lock(%s)", (call, code) => {
    expect(start(`w.lock(${call})`).machine.ending().error?.code).toBe(code);
  });
});
