import { describe, expect, it, vi } from "vitest";
import { MAX_DEFERRED } from "../../src/workflow/limits.ts";
import { corpus } from "./corpus.ts";
import { handlerOf, modes, outline, type Script, ScriptedHost, workflowOf } from "./scripted-host.ts";

// Thousands of runs: a busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)("failure and cleanup, $mode", ({ replayEveryTime }) => {
  const start = (workflow: string | ReturnType<typeof workflowOf>, script: Script = {}) => {
    const host = new ScriptedHost(typeof workflow === "string" ? handlerOf(workflow) : workflow, {
      replayEveryTime,
      ...script,
    });
    host.feed({ type: "start" });
    return host.settle();
  };
  const references = (host: ScriptedHost) => [...host.jobs.values()].map(({ job }) => job.inputs.n);

  it("fails the run with the error of the function, its code and the Starlark frames", () => {
    const host = start(
      workflowOf(`
def inner(w):
    w.run(step = "a.example/f@v1")

def handler(w, ev):
    inner(w)

on_event(type = "test", handler = handler)
`),
      { functions: () => ({ error: { code: "Broken", message: "it broke", details: { exit: 3 } } }) },
    ).goOn();
    expect(host.machine.ending()).toEqual({
      error: { code: "Broken", message: "it broke", details: { exit: 3 } },
      traceback: [
        "Traceback (most recent call last):",
        "  main.star:6:10: in handler",
        "    inner(w)",
        "         ^",
        "  main.star:3:10: in inner",
        '    w.run(step = "a.example/f@v1")',
        "         ^",
        "  <builtin>: in run",
        "Error: it broke",
      ].join("\n"),
    });
    expect(host.machine.summary()).toMatchObject({ state: "failed", error: { code: "Broken" } });
  });

  it("hands an attempt's value or error to the script", () => {
    const host = start(
      workflowOf(`
def good(a, b):
    return a + b

def bad(w):
    w.sleep(seconds = 1)
    w.run(step = "a.example/f@v1")

def worse():
    return 1 // 0

def handler(w, ev):
    results = [w.attempt(good, 1, 2), w.attempt(bad, w), w.attempt(worse)]
    return [(r.ok, r.value, (r.error.code, r.error.message, r.error.details) if r.error else None) for r in results]

on_event(type = "test", handler = handler)
`),
      { functions: () => ({ error: { code: "Broken", message: "it broke", details: { exit: 3 } } }) },
    ).goOn();
    expect(host.machine.ending().output).toEqual([
      [true, 3, null],
      [false, null, ["Broken", "it broke", { exit: 3 }]],
      [false, null, ["EvalError", expect.stringContaining("division by zero"), {}]],
    ]);
  });

  const cleanup = (end: string) =>
    workflowOf(`
def clean(w, n):
    w.run(step = "a.example/clean@v1", inputs = {"n": n})

def handler(w, ev):
    w.defer(clean, w, 1)
    w.defer(clean, w, 2)
    ${end}

on_event(type = "test", handler = handler)
`);

  it.each([
    ["returns", "return 5", "succeeded"],
    ["fails", 'fail("x")', "failed"],
    ["is refused by policy", 'w.run(step = "a.example/bad@v1")', "failed"],
    ["uses up its budget", 'return ["x" * 9000000 for n in range(1000)]', "failed"],
  ])("runs deferred functions, the last one first, when the handler %s", (_what, end, state) => {
    const host = start(cleanup(end), {
      policy: ({ reference }) => ({ verdict: reference.includes("bad") ? "reject" : "execute" }),
    }).goOn();
    expect(host.finished).toBe(state);
    expect(references(host)).toEqual([2, 1]);
  });

  it("keeps the first error, prints those of cleanup, and runs the rest of it", () => {
    const host = start(
      workflowOf(`
def clean(w, n):
    w.run(step = "a.example/clean@v1", inputs = {"n": n})
    fail("clean %d failed" % n)

def handler(w, ev):
    w.defer(clean, w, 1)
    w.defer(clean, w, 2)
    fail("first")

on_event(type = "test", handler = handler)
`),
    ).goOn();
    expect(host.machine.ending().error?.message).toContain("first");
    expect(references(host)).toEqual([2, 1]);
    expect(host.log.filter((line) => line.includes("a deferred function failed"))).toHaveLength(2);
  });

  it("fails a run whose cleanup fails, when nothing else did", () => {
    const host = start('w.defer(fail, "cleanup")\nreturn 1').goOn();
    expect(host.finished).toBe("failed");
    expect(host.machine.ending().error?.message).toContain("cleanup");
  });

  it("ends a cleanup that defers itself for ever", () => {
    const host = start(
      workflowOf(`
def again(w):
    w.defer(again, w)

def handler(w, ev):
    w.defer(again, w)

on_event(type = "test", handler = handler)
`),
    );
    expect(host.machine.ending().error).toMatchObject({ code: "TooManyDeferred" });
    expect(host.machine.ending().error?.details).toEqual({ limit: MAX_DEFERRED });
  });

  it.each([
    ["steps", "for a in range(1000000000):\n  pass"],
    ["memory", "x = [0]\nfor a in range(100):\n  x = x + x"],
    ["depth", "x = []\nfor a in range(100000):\n  x = [x]\nreturn x"],
  ])("survives a script without end in %s", (_what, body) => {
    const host = start(body);
    expect(host.finished).toBe("failed");
    expect(host.machine.ending().error?.code).toMatch(/BudgetExceeded|NotJson/);
  });

  it("says where the budget was used up, and lets no attempt catch it", () => {
    const host = start("def spin():\n  for a in range(1000000000):\n    pass\nw.attempt(spin)");
    expect(host.machine.ending().error?.code).toBe("BudgetExceeded");
    expect(host.machine.ending().traceback).toContain("main.star:3:7: in spin");
  });

  it("lets cleanup that uses up budget after budget end", () => {
    const host = start(
      workflowOf(`
def spin():
    return ["x" * 9000000 for n in range(1000)]

def handler(w, ev):
    for n in range(100):
        w.defer(spin)

on_event(type = "test", handler = handler)
`),
    );
    expect(host.finished).toBe("failed");
    expect(host.log).toHaveLength(100);
  });

  it("keeps the beginning of what a slice prints without end", () => {
    const host = start('for n in range(30000):\n  print("")\nprint("x" * 100000)');
    expect(host.log).toHaveLength(10_001);
    expect(host.log.at(-1)).toBe("[20001 more lines]");
    expect(start('print("x" * 100000)').log[0]).toHaveLength(64 * 1024 + "… (100000 characters)".length);
  });

  it("gives every slice a budget of its own", () => {
    const host = start('for n in range(5):\n  len("x" * 15000000)\n  w.sleep(seconds = 1)\nreturn 1').goOn();
    expect(host.finished).toBe("succeeded");
  });

  it.each([
    ["a function", "return len", "cannot turn builtin_function_or_method into JSON"],
    ["infinity", 'return {"x": [float("inf")]}', 'value["x"][0]: JSON has no float'],
    ["too much", 'return "x" * 2000000', "the limit is 1048576"],
  ])("fails a handler that returns %s", (_what, body, message) => {
    const host = start(body);
    expect(host.finished).toBe("failed");
    expect(host.machine.ending().error?.message).toContain(message);
  });
});

