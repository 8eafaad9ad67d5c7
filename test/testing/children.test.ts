// Runs that runs of a test start.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

describe.each(modes)("a run that starts another, $mode", (mode) => {
  const passes = (body: string, definitions = "") =>
    expect(reportOf(body, definitions, mode).failure).toBeUndefined();

  test("gets what it returns, or how it failed or was cancelled, and is its parent", () =>
    passes(`
t.on_start("half", lambda w, ev: ev["data"] // 2 if ev["data"] % 2 == 0 else fail("odd"))
t.on_start("long", lambda w, ev: w.sleep(days = 1))
def parent(w, ev):
    got = [w.attempt(lambda: w.start("half", n)) for n in [8, 3]]
    return [got[0].value, got[1].error.code, w.attempt(lambda: w.start("long")).error.code]
run = t.start(parent)
assert.eq([child.state for child in t.runs[1:]], ["succeeded", "failed", "waiting"])
assert.eq([child.parent for child in t.runs], [None, run, run, run])
assert.eq([child.trigger for child in t.runs[1:]], ["half/start", "half/start", "long/start"])
t.cancel(run = t.runs[3])
assert.eq(run.output, [4, "ChildFailed", "ChildCancelled"])`));

  test("closes what still runs as parent_close says, also where that has gone on as another run", () =>
    passes(`
clean = t.on_run("example.com/clean@v1")
def child(w, ev):
    w.defer(lambda: w.run(step = "example.com/clean@v1"))
    w.sleep(hours = 1)
    w.continue_as_new()
t.on_start("child", child)
def parent(w, ev):
    for close in ["cancel", "terminate", "abandon"]:
        w.start("child", wait = False, parent_close = close)
    w.sleep(minutes = 90)
t.start(parent)
t.advance(minutes = 90)
assert.eq([run.state for run in t.runs[1:]], ["succeeded"] * 3 + ["cancelled", "cancelled", "waiting"])
assert.eq(clean.count, 3 + 1, "each that continued cleaned up, and the one that was cancelled")`));

  test("starts one under an id, hears AlreadyStarted from then on, and InvalidInput for what is not declared", () =>
    passes(
      `
t.on_start("shop", shop)
def parent(w, ev):
    w.start("shop", {"n": 1}, id = "once")
    return [w.attempt(lambda: w.start("shop", {"n": 1}, id = "once")).error.code,
            w.attempt(lambda: w.start("shop", {"n": "one"})).error.code]
assert.eq(t.start(parent).output, ["AlreadyStarted", "InvalidInput"])`,
      `
def shop(w, ev):
    return ev["data"]["n"]

on_start(shop, inputs = {"n": "number"})`,
    ));

  test("waits for one that waits for its place, and hears of those that get none", () =>
    passes(
      `
def parent(w, ev):
    got = w.attempt(lambda: w.start("shop", ev["data"]))
    return got.error.code if got.error else got.value
runs = [t.start(parent, n) for n in range(3)]
assert.eq([start.state for start in t.starts], ["started", "superseded", "queued"])
assert.eq([run.output for run in runs], [None, "ChildCancelled", None])
t.settle()
assert.eq([run.output for run in runs], [0, "ChildCancelled", 2])`,
      `
def shop(w, ev):
    w.sleep(minutes = 10)
    return ev["data"]

on_start(shop, concurrency = concurrency(mode = "cancel_queued"))`,
    ));

  test("takes one back that waits for its place, when it is cancelled itself", () =>
    passes(
      `
def parent(w, ev):
    return w.start("shop")
runs = [t.start(parent) for _ in range(3)]
t.cancel(run = runs[1])
assert.eq([start.state for start in t.starts], ["started", "cancelled", "queued"])
t.settle()
assert.eq([run.state for run in runs], ["succeeded", "cancelled", "succeeded"])
assert.eq(len(t.runs), 3 + 2)`,
      `
def shop(w, ev):
    w.sleep(minutes = 10)

on_start(shop, concurrency = concurrency())`,
    ));

  test("starts its own workflow by what on_start declares, without being told", () =>
    passes(
      `
assert.eq(t.start(down, 3).output, 0)
assert.eq([run.workflow for run in t.runs], ["shop"] * 4)`,
      `
def down(w, ev):
    return w.start("shop", ev["data"] - 1) if ev["data"] > 0 else 0

on_start(down)`,
    ));

  test("fails the test where nobody has said what the workflow is", () => {
    const { failure } = reportOf('t.start(lambda w, ev: w.start("nobody", {"n": 1}))', "", mode);
    expect(failure?.code).toBe("UnexpectedStart");
    expect(failure?.message).toContain('the workflow nobody with {"n":1}');
  });
});
