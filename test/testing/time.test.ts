// Moments, and how long runs may take, in the time of a test.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

const definitions = `
def until_six(w, ev):
    w.sleep_until(time.time(year = 2026, month = 1, day = 5, hour = 18, location = "Europe/Berlin"))
    return w.now().unix

def asks(w, ev):
    w.defer(lambda: w.log("tidied up"))
    w.wait_for_signal("answer")

def parent(w, ev):
    return w.attempt(w.start, "asks").error.details["error"]["code"]

on_event(type = "go", handler = asks, timeout = "1h")
on_start(asks, timeout = "90s")
`;

describe.each(modes)("the time of a test, $mode", (mode) => {
  const passes = (body: string) => expect(reportOf(body.trim(), definitions, mode).failure).toBeUndefined();

  test("passes to the moment until which a run sleeps", () =>
    passes(`
run = t.start(until_six)
assert.eq(run.waiting_for, "sleeping until 2026-01-05T17:00:00.000Z")
t.settle()
assert.eq((run.took, run.output), (8 * 3600, t.now.unix))
again = t.start(until_six)
assert.eq((again.state, again.took), ("succeeded", 0))`));

  test("is over for a run that takes longer than its trigger lets it", () =>
    passes(`
[run] = t.send("go")
t.advance(minutes = 59)
assert.eq(run.state, "waiting")
t.advance(minutes = 1)
assert.eq((run.state, run.error.code, run.log), ("failed", "RunTimedOut", ["tidied up"]))`));

  test("is that of on_start for a run that is started by hand, and nobody's where it is said to be an event's", () =>
    passes(`
run = t.start(asks)
free = t.start(asks, type = "go")
t.settle()
assert.eq((run.error.code, run.took, free.state), ("RunTimedOut", 90, "waiting"))`));

  test("is over for a child, which its parent hears", () =>
    passes(`
t.on_start("asks", asks)
run = t.start(parent)
t.settle()
assert.eq((run.output, run.took), ("RunTimedOut", 90))`));
});
