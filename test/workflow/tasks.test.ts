// Tasks: w.spawn, w.wait.
import { describe, expect, it, vi } from "vitest";
import { fiberScenes } from "./fiber-scenes.ts";
import { modes, outline } from "./scripted-host.ts";

// A busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)("w.spawn and w.wait, $mode", ({ replayEveryTime }) => {
  const { begin, output, errorOf, queued, jobOf, finish } = fiberScenes(replayEveryTime);

  it("goes on at once, and hands over the values of tasks in the order in which they are asked for", () => {
    expect(
      output(`
        a = w.spawn(run, w, "a", 1)
        b = w.spawn(run, w, "b", 2)
        before = (a.done, a.state, a.id, str(b))
        values = w.wait([b, a])
        return before, values, w.wait(a), a.done, a.state, w.wait([])
      `),
    ).toEqual([
      [false, "running", "0.1", "<task 0.2, running>"],
      [{ n: 2 }, { n: 1 }],
      { n: 1 },
      true,
      "succeeded",
      [],
    ]);
  });

  it("hands arguments on by position and by name, to functions of w as well", () => {
    expect(
      output(`
        def join(a, b = 0, *rest, sep = "-", **named):
            return sep.join([str(x) for x in [a, b] + list(rest)] + sorted(named))
        tasks = [w.spawn(join, n, b = n * 2, sep = "+", more = True) for n in [1, 2]]
        slept = w.spawn(w.sleep, seconds = 1)
        w.defer(w.set_output, "deferred", value = 3)
        return w.wait(tasks), w.wait(slept), w.attempt(join, a = 7).value, w.attempt(w.log, sep = 1).ok
      `),
    ).toEqual([["1+2+more", "2+4+more"], null, "7-0", false]);
  });

  it("returns None where the function of a task returns None", () => {
    expect(output("return w.wait(w.spawn(lambda: None)), w.wait([w.spawn(lambda: None)])")).toEqual([
      null,
      [null],
    ]);
  });

  it("says of an argument that the function does not take that it is one too many", () => {
    expect(output("def f(a): return a\nreturn w.attempt(f, 1, b = 2).error.message")).toContain("b");
    expect(errorOf("w.wait(w.spawn(lambda: 1, b = 2))")?.message).toContain("b");
  });

  it("waits for one task as often as it is asked to", () => {
    expect(output('t = w.spawn(run, w, "a", 1)\nreturn w.wait([t, t, t])[2]["n"]')).toBe(1);
  });

  it("raises the error of a task where it is waited for, with where it was started", () => {
    const host = begin(`
      def branch():
          fail("no")
      task = w.spawn(branch)
      w.sleep(seconds = 1)
      w.wait(task)
    `).goOn();
    const traceback = host.machine.ending().traceback ?? "";
    expect(traceback).toContain("w.wait(task)");
    expect(traceback).toContain("in handler, which started fiber 0.1");
    expect(traceback).toContain("task = w.spawn(branch)");
    expect(traceback).toMatch(/in branch\n {4}fail\("no"\)/);
  });

  it("lets a script catch the error of a task", () => {
    expect(output('task = w.spawn(fails, w, "no")\nreturn w.attempt(w.wait, task).error.message')).toBe(
      "fail: no",
    );
  });

  it("cancels the tasks that are left when the function that started them ends", () => {
    const host = begin(`
      def start():
          w.spawn(careful, w, "a")
          w.spawn(w.wait_for_event, "never")
          run(w, "b")
          return "done"
      return w.wait(w.spawn(start))
    `);
    finish(host, "0.1#1");
    expect(jobOf(host, "0.1.1#1").state).toBe("cancelled");
    expect(host.waits.size).toBe(0);
    expect(queued(host)).toEqual(["0.1.1#2"]);
    finish(host, "0.1.1#2");
    expect(host.machine.ending().output).toBe("done");
  });

  it("does not let a failure pass that nobody has waited for", () => {
    const host = begin(`
      w.spawn(fails, w, "unseen")
      w.spawn(fails, w, "unseen too")
      w.sleep(hours = 1)
      return "fine"
    `).goOn();
    expect(host.machine.ending().error?.message).toBe("fail: unseen");
    expect(host.log.join("\n")).toContain("fiber 0.2 failed, and nobody waited for it");
  });

  it("cancels a task on request: its wait ends at once, its cleanup runs, and waiting for it is an error", () => {
    const host = begin(`
      task = w.spawn(careful, w, "a")
      w.sleep(seconds = 1)
      task.cancel()
      task.cancel()
      state = task.state
      result = w.attempt(w.wait, task)
      return state, task.state, result.error.code, result.error.message
    `);
    host.fireNextTimer();
    host.settle();
    expect(jobOf(host, "0.1#1").state).toBe("cancelled");
    expect(outline(host.records)).toContain("run : withdrawn");
    host.goOn();
    expect(host.machine.ending().output).toEqual([
      "running",
      "cancelled",
      "TaskCancelled",
      "fiber 0.1 was cancelled",
    ]);
  });

  it("does not let a task catch its own cancellation", () => {
    expect(
      output(`
        seen = []
        def stubborn():
            w.attempt(lambda: w.sleep(hours = 1))
            seen.append("went on")
        task = w.spawn(stubborn)
        w.sleep(seconds = 1)
        task.cancel()
        w.sleep(seconds = 1)
        return seen, task.state
      `),
    ).toEqual([[], "cancelled"]);
  });

  it("ends a task that cancels itself, or that is cancelled before it begins", () => {
    expect(
      output(`
        tasks = []
        def suicide():
            w.sleep(seconds = 1)
            tasks[0].cancel()
            fail("not reached")
        tasks.append(w.spawn(suicide))
        tasks.append(w.spawn(fails, w, "never begun"))
        tasks[1].cancel()
        w.attempt(w.wait, tasks[0])
        return [t.state for t in tasks]
      `),
    ).toEqual(["cancelled", "cancelled"]);
  });

  it("runs the cleanup of each fiber when it ends, before the one that started it cleans up", () => {
    const host = begin(`
      w.defer(clean, w, "handler")
      def branch(name):
          w.defer(clean, w, name)
          w.spawn(careful, w, name + "-child")
          w.sleep(seconds = 1)
      w.parallel([(branch, "a"), (branch, "b")])
    `).goOn();
    const cleaned = [...host.jobs.values()].flatMap(
      ({ job }) => job.reference.match(/clean-([\w-]+)/)?.[1] ?? [],
    );
    expect(cleaned.indexOf("a-child")).toBeLessThan(cleaned.indexOf("a"));
    expect(cleaned.indexOf("b-child")).toBeLessThan(cleaned.indexOf("b"));
    expect(cleaned.at(-1)).toBe("handler");
    expect(host.finished).toBe("succeeded");
  });

  it("says what is wrong with its arguments", () => {
    expect(errorOf("w.wait(1)")?.code).toBe("InvalidTask");
    expect(errorOf("w.wait([1])")).toMatchObject({
      code: "InvalidTask",
      message: "wait: for parameter tasks, at 0: got int, want a task, which w.spawn returns",
    });
  });
});
