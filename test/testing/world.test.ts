// What a test can make happen around its runs, and what it sees of them.
import { describe, expect, test } from "vitest";
import { reportOf, reportsOf } from "./test-source.ts";

const deploy = `
def deploy(w, ev):
    w.run(step = "example.com/deploy@v1", inputs = {"app": "shop", "revision": "7"}, retry = 3)
    return "deployed"

on_event(type = "deploy", handler = deploy, filter = "event.data.ok")
`;

const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

function expectPassed(body: string, definitions = "", options = {}): void {
  expect(reportOf(body, definitions, options).failure).toBeUndefined();
}

describe.each(modes)("a test, $mode", (mode) => {
  const passes = (body: string, definitions = "") => expectPassed(body, definitions, mode);

  const watch = `
def watch(w, ev):
    tick = w.wait_for_event(type = "tick")
    seen = ev["data"]["seen"] + [tick["data"]]
    if len(seen) == 3:
        return seen
    w.continue_as_new({"seen": seen})

on_event(type = "watch", handler = watch)
`;

  test("follows a run that goes on as another: no event comes to it twice, none is missed", () =>
    passes(
      `
t.send("watch", {"seen": []})
t.send("tick", 1)
t.send("tick", 2)
assert.eq(len(t.runs), 3)
t.send("tick", 3)
assert.eq([run.state for run in t.runs], ["succeeded"] * 3)
assert.eq(t.runs[2].output, [1, 2, 3])`,
      watch,
    ));

  test("sends events, which start the runs of the triggers that match them", () =>
    passes(
      `
t.on_run("example.com/deploy@v1")
assert.eq(t.send("deploy", {"ok": False}), [])
assert.eq(t.send("other", {"ok": True}), [])
runs = t.send("deploy", {"ok": True}, subject = "shop", by = "ann")
assert.eq(len(runs), 1)
assert.eq(runs, t.runs)
assert.eq(runs[0].state, "succeeded")
assert.eq(runs[0].output, "deployed")
assert.eq(runs[0].event["subject"], "shop")
assert.eq(runs[0].workflow, "shop")
assert.eq(t.send("deploy", {"ok": True}, id = "same"), t.runs[1:])
assert.eq(t.send("deploy", {"ok": True}, id = "same"), [], "an event that is sent again changes nothing")`,
      deploy,
    ));

  test("starts any function as a handler, and knows its error", () =>
    passes(`
run = t.start(lambda w, ev: fail("no %s" % ev["data"]["what"]), {"what": "way"})
assert.eq(run.state, "failed")
assert.contains(run.error.message, "no way")`));

  test("lets runs hold locks in turn, in the order they asked", () =>
    passes(
      `
first, second = t.start(locked), t.start(locked)
t.advance(minutes = 1)
assert.eq([first.state, second.state], ["succeeded", "waiting"])
t.advance(minutes = 1)
assert.eq(second.output, "done")`,
      `
def locked(w, ev):
    w.lock("production", lambda: w.sleep(minutes = 1))
    return "done"

on_event(type = "x", handler = locked)`,
    ));

  test("lets time pass, to the millisecond and no further", () =>
    passes(
      `
start = t.now
run = t.start(sleeper)
t.advance(hours = 23, minutes = 59)
assert.eq(run.state, "waiting")
t.advance(minutes = 1)
assert.eq(run.output, 86400.0)
assert.eq(run.took, 86400)
assert.eq((t.now - start).hours, 24.0)`,
      `
def sleeper(w, ev):
    before = w.now()
    w.sleep(days = 1)
    return (w.now() - before).seconds
`,
    ));

  test("lets a call take its time, and time out", () =>
    passes(`
t.on_run("example.com/slow", takes = "10m")
slow = t.start(lambda w, ev: w.run(step = "example.com/slow@v1"))
late = t.start(lambda w, ev: w.run(step = "example.com/slow@v1", timeout = "5m"))
dead = t.start(lambda w, ev: w.run(step = "example.com/slow@v1", deadline = "2m"))
t.advance(minutes = 9)
assert.eq([slow.state, late.error.code, dead.error.code], ["running", "Timeout", "DeadlineExceeded"])
t.settle()
assert.eq(slow.state, "succeeded")
assert.eq(slow.calls[0].attempt, 1)`));

  test("lets calls fail so often, and lose their runners", () =>
    passes(
      `
t.on_run("example.com/deploy@v1")
flaky = t.on_run("example.com/deploy@v1", fails = {"code": "Flaky", "message": "again"}, times = 2)
run = t.send("deploy", {"ok": True})[0]
t.settle()
assert.eq(flaky.count, 2)
assert.eq([run.state, run.calls[0].attempt], ["succeeded", 3])
lost = t.on_run("example.com/deploy@v1", lost = True, times = 4)
assert.eq(t.send("deploy", {"ok": True})[0].state, "succeeded", "a lost attempt does not count")
assert.eq(lost.count, 4)
t.on_run("example.com/deploy@v1", fails = {"code": "Bad", "message": "no", "retryable": False})
assert.eq(t.send("deploy", {"ok": True})[0].error.code, "Bad")`,
      deploy,
    ));

  test("answers calls by a function of their inputs, the newest rule that fits first", () =>
    passes(`
t.on_run("example.com/*", returns = {"by": "prefix"})
t.on_run("example.com/a", returns = lambda inputs: {"by": "name", "n": inputs["n"] + 1})
t.on_run("example.com/a@v2", inputs = {"n": 7}, returns = {"by": "inputs"})
t.on_run("example.com/b@v1", inputs = lambda inputs: inputs["n"] > 1, returns = {"by": "predicate"})
def call(w, ev):
    return [w.run(step = s, inputs = {"n": n})["by"] for s, n in [
        ("example.com/a@v1", 7), ("example.com/a@v2", 7), ("example.com/a@v2", 8),
        ("example.com/b@v1", 1), ("example.com/b@v1", 2), ("example.com/c@v1", 0)]]
assert.eq(t.start(call).output, ["name", "inputs", "name", "prefix", "predicate", "prefix"])`));

  test("holds calls until somebody approves or denies them, and rejects others", () =>
    passes(
      `
t.on_run("example.com/deploy@v1", holds = ["production", "late"], environment = "prod")
run = t.send("deploy", {"ok": True})[0]
assert.eq(run.state, "waiting")
assert.eq(run.environments, ["prod"])
assert.eq([(a.step, a.reasons, a.environment) for a in t.approvals],
          [("example.com/deploy@v1", ["production", "late"], "prod")])
t.approve(by = "maria")
assert.eq([run.state, t.approvals, t.deployments[0].revision], ["succeeded", [], "7"])
other = t.send("deploy", {"ok": True})[0]
t.deny(comment = "frozen", run = other)
assert.eq(other.error.code, "ApprovalDenied")
t.on_run("example.com/deploy@v1", rejects = "never")
assert.eq(t.send("deploy", {"ok": True})[0].error.code, "PolicyRejected")`,
      deploy,
    ));

  test("tells of a deployment as its environment does, so that what it sets off starts", () =>
    passes(
      `
t.on_run("example.com/deploy@v1", environment = "prod")
run, verified = t.send("deploy", {"ok": True}, by = "maria")
[event] = t.events("dev.sluice.environment.deployed")
assert.eq((event["source"], event["subject"], event["sluicehops"]), ("/workspaces/default/environments/prod", "prod", 1))
assert.eq(event["id"], "dev.sluice.environment.deployed/%s/0#1" % run.id)
data = event["data"]
assert.eq([data[name] for name in ("environment", "app", "revision", "function", "run", "by")],
          ["prod", "shop", "7", "example.com/deploy@v1", run.id, "maria"])
assert.eq([verified.trigger, verified.output], ["shop/verify", "shop"])`,
      `${deploy}
def verify(w, ev):
    return ev["data"]["app"]

on_event(type = "dev.sluice.environment.deployed", match = {"subject": "prod"}, handler = verify)
`,
    ));

  test("wakes runs that wait for an event, also one that came before", () =>
    passes(
      `
run = t.start(waiter)
t.send("go", {"n": 1}, subject = "other")
assert.eq(run.state, "waiting")
t.send("go", {"n": 2}, subject = "shop")
t.send("go", {"n": 3}, subject = "shop")
assert.eq(run.log, ["2"])
t.advance(hours = 1)
assert.eq(run.output, [2, 3, None])`,
      `
def waiter(w, ev):
    first = w.wait_for_event(type = "go", match = {"subject": "shop"})["data"]["n"]
    print(first)
    w.sleep(minutes = 1)
    second = w.wait_for_event(type = "g*", match = {"subject": "shop"})["data"]["n"]
    return first, second, w.wait_for_event(type = "go", since = "now", timeout = "5m")
`,
    ));

  test("cancels runs, whose cleanup still happens", () =>
    passes(
      `
clean = t.on_run("example.com/clean@v1")
run = t.start(sleeper)
t.cancel(reason = "enough")
assert.eq([run.state, clean.count], ["cancelled", 1])`,
      `
def sleeper(w, ev):
    w.defer(lambda: w.run(step = "example.com/clean@v1"))
    w.sleep(days = 1)
`,
    ));

  test("runs branches side by side and sends signals", () =>
    passes(`
t.on_run("example.com/a@v1", takes = 60)
def both(w, ev):
    w.parallel([lambda: w.run(step = "example.com/a@v1"), lambda: w.sleep(seconds = 90)])
    return w.wait_for_signal("go")
run = t.start(both)
t.advance()
assert.eq((run.calls[0].state, run.state), ("succeeded", "waiting"))
t.advance(seconds = 30)
t.signal("go", {"n": 1})
assert.eq((run.state, run.took), ("succeeded", 90))`));

  test("gives locks in turn, and fills in forms", () =>
    passes(`
def critical(w, ev):
    w.lock("production", lambda: w.sleep(minutes = 1))
    return w.form("Go?", {"ok": "boolean"})["ok"]
first, second = t.start(critical), t.start(critical)
t.advance(seconds = 90)
assert.eq([a.kind for a in first.activities if a.state == "waiting"], ["form"])
t.fill({"ok": True})
assert.eq((first.state, first.output, second.state), ("succeeded", True, "waiting"))
t.advance(seconds = 30)
t.fill({"ok": False}, run = second)
assert.eq(second.output, False)`));

  test("fires schedules as time passes, for as long as the test wants", () =>
    passes(
      `
t.advance(days = 3)
assert.eq(len(t.runs), 3)
t.settle()
assert.eq(len(t.runs), 3, "what goes on for ever is not waited for")`,
      `
def nightly(w, ev):
    pass

on_schedule(cron = "30 3 * * *", handler = nightly)
`,
    ));

  test("starts a handler by hand with the inputs that it declares, and with no others", () =>
    passes(
      `
assert.eq(t.start(deploy, {"service": "shop"}).output, {"service": "shop", "share": 1})
assert.fails(lambda: t.start(deploy, {"share": "all"}), "service is required")`,
      `
def deploy(w, ev):
    return ev["data"]

on_start(deploy, inputs = {
    "service": {"type": "string", "required": True},
    "share": {"type": "number", "default": 1},
})
`,
    ));

  test("lets one workflow start another by an event", () =>
    passes(
      `
t.send("first")
assert.eq([(run.trigger, run.state) for run in t.runs], [("shop/first", "succeeded"), ("shop/second", "succeeded")])
assert.eq(t.events("second")[0]["data"], {"n": 1})`,
      `
def first(w, ev):
    w.run(step = "builtin://emit", inputs = {"type": "second", "data": {"n": 1}})

def second(w, ev):
    pass

on_event(type = "first", handler = first)
on_event(type = "second", handler = second)
`,
    ));
});

