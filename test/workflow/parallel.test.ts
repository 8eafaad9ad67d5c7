// Fibers: w.parallel, w.spawn, w.wait, w.race, w.select, and what becomes of those that are cancelled.
import { describe, expect, it, vi } from "vitest";
import { MAX_ROW_BYTES } from "../../src/storage/row-size.ts";
import { MAX_FIBERS } from "../../src/workflow/limits.ts";
import { modes, outline, type Script, ScriptedHost, timeless, workflowOf } from "./scripted-host.ts";

// A busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

const library = `
def run(w, name, n = 0):
    return w.run(step = "a.example/" + name + "@v1", inputs = {"n": n})

def fails(w, name):
    w.run(step = "a.example/ok@v1")
    fail(name)

def clean(w, name):
    w.run(step = "a.example/clean-" + name + "@v1")

def careful(w, name):
    w.defer(clean, w, name)
    return run(w, name)
`;

const echo: Script["functions"] = (_reference, inputs) => ({ ok: { n: inputs.n ?? null } });

describe.each(modes)("fibers, $mode", ({ replayEveryTime }) => {
  const begin = (body: string, script: Script = {}) => {
    const text = body.replace(/^\n|\n\s*$/g, "").split("\n");
    const indent = Math.min(...text.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    const handler = text.map((line) => `    ${line.slice(indent)}`).join("\n");
    const source = `${library}\ndef handler(w, ev):\n${handler}\n\non_event(type = "test", handler = handler)\n`;
    const host = new ScriptedHost(workflowOf(source), { functions: echo, replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host.settle();
  };
  const output = (body: string, script: Script = {}) => {
    const host = begin(body, script).goOn();
    expect(host.machine.ending().error).toBeUndefined();
    return host.machine.ending().output;
  };
  const errorOf = (body: string, script: Script = {}) => begin(body, script).goOn().machine.ending().error;
  const queued = (host: ScriptedHost) =>
    [...host.jobs.values()].filter(({ state }) => state === "queued").map(({ job }) => job.command);
  const jobOf = (host: ScriptedHost, command: string) => {
    const entry = [...host.jobs.values()].find(({ job }) => job.command === command);
    if (!entry) throw new Error(`no job of ${command}`);
    return entry;
  };
  const finish = (host: ScriptedHost, command: string, ok = {}) => {
    host.finishJob(jobOf(host, command).job.id, { ok });
    host.settle();
  };

  describe("w.parallel", () => {
    it("runs its branches side by side and returns their results in order, whoever ends first", () => {
      const host = begin(`
        return w.parallel([lambda: run(w, "a", 1), (run, w, "b", 2), (run, w, "c", 3)])
      `);
      expect(queued(host)).toEqual(["0.1#1", "0.2#1", "0.3#1"]);
      finish(host, "0.3#1", { n: "c" });
      finish(host, "0.1#1", { n: "a" });
      expect(host.finished).toBeUndefined();
      finish(host, "0.2#1", { n: "b" });
      expect(host.machine.ending().output).toEqual([{ n: "a" }, { n: "b" }, { n: "c" }]);
    });

    it("gives each fiber its number in the order of creation, however deep", () => {
      const host = begin(`
        def inner(name):
            return w.parallel([(run, w, name), (run, w, name)])
        w.parallel([(inner, "a"), lambda: run(w, "x"), (inner, "b")])
        run(w, "last")
        w.parallel([lambda: run(w, "y")])
      `).goOn();
      const commands = host.records.flatMap((record) =>
        record.type === "scheduled" ? [record.command] : [],
      );
      expect([...commands].sort()).toEqual([
        "0#1",
        "0.1.1#1",
        "0.1.2#1",
        "0.2#1",
        "0.3.1#1",
        "0.3.2#1",
        "0.4#1",
      ]);
      expect(host.finished).toBe("succeeded");
    });

    it("runs no more than `limit` at a time, and starts the next as soon as one has ended", () => {
      const host = begin(`
        return [r["n"] for r in w.parallel([(run, w, "x", n) for n in range(5)], limit = 2)]
      `);
      expect(queued(host)).toEqual(["0.1#1", "0.2#1"]);
      finish(host, "0.2#1", { n: 1 });
      expect(queued(host)).toEqual(["0.1#1", "0.3#1"]);
      host.goOn();
      expect(host.machine.ending().output).toEqual([0, 1, 2, 3, 4]);
    });

    it("goes on with the others when one fails, and then raises the error of the first that failed", () => {
      const host = begin(`
        def slow(n):
            w.sleep(seconds = n)
            fail("branch", n)
        w.parallel([(slow, 2), (slow, 1), (run, w, "ok")])
      `).goOn();
      expect(host.machine.ending().error?.message).toBe("fail: branch 1");
      expect(host.log.join("\n")).toContain("fiber 0.1 failed too: Traceback");
      expect([...host.jobs.values()].map(({ state }) => state)).toEqual(["finished"]);
    });

    it("cancels the others when one fails and `on_error` says so, and waits for their cleanup", () => {
      const host = begin(
        `
        result = w.attempt(w.parallel, [
            (careful, w, "a"),
            lambda: w.wait_for_event(type = "never"),
            (fails, w, "b"),
            lambda: w.sleep(days = 1),
        ], on_error = "cancel")
        return result.error.message
      `
          .replace("w.attempt(w.parallel, [", "w.attempt(lambda: w.parallel([")
          .replace('"cancel")', '"cancel"))'),
        { functions: (reference) => (reference.includes("/a@") ? "never" : { ok: {} }) },
      );
      finish(host, "0.3#1");
      expect(jobOf(host, "0.1#1").state).toBe("cancelled");
      expect(host.waits.size).toBe(0);
      expect(host.timers.size).toBe(0);
      expect(queued(host)).toEqual(["0.1#2"]);
      expect(host.finished).toBeUndefined();
      finish(host, "0.1#2");
      expect(host.machine.ending().output).toBe("fail: b");
    });

    it("never starts what is left over when one fails and `on_error` says so", () => {
      const host = begin(`
        w.parallel([(fails, w, "first")] + [(run, w, "x", n) for n in range(5)], limit = 1, on_error = "cancel")
      `).goOn();
      expect(host.machine.ending().error?.message).toBe("fail: first");
      expect([...host.jobs.values()]).toHaveLength(1);
    });

    it("lets branches share what they change, the same on every replay", () => {
      expect(
        output(`
          seen = []
          def branch(n):
              seen.append("begin %d" % n)
              w.sleep(seconds = 10 - n)
              seen.append("end %d" % n)
              return len(seen)
          lengths = w.parallel([(branch, n) for n in range(3)])
          return lengths, seen
        `),
      ).toEqual([
        [6, 5, 4],
        ["begin 0", "begin 1", "begin 2", "end 2", "end 1", "end 0"],
      ]);
    });

    it("returns at once when there is nothing to do, and takes branches that do nothing that waits", () => {
      expect(output("return w.parallel([]), w.parallel([lambda: 1, lambda: w.uuid() != w.uuid()])")).toEqual([
        [],
        [1, true],
      ]);
    });

    it("says what is wrong with its arguments", () => {
      expect(errorOf("w.parallel([1])")).toMatchObject({
        code: "InvalidBranch",
        message: "parallel: branch 0 is int, want a function, or a tuple of a function and its arguments",
      });
      expect(errorOf("w.parallel(run)")?.code).toBe("InvalidBranch");
      expect(errorOf("w.parallel([(1, 2)])")?.code).toBe("InvalidBranch");
      expect(errorOf('w.parallel([lambda: 1], on_error = "ignore")')?.code).toBe("InvalidOnError");
      expect(errorOf("w.parallel([lambda: 1], limit = 0)")?.code).toBe("InvalidLimit");
    });

    it("shows in the traceback where it was called and where the branch failed", () => {
      const host = begin(`
        def branch():
            fail("no")
        w.parallel([branch])
      `).goOn();
      const traceback = host.machine.ending().traceback ?? "";
      expect(traceback.split("\n").filter((line) => line.includes("in "))).toEqual([
        expect.stringContaining("in handler"),
        expect.stringContaining("in branch"),
        expect.stringContaining("in fail"),
      ]);
      expect(traceback).toContain("w.parallel([branch])");
    });
  });

  describe("w.spawn and w.wait", () => {
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
      expect(errorOf("w.wait(1)")?.code).toBe("InvalidBranch");
      expect(errorOf("w.wait([1])")).toMatchObject({
        code: "InvalidTask",
        message: "wait: for parameter tasks, at 0: got int, want a task, which w.spawn returns",
      });
    });
  });

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
