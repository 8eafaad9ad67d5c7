// Workflows that between them use every command and take every way to an end, for the properties that must hold of
// all of them. What they do never depends on chance.
import { readFileSync } from "node:fs";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { Operation } from "../../src/protocol/operation.ts";
import type { RunInput } from "../../src/workflow/index.ts";
import { handlerOf, type Script, workflowOf } from "./scripted-host.ts";

const canary = workflowOf(readFileSync(new URL("../../workflows/canary.star", import.meta.url), "utf8"));

const everything = workflowOf(`
def clean(w, what):
    w.run(step = "example.com/clean@v1", inputs = {"what": what})

def flaky(w):
    return w.run(step = "example.com/flaky@v1", retry = {"attempts": 3, "initial": "2s", "factor": 3})

def hopeless(w):
    w.defer(clean, w, "hopeless")
    w.sleep(seconds = 1)
    fail("no way")

def handler(w, ev):
    w.defer(clean, w, "first")
    state = {"started": w.now(), "id": w.uuid(), "chance": w.random(), "seen": []}
    print("run", w.info().commands)
    flaky_result = w.attempt(flaky, w)
    hopeless_result = w.attempt(hopeless, w)
    state["seen"] += [flaky_result.ok, hopeless_result.ok, hopeless_result.error.message]
    w.defer(clean, w, "second")
    for n in range(3):
        out = w.run(step = "builtin://log", inputs = {"n": n}, timeout = "10s")
        state["seen"].append(out["name"])
    got = w.wait_for_event(type = "go", match = {"subject": "shop"}, timeout = "1h")
    late = w.wait_for_event(type = "never", timeout = 5, since = "now")
    w.log("got", got["data"]["n"], late)
    w.run(step = "example.com/held@v2", inputs = {"app": "shop", "revision": "7"}, environment = "production", deadline = "2d")
    for n in range(4):
        w.run(step = "example.com/loop@v1", inputs = {"n": n, "ratio": 1.0}, tags = ["linux"])
    return {"seen": state["seen"], "n": got["data"]["n"], "late": late}

on_event(type = "test", handler = handler)
`);

const asking = workflowOf(`
FIELDS = {"version": {"type": "string", "required": True}, "share": "number", "ring": {"type": "choice", "options": ["a"]}}

def locked(w, n):
    w.defer(lambda: w.run(step = "example.com/clean@v1", inputs = {"n": n}))
    w.sleep(seconds = n)
    if n == 2:
        fail("two")
    return w.lock("inner", lambda: w.form("in lock %d" % n, FIELDS)["share"])

def handler(w, ev):
    first = w.form("first", FIELDS, assignees = ["fay"], timeout = "1h")
    turns = [w.attempt(lambda: w.lock("outer", locked, w, n)) for n in range(3)]
    beside = w.parallel([lambda: w.lock("beside", lambda: w.uuid()) for _ in range(3)])
    late = w.form("ignored", FIELDS, timeout = "5m")
    raced = w.race([lambda: w.lock("raced", lambda: w.sleep(days = 1)), lambda: w.sleep(hours = 1)])
    nested = w.attempt(lambda: w.lock("again", lambda: w.lock("again", lambda: 1)))
    return [first, [t.ok for t in turns], len(beside), late, raced.index, nested.error.code]

on_event(type = "test", handler = handler)
`);

const starting = workflowOf(`
def branch(w, n):
    return w.start("child", {"n": n})

def handler(w, ev):
    beside = w.start("detached", wait = False)
    all = w.parallel([(branch, w, n) for n in range(3)])
    failed = w.attempt(lambda: w.start("broken"))
    refused = w.attempt(lambda: w.start("nobody"))
    w.race([lambda: w.start("slow"), lambda: w.sleep(hours = 1)])
    w.start("forgotten", wait = False, parent_close = "abandon")
    return [len(beside["run"]), all, failed.error.code, refused.error.code]

on_event(type = "test", handler = handler)
`);

const told = workflowOf(`
def wait(w, name):
    return w.wait_for_signal(name)["data"]

def handler(w, ev):
    w.set_status("starting")
    w.set_label("service", "shop")
    first = w.wait_for_signal("go", timeout = "1h")
    w.set_progress(1, 3)
    both = w.parallel([(wait, w, name) for name in ["left", "right"]])
    w.set_output("both", both)
    never = w.wait_for_signal("never", timeout = "5m")
    got = w.select(signals = {"go": "again"}, timers = {"late": "1h"})
    w.set_label("service", None)
    return [first["data"], both, never, got.key]

on_event(type = "test", handler = handler)
`);