describe("a script that asks the host for values without end", () => {
  // In memory only: to replay every time is quadratic in the commands.
  it("uses up the budget of its slice", () => {
    const host = new ScriptedHost(handlerOf("for n in range(100000):\n  w.now()"));
    host.feed({ type: "start" });
    expect(host.machine.ending().error?.code).toBe("BudgetExceeded");
    expect(host.machine.summary().commands).toBeGreaterThan(10_000);
  });
});

describe.each(modes)("cancellation, $mode", ({ replayEveryTime }) => {
  const start = (workflow: ReturnType<typeof workflowOf>, script: Script = {}) =>
    new ScriptedHost(workflow, { replayEveryTime, ...script });
  const guarded = workflowOf(`
def clean(w):
    w.log("cleaning")
    w.run(step = "a.example/clean@v1")
    w.sleep(hours = 1)

def work(w):
    w.run(step = "a.example/work@v1")

def handler(w, ev):
    w.defer(clean, w)
    w.attempt(work, w)
    w.log("never")

on_event(type = "test", handler = handler)
`);

  it("raises Cancelled at the blocked call, past any attempt, and runs deferred functions", () => {
    const host = start(guarded, {
      functions: (reference) => (reference.includes("work") ? "never" : { ok: {} }),
    });
    host.feed({ type: "start" });
    host.settle();
    host.cancel();
    expect(host.machine.summary().state).toBe("running");
    expect(host.goOn().finished).toBe("cancelled");
    expect(host.log).toEqual(["cleaning"]);
    expect([...host.jobs.values()].map(({ job, state }) => [job.reference, state])).toEqual([
      ["a.example/work@v1", "cancelled"],
      ["a.example/clean@v1", "finished"],
    ]);
    expect(host.machine.ending().error).toEqual({
      code: "Cancelled",
      message: "the run was cancelled by carl: enough",
      details: { by: "carl", reason: "enough" },
    });
    expect(host.machine.activities()[0]?.state).toBe("cancelled");
  });

  it("changes nothing when it is asked for again, also when the run has ended by then", () => {
    const host = start(guarded);
    host.feed({ type: "start" });
    host.settle();
    host.cancel();
    for (let n = 0; n < 3; n++) expect(host.cancel()).toMatchObject({ records: [], effects: [] });
    expect(host.goOn().finished).toBe("cancelled");
    for (const terminate of [false, true]) {
      const again = host.cancel(terminate);
      expect(again.records).toEqual([]);
      expect(again.refused).toBeUndefined();
    }
  });

  it("waits for no cleanup that is on when the run is terminated", () => {
    const host = start(guarded, { functions: () => "never" });
    host.feed({ type: "start" });
    host.settle();
    host.cancel();
    host.settle();
    host.cancel(true);
    expect(host.finished).toBe("cancelled");
    expect([...host.jobs.values()].map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
  });

  it("runs no deferred function when the run is terminated, and says the same to whoever asks again", () => {
    const host = start(guarded, { functions: () => "never" });
    host.feed({ type: "start" });
    host.settle();
    host.cancel(true);
    expect(host.finished).toBe("cancelled");
    expect(host.log).toEqual([]);
    expect(host.cancel(true)).toMatchObject({ records: [], effects: [] });
    expect(host.cancel(true).refused).toBeUndefined();
  });

  it("leaves a cleanup that is on alone, and the ending that was decided before", () => {
    const host = start(corpus.find(({ name }) => name === "a failure with cleanup")?.workflow ?? guarded, {
      functions: (reference) =>
        reference.includes("fails") ? { error: { code: "Broken", message: "broke" } } : { ok: {} },
    });
    host.feed({ type: "start" });
    host.settle();
    host.step();
    expect(host.machine.summary().waitingFor).toBe("sleeping for 3s");
    host.cancel();
    expect(host.machine.summary().waitingFor).toBe("sleeping for 3s");
    expect(host.goOn().machine.ending().error?.code).toBe("Broken");
  });

  it("is refused when the run is over", () => {
    const host = start(corpus.find(({ name }) => name === "nothing at all")?.workflow ?? guarded).run();
    expect(host.cancel().refused).toMatchObject({ code: "run_finished" });
  });

  describe.each(corpus)("of $name", ({ workflow, script }) => {
    const reference = new ScriptedHost(workflow, script).run();

    it("at every point ends the run, lets go of everything, and runs what was deferred by then", () => {
      for (let steps = 0; steps < reference.sent.length; steps++) {
        for (const memory of ["kept", "lost"]) {
          const host = start(workflow, script);
          host.feed({ type: "start" });
          for (let i = 0; i < steps; i++) host.step();
          if (memory === "lost") host.loseMemory();
          const isOver = host.finished !== undefined && host.finished !== "cancelled";
          expect(host.cancel().refused?.code).toBe(isOver ? "run_finished" : undefined);
          host.goOn();
          expect(host.finished).toBeDefined();
          expect(host.timers.size + host.waits.size).toBe(0);
          expect([...host.jobs.values()].filter(({ state }) => state === "queued")).toEqual([]);
          expect([...host.approvals.values()].filter(({ state }) => state === "pending")).toEqual([]);
          expect(host.machine.activities().every(({ finishedAt }) => finishedAt !== undefined)).toBe(true);
          const cleaned = [...host.jobs.values()].filter(({ job }) => job.reference.includes("clean")).length;
          const deferred = outline(host.records).filter((line) =>
            line.includes("example.com/clean@v1"),
          ).length;
          expect(cleaned).toBe(deferred);
        }
      }
    });

    it("replays to the same end", () => {
      for (let steps = 0; steps < reference.sent.length; steps++) {
        const host = start(workflow, script);
        host.feed({ type: "start" });
        for (let i = 0; i < steps; i++) host.step();
        if (host.finished !== undefined) break;
        host.cancel();
        for (let i = 0; host.finished === undefined && i < 100; i++) {
          const kept = host.machine.activities();
          const { state } = host.machine.summary();
          host.loseMemory();
          expect(host.machine.summary().state).toBe(state);
          expect(host.machine.activities()).toEqual(kept);
          host.step();
        }
        expect(host.finished).toBeDefined();
      }
    });

    it("and then terminated ends at once", () => {
      for (let steps = 0; steps < reference.sent.length; steps++) {
        const host = start(workflow, script);
        host.feed({ type: "start" });
        for (let i = 0; i < steps; i++) host.step();
        host.cancel();
        host.cancel(true);
        expect(host.finished).toBeDefined();
        expect([...host.jobs.values()].filter(({ state }) => state === "queued")).toEqual([]);
      }
    });
  });
});
