// Fibers, however they were started: their turns, their ids, their limits, and how a run with many is cancelled.
import { describe, expect, it, vi } from "vitest";
import { MAX_ROW_BYTES } from "../../src/storage/row-size.ts";
import { MAX_FIBERS } from "../../src/workflow/limits.ts";
import { fiberScenes } from "./fiber-scenes.ts";
import { modes, ScriptedHost, timeless, workflowOf } from "./scripted-host.ts";

// A busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)("fibers, $mode", ({ replayEveryTime }) => {
  const { begin, output, errorOf, queued, jobOf } = fiberScenes(replayEveryTime);

  it("ends a deadlock with an error at the wait that closed it, naming the fibers", () => {
    const host = begin(`
      tasks = []
      def waits_for(n):
          w.sleep(seconds = 1)
          w.wait(tasks[n])
      tasks.append(w.spawn(waits_for, 1))
      tasks.append(w.spawn(waits_for, 0))
      w.wait(tasks)
    `).goOn();
    expect(host.machine.ending().error).toMatchObject({
      code: "Deadlock",
      details: { fibers: ["0", "0.1", "0.2"] },
    });
    expect(host.machine.ending().traceback).toContain("w.wait(tasks[n])");
  });

  it("ends a task that waits for itself", () => {
    expect(
      output(`
        tasks = []
        def own():
            return w.attempt(w.wait, tasks[0]).error.code
        tasks.append(w.spawn(own))
        return w.wait(tasks[0])
      `),
    ).toBe("Deadlock");
  });

  it("shows in what fiber each activity is, and in which fiber that was started", () => {
    const host = begin('run(w, "a")\nw.parallel([lambda: w.parallel([(run, w, "b")])])').goOn();
    expect(host.machine.activities().map(({ command, fiber, parent }) => [command, fiber, parent])).toEqual([
      ["0#1", "0", undefined],
      ["0.1.1#1", "0.1.1", "0.1"],
    ]);
  });

  describe("cancelling the run", () => {
    const nested = `
      w.defer(clean, w, "handler")
      def inner(name):
          w.defer(clean, w, name)
          w.parallel([(careful, w, name + "1"), lambda: w.sleep(days = 1)])
      w.parallel([(inner, "a"), lambda: w.wait_for_event(type = "never")])
    `;

    it("cancels every fiber, runs the cleanup of all, and ends", () => {
      const host = begin(nested);
      host.cancel();
      expect([host.timers.size, host.waits.size]).toEqual([0, 0]);
      expect(jobOf(host, "0.1.1#1").state).toBe("cancelled");
      host.goOn();
      expect(host.finished).toBe("cancelled");
      const cleaned = [...host.jobs.values()].flatMap(
        ({ job }) => job.reference.match(/clean-(\w+)/)?.[1] ?? [],
      );
      expect(cleaned).toEqual(["a1", "a", "handler"]);
    });

    it("names in its record the commands of all fibers, in their order", () => {
      const host = begin(nested);
      host.cancel();
      const record = host.records.find((r) => r.type === "noted" && r.note === "cancel_requested");
      expect(record?.type === "noted" && record.data.commands).toEqual(["0.1.1#1", "0.1.2#1", "0.2#1"]);
    });

    it("leaves alone what cleanup has started", () => {
      const host = begin(`
        def cleanup():
            w.parallel([(run, w, "x"), (run, w, "y")])
        w.defer(cleanup)
        w.sleep(days = 1)
      `);
      host.cancel();
      host.settle();
      expect(queued(host)).toHaveLength(2);
      host.goOn();
      expect(host.finished).toBe("cancelled");
      expect([...host.jobs.values()].map(({ state }) => state)).toEqual(["finished", "finished"]);
    });
  });

  it("is stuck when the script cancels something else than the journal says", () => {
    const source = (losers: string) => `
def handler(w, ev):
    t = [w.spawn(w.wait_for_event, "a"), w.spawn(w.wait_for_event, "b")]
    w.sleep(seconds = 1)
    ${losers}
    w.sleep(seconds = 1)

on_event(type = "test", handler = handler)
`;
    const host = new ScriptedHost(workflowOf(source("t[0].cancel()")), { replayEveryTime });
    host.feed({ type: "start" });
    host.fireNextTimer();
    for (const other of ["t[1].cancel()", "pass", "t[0].cancel()\n    t[1].cancel()"]) {
      const changed = new ScriptedHost(workflowOf(source(other)), { replayEveryTime });
      changed.records.push(...host.records);
      changed.load();
      expect(changed.machine.summary().state, other).toBe("stuck");
      expect(changed.machine.ending().error?.message).toContain("cancel");
    }
  });

  it("goes on with others when one has used up the budget of the slice, and cannot catch that", () => {
    const error = errorOf(`
      def endless():
          for _ in range(1000000000):
              pass
      w.attempt(w.parallel, [endless, (run, w, "ok")])
    `);
    expect(error?.code).toBe("BudgetExceeded");
  });
});

describe("many fibers", () => {
  const many = (count: number, limit: string) =>
    workflowOf(`
def branch(w, n):
    w.sleep(seconds = 1 + n % 7)
    return n

def handler(w, ev):
    return len(w.parallel([(branch, w, n) for n in range(${count})]${limit}))

on_event(type = "test", handler = handler)
`);
  const drive = (count: number, limit = "") => {
    const host = new ScriptedHost(many(count, limit));
    host.feed({ type: "start" });
    return host;
  };

  it("are ten thousand without trouble, and not one more", () => {
    const host = drive(MAX_FIBERS - 1);
    expect(host.timers.size).toBe(MAX_FIBERS - 1);
    expect(drive(MAX_FIBERS).machine.ending().error?.code).toBe("TooManyFibers");
    expect(drive(MAX_FIBERS + 5, ", limit = 100").timers.size).toBe(100);
  });

  it("may not start fibers in fibers without end", () => {
    const host = new ScriptedHost(
      workflowOf(`
def deeper(w):
    w.wait(w.spawn(lambda: deeper(w)))

def handler(w, ev):
    deeper(w)

on_event(type = "test", handler = handler)
`),
    ).run();
    expect(host.machine.ending().error?.code).toBe("TooManyFibers");
  });

  it("so deep and so many that a cancellation would name more than a record holds are too many", () => {
    const atTheBottom = (count: number) =>
      workflowOf(`
def deeper(w, left):
    if left > 0:
        return w.parallel([lambda: deeper(w, left - 1)])
    w.parallel([lambda: w.sleep(hours = 1)] * ${count})

def handler(w, ev):
    deeper(w, 97)

on_event(type = "test", handler = handler)
`);
    const host = new ScriptedHost(atTheBottom(7000));
    host.feed({ type: "start" });
    expect(host.timers.size).toBe(7000);
    host.cancel();
    const largest = Math.max(...host.records.map((record) => JSON.stringify(record).length));
    expect(largest).toBeGreaterThan(1_000_000);
    expect(largest).toBeLessThan(MAX_ROW_BYTES);
    const more = new ScriptedHost(atTheBottom(9000));
    more.feed({ type: "start" });
    expect(JSON.stringify(more.machine.ending().error)).toContain("so deep inside of others");
  });

  it("replay to the same end from every mode", () => {
    const run = (replayEveryTime: boolean) =>
      timeless(new ScriptedHost(many(40, ", limit = 7"), { replayEveryTime }).run().records);
    expect(run(true)).toEqual(run(false));
  });
});
