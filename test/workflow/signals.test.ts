import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import { handlerOf, modes, outline, type Script, ScriptedHost } from "./scripted-host.ts";

const second = "0#2" as CommandId;
const anEvent = { specversion: "1.0", id: "e", source: "/tests", type: "go" } as const;

describe.each(modes)("signals, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };

  it("are what a wait returns, with who sent them", () => {
    const host = start('return w.wait_for_signal("go")');
    expect(host.machine.summary()).toMatchObject({
      state: "waiting",
      waitingFor: "waiting for the signal go",
    });
    host.signal("other", 0, "a");
    expect(host.finished).toBeUndefined();
    host.signal("go", { n: 1.5 }, "b");
    expect(host.machine.ending().output).toEqual({ id: "b", name: "go", data: { n: 1.5 }, by: "sue" });
  });

  it("are kept in the order they came until the run asks for them", () => {
    const host = start(`
      w.sleep(hours = 1)
      return [w.wait_for_signal("go")["data"] for _ in range(3)]
    `);
    for (const n of [1, 2, 3, 4]) host.signal("go", n, `s${n}`);
    host.loseMemory();
    host.goOn();
    expect(host.machine.ending().output).toEqual([1, 2, 3]);
  });

  it("are refused that would be too much to keep for the run that goes on, until some have been waited for", () => {
    const host = start(
      'w.wait_for_event(type = "go")\nw.wait_for_signal("a")\nw.wait_for_signal("b")\nw.continue_as_new()',
    );
    const sent = [1, 2, 3, 4].map((n) => host.signal("a", "é".repeat(125_000), `a${n}`).refused?.code);
    expect(sent).toEqual([undefined, undefined, undefined, "too_many_signals"]);
    // Nothing that was taken is lost, and what is refused may come again.
    host.loseMemory();
    const [wait] = [...host.waits.values()];
    host.feed({ type: "event", command: wait?.command ?? ("" as CommandId), event: anEvent, seq: 9 });
    expect(host.signal("a", "é".repeat(125_000), "a4").refused).toBeUndefined();
    // What the run waits for is not kept.
    expect(host.signal("b", "x".repeat(250_000), "b").refused).toBeUndefined();
    expect(host.continuations[0]?.signals.map(({ id }) => id)).toEqual(["a2", "a3", "a4"]);
  });

  it("count once, however often they are sent", () => {
    const host = start('return [w.wait_for_signal("go")["data"] for _ in range(2)]');
    const records = () => host.records.length;
    host.signal("go", 1, "same");
    const before = records();
    host.signal("go", 1, "same");
    expect(records()).toBe(before);
    host.signal("go", 2, "another");
    expect(host.machine.ending().output).toEqual([1, 2]);
  });

  it("do not come in time for a wait with a timeout that is over, and are there for the next", () => {
    const host = start('return [w.wait_for_signal("go", timeout = "1m"), w.wait_for_signal("go")["data"]]');
    expect([...host.timers.keys()]).toEqual(["wait_timeout:0#1"]);
    host.fireNextTimer();
    host.signal("go", "late", "s");
    expect(host.machine.ending().output).toEqual([null, "late"]);
    expect(host.timers.size).toBe(0);
  });

  it("go to the fiber that has waited longest, one each", () => {
    const host = start(`
      def wait(n):
          return [n, w.wait_for_signal("go")["data"]]
      return w.parallel([(wait, n) for n in range(2)])
    `);
    host.signal("go", "first", "a");
    host.signal("go", "second", "b");
    expect(host.machine.ending().output).toEqual([
      [0, "first"],
      [1, "second"],
    ]);
  });

  it("are one of the things that w.select waits for, and stay where they are not the first", () => {
    const host = start(`
      first = w.select(signals = {"stop": "stop"}, timers = {"tick": "1m"})
      second = w.select(signals = {"stop": "stop"}, timers = {"tick": "1m"})
      return [first.kind, first.key, second.kind, second.key, second.value["data"]]
    `);
    host.fireNextTimer();
    host.signal("stop", true, "s");
    expect(host.machine.ending().output).toEqual(["timer", "tick", "signal", "stop", true]);
  });

  it("are taken once by two waits that begin together", () => {
    const host = start(`
      w.sleep(hours = 1)
      got = w.select(signals = {"a": "go", "b": "go"})
      return [got.key, w.wait_for_signal("go", timeout = 1)]
    `);
    host.signal("go", 1, "s");
    expect(host.goOn().machine.ending().output).toEqual(["a", null]);
  });

  it("wait while the run is paused, and while an operator answers in their place", () => {
    const host = start(`
      w.sleep(hours = 1)
      return [w.wait_for_signal("go")["data"], w.wait_for_signal("go")["data"]]
    `);
    host.feed({ type: "operate", operation: { action: "pause" }, by: "olga", reason: "" });
    host.fireNextTimer();
    host.signal("go", "kept", "s");
    expect(host.finished).toBeUndefined();
    const value = { id: "by hand", name: "go", data: "by hand", by: "olga" };
    host.feed({
      type: "operate",
      operation: { action: "complete", command: second, value },
      by: "olga",
      reason: "",
    });
    host.feed({ type: "operate", operation: { action: "resume" }, by: "olga", reason: "" });
    expect(host.machine.ending().output).toEqual(["by hand", "kept"]);
  });

  it("are refused by a run that is over, with the one that goes on in its place", () => {
    expect(start("pass").signal("go", 1, "s").refused).toMatchObject({ code: "run_finished" });
    const host = start("w.continue_as_new()");
    const [{ run } = { run: "" }] = host.continuations;
    expect(host.signal("go", 1, "s").refused).toMatchObject({ code: "run_finished", details: { run } });
  });

  it("that a run has taken may be sent again when it is over", () => {
    const host = start('w.wait_for_signal("go")');
    host.signal("go", 1, "s");
    host.loseMemory();
    const { length } = host.records;
    expect(host.signal("go", 1, "s").refused).toBeUndefined();
    expect(host.signal("go", 1, "other").refused?.code).toBe("run_finished");
    expect(host.records).toHaveLength(length);
  });

  it("that are nested too deep to be kept are refused", () => {
    const deep = JSON.parse("[".repeat(300) + "]".repeat(300));
    expect(start("w.sleep(days = 1)").signal("go", deep, "s").refused?.code).toBe("invalid_signal");
  });

  it("with a name that no signal can have are not waited for", () => {
    expect(start('w.wait_for_signal("a b")').machine.ending().error?.code).toBe("InvalidName");
    expect(start("w.select(signals = [1])").machine.ending().error?.code).toBe("InvalidSelect");
  });

  it("are in the journal before anything follows from them", () => {
    const host = start('w.wait_for_signal("go")');
    host.signal("go", 1, "s");
    expect(outline(host.records)).toEqual([
      "run : started",
      "0#1 wait_for_signal go",
      "run : signalled",
      "0#1 ok",
      "run : finished",
    ]);
  });

  it("none is lost and none is taken twice, whenever they come and whenever memory is lost", () => {
    const step = fc.constantFrom("signal", "timer", "memory");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const host = start(`
          got = []
          for _ in range(40):
              signal = w.wait_for_signal("go", timeout = 60)
              if signal: got.append(signal["data"])
          return got
        `);
        let sent = 0;
        for (const what of steps) {
          if (what === "memory") host.loseMemory();
          else if (what === "timer") host.fireNextTimer();
          else host.signal("go", ++sent, `s${sent}`);
        }
        host.goOn();
        expect(host.machine.ending().output).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
      }),
      { numRuns: 40 },
    );
  });
});