const sideBySide = workflowOf(`
def clean(w, what):
    w.run(step = "example.com/clean@v1", inputs = {"what": what})

def region(w, name, seen):
    w.defer(clean, w, name)
    seen.append([name, w.uuid()])
    w.run(step = "example.com/deploy@v1", inputs = {"app": "shop", "revision": name}, environment = name)
    w.sleep(seconds = len(seen))
    seen.append(name)
    return w.run(step = "builtin://log", inputs = {"name": name}, timeout = "10s")["name"]

def broken(w):
    w.sleep(seconds = 2)
    fail("broken")

def handler(w, ev):
    seen = []
    names = w.parallel([(region, w, name, seen) for name in ["eu", "us", "ap"]], limit = 2)
    watch = w.spawn(lambda: w.wait_for_event(type = "go"))
    stopped = w.attempt(lambda: w.parallel(
        [(broken, w), (region, w, "late", seen), lambda: w.wait_for_event(type = "never", timeout = "1d")],
        on_error = "cancel",
    ))
    got = w.select(events = ["never"], timers = {"soon": 30}, tasks = {"watch": watch})
    first = w.race([lambda: w.sleep(days = 1), (region, w, "race", seen), lambda: w.sleep(seconds = 1)])
    w.spawn(region, w, "abandoned", seen)
    w.sleep(seconds = 5)
    return names, stopped.error.message, got.kind, got.key, first.index, [s for s in seen if type(s) == "string"]

on_event(type = "test", handler = handler)
`);

