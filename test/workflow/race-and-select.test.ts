// Waiting for whichever comes first: w.race, w.select.
import { describe, expect, it, vi } from "vitest";
import { fiberScenes } from "./fiber-scenes.ts";
import { modes } from "./scripted-host.ts";

// A busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)("first come, $mode", ({ replayEveryTime }) => {
  const { begin, errorOf, jobOf, finish } = fiberScenes(replayEveryTime);

  describe("w.race", () => {
    it("returns the first to end, and cancels the others in the outside world too", () => {
      const host = begin(
        `
      task = w.spawn(careful, w, "task")
      first = w.race([
          lambda: w.run(step = "a.example/held@v1"),
          task,
          lambda: w.wait_for_event(type = "never", timeout = "1d"),
          (run, w, "quick", 7),
          lambda: w.sleep(hours = 1),
      ])
      return first.index, first.value, task.state
    `,
        { policy: ({ reference }) => ({ verdict: reference.includes("held") ? "hold" : "execute" }) },
      );
      expect(host.timers.size).toBe(2);
      finish(host, "0.4#1", { n: 7 });
      expect([...host.approvals.values()].map(({ state }) => state)).toEqual(["withdrawn"]);
      expect([host.timers.size, host.waits.size]).toEqual([0, 0]);
      expect(jobOf(host, "0.1#1").state).toBe("cancelled");
      expect(host.finished).toBeUndefined();
      host.goOn();
      expect(host.machine.ending().output).toEqual([3, { n: 7 }, "cancelled"]);
    });

    it("raises the error of the first to end", () => {
      expect(errorOf('w.race([(fails, w, "first"), lambda: w.sleep(days = 1)])')?.message).toBe(
        "fail: first",
      );
    });

    it("takes a task that is done already, and starts nothing that it need not wait for", () => {
      const host = begin(`
      task = w.spawn(lambda: 5)
      w.sleep(seconds = 1)
      first = w.race([(run, w, "x"), task])
      return first.index, first.value
    `).goOn();
      expect(host.machine.ending().output).toEqual([1, 5]);
      expect(host.jobs.size).toBe(0);
    });

    it("leaves no timer of a branch that lost in the turn in which it began", () => {
      const host = begin(
        "w.sleep(seconds = 1)\nw.race([lambda: w.sleep(days = 300), lambda: w.now()])\nw.sleep(days = 1)",
      );
      host.fireNextTimer();
      expect([...host.timers.values()].map(({ id }) => id)).toEqual(["sleep:0#2"]);
    });

    it("refuses to wait for nothing", () => {
      expect(errorOf("w.race([])")?.code).toBe("InvalidBranch");
    });
  });

  describe("w.select", () => {
    const select = `
    task = w.spawn(run, w, "slow", 1)
    seen = []
    for _ in range(3):
        got = w.select(
            events = {"stop": "stop", "go": {"type": "go", "match": {"subject": "shop"}}},
            timers = {"late": "10m"},
            tasks = {"slow": task},
        )
        seen.append((got.kind, got.key, got.value["id"] if got.kind == "event" else got.value))
    return seen
  `;

    it("returns what comes first by its key, withdraws the other waits, and leaves tasks alone", () => {
      const host = begin(select);
      expect([...host.waits.values()].map(({ type }) => type)).toEqual(["stop", "go"]);
      const go = [...host.waits.values()].find(({ type }) => type === "go");
      expect(go?.match).toEqual({ subject: "shop" });
      if (go) host.send(go.command, { type: "go", id: "first" });
      host.waits.delete(go?.command ?? ("" as never));
      expect(host.waits.size).toBe(2);
      expect(host.timers.size).toBe(1);
      host.fireNextTimer();
      expect(jobOf(host, "0.1#1").state).toBe("queued");
      finish(host, "0.1#1", { n: 4 });
      expect(host.machine.ending().output).toEqual([
        ["event", "go", "first"],
        ["timer", "late", null],
        ["task", "slow", { n: 4 }],
      ]);
      expect([host.timers.size, host.waits.size]).toEqual([0, 0]);
    });

    it("takes moments among its timers, and the earlier one comes first", () => {
      const host = begin(`
      now = w.now()
      timers = {"at four": now + 4 * time.hour, "in three": "3h", "gone": now - time.hour}
      keys = []
      for _ in range(3):
          keys.append(w.select(timers = timers).key)
          timers.pop(keys[-1])
      return keys
    `).goOn();
      expect(host.machine.ending().output).toEqual(["gone", "in three", "at four"]);
    });

    it("raises the error of a moment that is too far off", () => {
      expect(errorOf("w.select(timers = [time.from_timestamp(10000000000)])")).toMatchObject({
        code: "InvalidTime",
        message:
          "sleep_until: 2286-11-20T17:46:40.000Z is too far off: at most ten years, for a timer of select as well",
      });
    });

    it("does not consume an event that came too late", () => {
      const host = begin(`
      got = w.select(events = ["go"], timers = {"late": 5})
      return got.kind, got.key
    `);
      const [wait] = [...host.waits.keys()];
      host.fireNextTimer();
      expect(host.machine.ending().output).toEqual(["timer", "late"]);
      if (wait) expect(host.send(wait, { type: "go" }).refused?.code).toBe("wait_over");
    });

    it("raises an event's error, and the error of a task that is first", () => {
      const wrong = 'w.select(events = {"x": {"type": "go", "filter": "bad"}}, timers = {"late": 5})';
      expect(errorOf(wrong, { options: { checkFilter: () => "it is bad" } })?.code).toBe("InvalidFilter");
      const failing = 'w.select(tasks = {"x": w.spawn(fails, w, "no")}, timers = {"late": 3600})';
      expect(errorOf(failing)?.message).toBe("fail: no");
    });

    it("says what is wrong with its arguments", () => {
      expect(errorOf("w.select()")).toMatchObject({
        code: "InvalidSelect",
        message: "select: there is nothing to wait for",
      });
      expect(errorOf("w.select(events = 1)")?.code).toBe("InvalidSelect");
      expect(errorOf("w.select(events = {1: 2})")?.code).toBe("InvalidSelect");
      expect(errorOf('w.select(events = {1: {"kind": "go"}})')?.code).toBe("InvalidSelect");
      expect(errorOf('w.select(events = {1: {"type": "go", "match": 1}})')?.code).toBe("InvalidSelect");
      expect(errorOf("w.select(tasks = [1])")?.code).toBe("InvalidTask");
      expect(errorOf("w.select(timers = [-1])")?.code).toBe("InvalidDuration");
    });
  });
});