describe("chance", () => {
  const draw = "print(t.start(lambda w, ev: [w.uuid(), w.random()]).output)";

  test("is the same for the same seed, and another for another", () => {
    const once = reportOf(draw).printed;
    expect(reportOf(draw).printed).toEqual(once);
    expect(reportOf(draw, "", { seed: "2" }).printed).not.toEqual(once);
  });
});

describe("a test fails", () => {
  const messageOf = (body: string, definitions = "") => reportOf(body, definitions).failure?.message;

  test.each([
    ["assert.eq(1, 2)", "got 1, want 2"],
    ['assert.eq(1, 2, "sums")', "sums: got 1, want 2"],
    ["assert.ne(1, 1)", "got 1, which was not to be"],
    ["assert.true([])", "got [], want something true"],
    ["assert.false(1)", "got 1, want something false"],
    ['assert.contains("abc", "d")', '"d" is not in the string "abc"'],
    ["assert.contains([1], 2)", "2 is not in the list [1]"],
    ['assert.fails(lambda: 1, "x")', 'it returned 1, want an error with "x"'],
    ['assert.fails(lambda: fail("no"), "x")', 'got the error "fail: no", want one with "x"'],
    ["t.advance()", "t.advance: nothing is going to happen by itself; give a length of time"],
    ["t.cancel()", "t.cancel: 0 runs go on: say which with run="],
    ["t.approve()", "t.approve: 0 held calls fit, want one; held: nothing; say which with step= or run="],
  ])("%s", (body, message) => expect(messageOf(body)).toBe(message));

  test("at the call that led to a Function nobody answers for", () => {
    const report = reportOf('t.send("deploy", {"ok": True})', deploy);
    expect(report.failure?.code).toBe("UnexpectedCall");
    expect(report.failure?.message).toContain('example.com/deploy@v1 with {"app":"shop","revision":"7"}');
    expect(report.failure?.line).toBe(9);
    expect(report.runs[0]?.detail.activities[0]?.state).toBe("queued");
  });

  test("when a filter cannot be decided on what it sends", () => {
    expect(messageOf('t.send("deploy", {})', deploy)).toContain("the filter of trigger shop/deploy fails");
  });

  test("when its own code does, with a traceback and what its runs had come to", () => {
    const report = reportOf('t.start(lambda w, ev: w.sleep(days = 1))\n{}["x"]');
    expect(report.failure?.traceback).toContain("shop_test.star:4:7: in test_it");
    expect(report.runs[0]?.detail.state).toBe("waiting");
  });

  test("when a run still goes on after the time it was given to settle", () => {
    expect(messageOf('t.start(lambda w, ev: w.sleep(days = 2))\nt.settle("1d")')).toContain("still go on");
  });

  test("alone: the next one has a world of its own", () => {
    const reports = reportsOf(`
def test_a(t):
    t.start(lambda w, ev: None)
    fail("no")

def test_b(t):
    assert.eq(t.runs, [])
`);
    expect(Object.values(reports).map(({ failure }) => failure === undefined)).toEqual([false, true]);
  });
});

describe("assert", () => {
  test("is known to tests alone", () => {
    expect(() =>
      reportsOf('load("lib.star", "f")', { files: { "lib.star": "def f():\n    assert.eq(1, 1)\n" } }),
    ).toThrow("undefined: assert");
  });
});
