// What runs of a test ask of each other by builtin://signal and builtin://cancel.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

const definitions = `
def signal(w, run, name, data = None):
    return w.run("builtin://signal", {"run": run, "name": name, "data": data})

def cancel(w, run, reason = ""):
    return w.run("builtin://cancel", {"run": run, "reason": reason})
`;

/** A workflow whose runs take turns. */
const deploying = (concurrency: string) => `${definitions}
def deploy(w, ev):
    w.sleep(hours = 1)

on_event(type = "deploy", handler = deploy, concurrency = ${concurrency})
`;

describe.each(modes)("a run that signals and cancels others, $mode", (mode) => {
  const passes = (body: string) => expect(reportOf(body, definitions, mode).failure).toBeUndefined();

  test("reaches one that it has started, in its own name, and needs no rule", () =>
    passes(`
def child(w, ev):
    got = w.wait_for_signal("go")
    w.defer(w.log, got["by"], got["data"]["n"])
    w.sleep(days = 1)
t.on_start("child", child)
def parent(w, ev):
    child = w.start("child", wait = False)["run"]
    signal(w, child, "go", {"n": 1})
    w.sleep(hours = 1)
    return cancel(w, child, "enough")
run = t.start(parent)
assert.eq(t.runs[1].waiting_for, "sleeping for 1d")
t.advance(hours = 1)
assert.eq([run.output, t.runs[1].state], [{"run": t.runs[1].id}, "cancelled"])
assert.contains(t.runs[1].error.message, "enough")
assert.contains(t.runs[1].error.message, run.id)
assert.eq(t.runs[1].log, [run.id + " 1"])`));

  test("reaches the run that goes on in the place of another", () =>
    passes(`
def child(w, ev):
    got = w.wait_for_signal("go")["data"]
    if got == "stop":
        return "stopped"
    w.continue_as_new()
t.on_start("child", child)
def parent(w, ev):
    child = w.start("child", wait = False)["run"]
    return [signal(w, child, "go", data)["run"] == child for data in ["a", "b", "stop"]]
run = t.start(parent)
assert.eq(run.output, [True, False, False])
assert.eq([(child.workflow, child.output) for child in t.runs[1:]], [("child", None), ("child", None), ("child", "stopped")])`));

  test("goes through a hundred of those, and is told from where to ask on", () =>
    passes(`
def child(w, ev):
    n = ev["data"] or 0
    if n < 101:
        w.continue_as_new(n + 1)
    return w.wait_for_signal("go")["data"]
t.on_start("child", child)
def parent(w, ev):
    child = w.start("child", wait = False)["run"]
    w.sleep(seconds = 1)
    error = w.attempt(signal, w, child, "go", "on").error
    return [error.code, signal(w, error.details["run"], "go", "on")["run"] == error.details["run"]]
run = t.start(parent)
t.settle()
assert.eq(run.output, ["TooManySuccessors", False])
assert.eq([t.runs[-1].output, len(t.runs)], ["on", 103])`));

  test("may be itself: a signal is kept for it, and a cancellation is one like any other", () =>
    passes(`
def itself(w, ev):
    signal(w, w.info().run, "go", 1)
    got = w.wait_for_signal("go")
    w.defer(w.log, got["by"] == w.info().run, got["data"])
    cancel(w, w.info().run)
run = t.start(itself)
assert.eq([run.state, run.log], ["cancelled", ["True 1"]])`));

  test("hears why it is refused", () =>
    passes(`
t.on_start("child", lambda w, ev: None)
def parent(w, ev):
    over = w.start("child", wait = False)["run"]
    w.sleep(seconds = 1)
    asked = [(signal, over, "go"), (cancel, over), (signal, "run_" + 32 * "0", "go"), (signal, "x", "go")]
    return [w.attempt(fn, w, *args).error.code for fn, args in [(one[0], one[1:]) for one in asked]]
run = t.start(parent)
t.settle()
assert.eq(run.output, ["RunFinished", "RunFinished", "UnknownRun", "InvalidInputs"])`));

  test("is held to the rules of a test like any call", () =>
    passes(`
rule = t.on_run("builtin://signal", rejects = "not today")
run = t.start(lambda w, ev: signal(w, "run_" + 32 * "0", "go"))
assert.eq([run.error.code, rule.count], ["PolicyRejected", 0])`));

  test("takes back a start that waits its turn", () => {
    const flow = deploying("concurrency()");
    const queued = `
t.send("deploy")
t.send("deploy")
waiting = t.starts[1].run
`;
    const report = (body: string) => reportOf(queued + body, flow, mode);
    expect(
      report(`
t.start(lambda w, ev: cancel(w, waiting, "wrong version"))
assert.eq(t.starts[1].state, "cancelled")
assert.contains(t.starts[1].reason, "wrong version")`).failure,
    ).toBeUndefined();
  });

  test("takes a start back that was taken back, and hears why one that never began cannot be asked", () => {
    const flow = deploying('concurrency(mode = "cancel_queued")');
    const body = `
[t.send("deploy") for _ in range(3)]
superseded, waiting = t.starts[1].run, t.starts[2].run
def ask(w, ev):
    twice = [cancel(w, waiting, reason)["run"] == waiting for reason in ["wrong version", "still wrong"]]
    asked = [(signal, waiting), (signal, superseded), (cancel, superseded)]
    return twice, [w.attempt(fn, w, *args).error for fn, args in [(fn, (run, "go")) for fn, run in asked]]
twice, errors = t.start(ask).output
assert.eq(twice, [True, True])
assert.eq([error["code"] for error in errors], 3 * ["UnknownRun"])
assert.contains(errors[0]["message"], "never began, it was cancelled: ")
assert.contains(errors[0]["message"], "wrong version")
assert.contains(errors[1]["message"], "never began, it was superseded: " + waiting)
assert.contains(errors[2]["message"], "never began, it was superseded: " + waiting)
assert.contains(t.starts[2].reason, "wrong version")`;
    expect(reportOf(body, flow, mode).failure).toBeUndefined();
  });

  /** The second of two children waits until the first, which takes an hour, is over. */
  const turns = `${definitions}
def child(w, ev):
    if ev["data"] == 1:
        w.sleep(hours = 1)
        return "slept"
    return w.wait_for_signal("go")["data"]

on_start(child, concurrency = concurrency())

def start(w, n):
    return w.start("shop", n, wait = False)["run"]
`;

  test("is asked again until the run that it signals has begun, and answered at the moment that it has", () => {
    const body = `
def parent(w, ev):
    began = w.now()
    first, second = start(w, 1), start(w, 2)
    sent = signal(w, second, "go", {"n": 1})
    return {"is_reached": sent["run"] == second, "after": (w.now() - began).hours}
run = t.start(parent)
assert.eq([start.state for start in t.starts], ["started", "queued"])
t.advance(minutes = 59)
assert.eq([run.state, len(t.runs)], ["running", 2])
t.settle()
assert.eq(run.output, {"is_reached": True, "after": 1.0})
assert.eq([child.output for child in t.runs[1:]], ["slept", {"n": 1}])`;
    expect(reportOf(body, turns, mode).failure).toBeUndefined();
  });

  test("hears that the run never began where its start is taken back meanwhile", () => {
    const body = `
def parent(w, ev):
    first, second = start(w, 1), start(w, 2)
    asked = w.spawn(lambda: w.attempt(signal, w, second, "go").error)
    w.sleep(minutes = 1)
    cancel(w, second, "wrong version")
    return w.wait(asked)
run = t.start(parent)
t.settle()
assert.eq(run.output["code"], "UnknownRun")
assert.contains(run.output["message"], "never began, it was cancelled: ")
assert.contains(run.output["message"], "wrong version")`;
    expect(reportOf(body, turns, mode).failure).toBeUndefined();
  });

  test("waits no longer than its timeout, and then signals nothing", () => {
    const body = `
def parent(w, ev):
    first, second = start(w, 1), start(w, 2)
    said = {"run": second, "name": "go"}
    failed = w.attempt(w.run, "builtin://signal", said, timeout = "10m").error.code
    w.sleep(days = 1)
    return failed
run = t.start(parent)
t.advance(minutes = 10)
assert.eq(run.waiting_for, "sleeping for 1d")
t.advance(hours = 2)
assert.contains(t.runs[2].waiting_for, "go")
t.settle()
assert.eq(run.output, "Timeout")`;
    expect(reportOf(body, turns, mode).failure).toBeUndefined();
  });
});