export const corpus: { name: string; workflow: ReturnType<typeof workflowOf>; script: Script }[] = [
  {
    name: "the canary, approved",
    workflow: canary,
    script: {
      event: { data: { service: "shop", version: "1.4.0" } },
      policy: ({ inputs, approvals }) => ({
        verdict: inputs.app === "shop-production" && approvals.length === 0 ? "hold" : "execute",
        environment: inputs.app === "shop-production" ? "production" : "staging",
      }),
      functions: () => ({ ok: { breached: false } }),
    },
  },
  {
    name: "the canary, denied",
    workflow: canary,
    script: {
      event: { data: { service: "shop", version: "1.4.0" } },
      policy: ({ inputs }) => ({ verdict: inputs.app === "shop-production" ? "hold" : "execute" }),
      functions: () => ({ ok: { breached: false } }),
      approve: () => "deny",
    },
  },
  {
    name: "everything at once",
    workflow: everything,
    script: {
      policy: ({ environment, approvals }) => ({
        verdict: environment === "production" && approvals.length < 2 ? "hold" : "execute",
        environment: environment ?? null,
      }),
      sensitiveInputs: (reference) => (reference.includes("held") ? ["revision"] : []),
      functions: (reference, _inputs, attempt) => {
        if (reference.includes("flaky") && attempt === 1) return "lost";
        if (reference.includes("flaky") && attempt < 4)
          return { error: { code: "Flaky", message: "once more" } };
        return { ok: { done: true, ratio: 0.5 } };
      },
      events: ({ type }) => (type === "go" ? { type, subject: "shop", data: { n: 3 } } : undefined),
    },
  },
  {
    name: "side by side",
    workflow: sideBySide,
    script: {
      policy: ({ environment, approvals }) => ({
        verdict: environment === "us" && approvals.length < 1 ? "hold" : "execute",
        environment: environment ?? null,
      }),
      functions: (reference, _inputs, attempt) =>
        reference.includes("deploy") && attempt === 1 ? "lost" : { ok: {} },
      events: ({ type }) => (type === "go" ? { type, subject: "shop", data: { n: 3 } } : undefined),
    },
  },
  {
    name: "told and telling",
    workflow: told,
    script: { signals: (name) => (name === "never" ? undefined : { said: name }) },
  },
  {
    name: "children",
    workflow: starting,
    script: {
      child: ({ subject, data = null }) => {
        if (subject === "broken") return { state: "failed", error: { code: "Broken", message: "broke" } };
        if (subject === "nobody") return { refused: { code: "UnknownWorkflow", message: "nobody" } };
        return subject === "slow" ? "never" : { state: "succeeded", output: data };
      },
    },
  },
  {
    name: "locks and forms",
    workflow: asking,
    script: {
      fill: ({ title }) => (title === "ignored" ? undefined : { version: "1.4", share: 0.25 }),
      policy: () => ({ verdict: "execute" }),
    },
  },
  {
    name: "a failure with cleanup",
    workflow: workflowOf(`
def clean(w):
    w.sleep(seconds = 3)
    w.run(step = "example.com/clean@v1")

def handler(w, ev):
    w.defer(clean, w)
    w.run(step = "example.com/fails@v1")

on_event(type = "test", handler = handler)
`),
    script: {
      functions: (reference) =>
        reference.includes("fails")
          ? { error: { code: "Broken", message: "broke", details: { at: 3 } } }
          : { ok: {} },
    },
  },
  {
    name: "nothing but values",
    workflow: handlerOf(`
      ids = [w.uuid() for _ in range(3)]
      return [len(id) for id in ids] + [w.now() == None]
    `),
    script: {},
  },
  { name: "nothing at all", workflow: handlerOf("pass"), script: {} },
  {
    name: "by hand",
    workflow: handlerOf(`
      skipped = w.wait_for_event(type = "skipped")
      completed = w.run(step = "example.com/never@v1")
      failed = w.attempt(lambda: w.sleep(days = 1)).error.code
      w.run(step = "example.com/flaky@v1", retry = {"attempts": 2, "initial": "1h"})
      w.sleep(seconds = 5)
      w.run(step = "example.com/called-while-paused@v1")
      told = w.lock("taken-away", lambda: w.wait_for_signal("go")["data"])
      return [skipped, completed, failed, told]
    `),
    script: {
      functions: (reference, _inputs, attempt) => {
        if (reference.includes("never")) return "never";
        const isFlaky = reference.includes("flaky") && attempt === 1;
        return isFlaky ? { error: { code: "Flaky", message: "not yet", retryable: true } } : { ok: {} };
      },
      signals: () => 7,
      interventions: [
        byOperator("0#1 wait_for_event skipped", { action: "skip", command: "0#1" }),
        byOperator("0#2 : attempt_started", { action: "complete", command: "0#2", value: { by: "hand" } }),
        byOperator("0#3 sleep", { action: "fail", command: "0#3", code: "Enough", message: "" }),
        byOperator("0#4 : retry_scheduled", { action: "retry" }),
        byOperator("0#5 sleep", { action: "pause" }),
        byOperator("0#6 run example.com/called-while-paused@v1", { action: "resume" }),
        {
          after: "0.1#1 ok",
          input: { type: "lock_revoked", command: "0.1#1" as CommandId, by: "olivia", reason: "needed" },
        },
      ],
    },
  },
  {
    name: "cancelled, and ended in the middle of its cleanup",
    workflow: handlerOf(`
      w.defer(lambda: w.run(step = "example.com/clean@v1"))
      w.defer(lambda: w.sleep(hours = 1))
      w.spawn(lambda: w.wait_for_event(type = "never"))
      w.run(step = "example.com/never@v1")
    `),
    script: {
      functions: (reference) => (reference.includes("never") ? "never" : { ok: {} }),
      interventions: [
        {
          after: "0#1 : attempt_started",
          input: { type: "cancel", by: "carl", reason: "no", terminate: false },
        },
        { after: "0#2 sleep", input: { type: "cancel", by: "carl", reason: "now", terminate: true } },
      ],
    },
  },
  {
    name: "out of time",
    workflow: workflowOf(`
def handler(w, ev):
    w.defer(lambda: w.run(step = "example.com/clean@v1"))
    now = w.now()
    w.sleep_until(now + time.minute)
    far = w.attempt(w.sleep_until, now + 4000 * 24 * time.hour).error.code
    first = w.select(signals = ["never"], timers = {"past": now - time.hour, "late": 60}).key
    w.log(far, first)
    w.parallel([lambda: w.wait_for_signal("never"), lambda: w.sleep_until(now + 24 * time.hour)])

on_event(type = "test", handler = handler, timeout = "2h")
`),
    script: {},
  },
];

function byOperator(after: string, operation: Operation): { after: string; input: RunInput } {
  return { after, input: { type: "operate", by: "olivia", reason: "by hand", operation } };
}
