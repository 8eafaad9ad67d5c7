// What becomes of an event that was on its way to a wait which ended before it came.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const definitions = `
def race(w, ev):
    return [
        w.select(events = {"x": "x", "y": "y"}, timers = {"late": "1h"}).key,
        w.select(events = {"x": "x", "y": "y"}, timers = {"late": "1h"}).key,
    ]

def fresh(w, ev):
    w.select(events = {"x": "x", "y": "y"})
    return w.wait_for_event(type = "y", since = "now")["data"]

def both(w, ev):
    w.parallel([
        lambda: w.run(step = "builtin://emit", inputs = {"type": "x"}),
        lambda: w.run(step = "builtin://emit", inputs = {"type": "y"}),
    ])
`;

describe.each([false, true])(
  "an event that a wait turned down (replayed every time: %s)",
  (replayEveryTime) => {
    const passes = (body: string) =>
      expect(reportOf(body, definitions, { replayEveryTime }).failure).toBeUndefined();

    test("goes to the next one of the run that it is for", () =>
      passes(`
run = t.start(race)
t.start(both)
assert.eq(run.output, ["x", "y"])`));

    test("goes to none that wants only what comes later", () =>
      passes(`
run = t.start(fresh)
t.start(both)
assert.eq(run.state, "waiting")
t.send("y", 2)
assert.eq(run.output, 2)`));
  },
);
