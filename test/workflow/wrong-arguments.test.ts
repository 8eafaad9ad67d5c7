// What every function of `w` says to arguments that are wrong: the function, the parameter, what was given, what is
// wanted.
import { describe, expect, it } from "vitest";
import { surface } from "../../src/workflow/surface/surface.ts";
import { handlerOf, ScriptedHost } from "./scripted-host.ts";

/** Calls by function. What is said of them is in __snapshots__/wrong-arguments.txt. */
const wrong: Record<string, string[]> = {
  run: [
    "w.run(1)",
    'w.run("no reference")',
    'w.run("example.com/f@v1", [1])',
    'w.run("example.com/f@v1", {"f": len})',
    'w.run("example.com/f@v1", {1: 2})',
    'w.run("example.com/f@v1", {"a": 1}, sensitive = "a")',
    'w.run("example.com/f@v1", {"a": 1}, sensitive = [1])',
    'w.run("example.com/f@v1", {"a": 1}, sensitive = ["b"])',
    'w.run("example.com/f@v1", environment = 1)',
    'w.run("example.com/f@v1", retry = "often")',
    'w.run("example.com/f@v1", retry = {"attempts": 0})',
    'w.run("example.com/f@v1", retry = {"attemps": 2})',
    'w.run("example.com/f@v1", retry = {"initial": []})',
    'w.run("example.com/f@v1", retry = {"factor": "2"})',
    'w.run("example.com/f@v1", retry = {"final": "Broken"})',
    'w.run("example.com/f@v1", retry = {"final": [1]})',
    'w.run("example.com/f@v1", timeout = "soon")',
    'w.run("example.com/f@v1", deadline = [1])',
    'w.run("example.com/f@v1", tags = "linux")',
    'w.run("example.com/f@v1", tags = [1])',
    'w.run("example.com/f@v1", tags = [""])',
    'w.run("example.com/f@v1", timout = 1)',
  ],
  sleep: [
    "w.sleep()",
    "w.sleep(5)",
    'w.sleep(minutes = "5")',
    "w.sleep(minutes = -1)",
    "w.sleep(days = 4000)",
  ],
  sleep_until: [
    "w.sleep_until()",
    'w.sleep_until("2030-01-01T00:00:00Z")',
    "w.sleep_until(None)",
    "w.sleep_until(time.hour)",
    "w.sleep_until(time.from_timestamp(10000000000))",
  ],
  wait_for_event: [
    "w.wait_for_event(1)",
    'w.wait_for_event("")',
    'w.wait_for_event("go", filter = 1)',
    'w.wait_for_event("go", match = "a")',
    'w.wait_for_event("go", match = {"a": len})',
    'w.wait_for_event("go", timeout = {})',
    'w.wait_for_event("go", since = "yesterday")',
  ],
  wait_for_signal: [
    "w.wait_for_signal(1)",
    'w.wait_for_signal("not a name")',
    'w.wait_for_signal("go", timeout = True)',
  ],
  start: [
    "w.start(1)",
    'w.start("not a name")',
    'w.start("smoke", len)',
    'w.start("smoke", {"a": 1}, sensitive = ["b"])',
    'w.start("smoke", id = 1)',
    'w.start("smoke", id = "two words")',
    'w.start("smoke", wait = "no")',
    'w.start("smoke", parent_close = "ignore")',
  ],
  form: [
    'w.form(1, {"a": "text"})',
    'w.form("", {"a": "text"})',
    'w.form("t", ["a"])',
    'w.form("t", {"a": 1})',
    'w.form("t", {"a": "texts"})',
    'w.form("t", {"a": {"type": "text", "requird": True}})',
    'w.form("t", {"a": "text"}, description = 1)',
    'w.form("t", {"a": "text"}, assignees = "alice")',
    'w.form("t", {"a": "text"}, assignees = [])',
    'w.form("t", {"a": "text"}, assignees = ["alice", 1])',
    'w.form("t", {"a": "text"}, timeout = "x")',
  ],
  lock: [
    "w.lock(1, len)",
    'w.lock("", len)',
    'w.lock("prod", 1)',
    'w.lock("prod", len, [], limit = 0)',
    'w.lock("prod", len, [], limit = "2")',
    'w.lock("prod", len, [], timeout = "x")',
  ],
  set_status: ["w.set_status(1)"],
  set_label: [
    'w.set_label(1, "a")',
    'w.set_label("not a name", "a")',
    'w.set_label("a", 1)',
    'w.set_label("a", "x" * 1000)',
  ],
  set_progress: ['w.set_progress("half")', "w.set_progress(-1)", 'w.set_progress(1, "2")'],
  set_output: ["w.set_output(1, 2)", 'w.set_output("not a name", 2)', 'w.set_output("a", len)'],
  now: ["w.now(1)"],
  uuid: ["w.uuid(1)"],
  random: ["w.random(1)"],
  info: ["w.info(1)"],
  parallel: [
    "w.parallel(1)",
    "w.parallel([1])",
    "w.parallel([lambda: 1, (1, 2)])",
    "w.parallel([lambda: 1], limit = 0)",
    'w.parallel([lambda: 1], limit = "2")',
    'w.parallel([lambda: 1], on_error = "stop")',
    "w.parallel([lambda: 1], on_error = 1)",
  ],
  spawn: ["w.spawn(1)"],
  wait: ["w.wait(1)", "w.wait([1])", "w.wait([w.spawn(lambda: 1), None])", 'w.wait([], on_error = "x")'],
  race: ["w.race(1)", "w.race([])", "w.race([None])"],
  select: [
    "w.select()",
    "w.select({})",
    "w.select(events = 1)",
    'w.select(events = {"done": 1})',
    'w.select(events = {"done": {"typ": "go"}})',
    'w.select(events = {"done": {1: "go"}})',
    'w.select(events = {"done": {"filter": "a"}})',
    'w.select(events = {"done": {"type": 1}})',
    'w.select(events = {"done": {"type": "go", "match": 1}})',
    'w.select(events = {"done": {"type": "go", "filter": 1}})',
    'w.select(events = {"done": {"type": "go", "since": "then"}})',
    'w.select(events = {("a", 1): ""})',
    "w.select(events = [None])",
    "w.select(timers = 1)",
    'w.select(timers = {"late": "soon"})',
    'w.select(timers = {"late": None})',
    'w.select(timers = {"late": -1})',
    'w.select(tasks = {"t": lambda: 1})',
    "w.select(tasks = 1)",
    "w.select(signals = {1: 2})",
    'w.select(signals = ["not a name"])',
  ],
  attempt: ["w.attempt()", "w.attempt(1)"],
  defer: ["w.defer(1)"],
  continue_as_new: ["w.continue_as_new(len)", "w.continue_as_new(1, 2)"],
};

/** Takes whatever it is given. */
const lenient = ["log"];

function errorOf(call: string): { code: string; message: string } | undefined {
  const host = new ScriptedHost(handlerOf(call), { builtins: () => "never", functions: () => "never" });
  host.feed({ type: "start" });
  host.settle();
  const { error } = host.machine.ending();
  return error && { code: error.code, message: error.message };
}

describe("what is wrong with a call", () => {
  it("is looked for here of every function of w", () => {
    const names = surface.workflowObject.map(({ name }) => name.replace("w.", ""));
    expect([...Object.keys(wrong), ...lenient].sort()).toEqual(names.sort());
  });

  it("says which function, where in the call, what was given and what is wanted", async () => {
    const said = Object.entries(wrong).flatMap(([name, calls]) =>
      calls.map((call) => {
        const error = errorOf(call);
        expect(error?.message, call).toMatch(new RegExp(`^${name}: `));
        return `${call}\n    ${error?.code}: ${error?.message}\n`;
      }),
    );
    await expect(said.join("")).toMatchFileSnapshot("./__snapshots__/wrong-arguments.txt");
  });
});
