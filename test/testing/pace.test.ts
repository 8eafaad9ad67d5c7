// Triggers that say how fast, and how many at a time, their events start runs.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const modes = [
  { mode: "in memory", replayEveryTime: false },
  { mode: "replayed every time", replayEveryTime: true },
];

describe.each(modes)("a trigger of a test, $mode", (mode) => {
  const passes = (trigger: string, body: string) => {
    const definitions = `
def deploy(w, ev):
    w.defer(lambda: w.sleep(minutes = 1))
    w.sleep(minutes = 10)

def now(w, ev):
    return ev

on_event(type = "go", handler = ${trigger})`;
    const prelude = `
def states():
    return [start.state for start in t.starts]
`;
    expect(reportOf(prelude + body.trim(), definitions, mode).failure).toBeUndefined();
  };

  test.each([
    ["queue", ["started", "queued", "queued"], ["finished", "started", "queued"]],
    ["newest_first", ["started", "queued", "queued"], ["finished", "queued", "started"]],
    ["newest", ["started", "queued", "queued"], ["finished", "superseded", "started"]],
    ["cancel_queued", ["started", "superseded", "queued"], ["finished", "superseded", "started"]],
    ["skip", ["started", "dropped", "dropped"], ["finished", "dropped", "dropped"]],
  ])("with concurrency %s lets the next begin when one is over", (rule, before, after) =>
    passes(
      `deploy, concurrency = concurrency(mode = "${rule}")`,
      `
for _ in range(3):
    t.send("go")
assert.eq(states(), ${JSON.stringify(before)})
t.advance(minutes = 11)
assert.eq(states(), ${JSON.stringify(after)})
t.settle()
assert.eq([run.state for run in t.runs], ["succeeded"] * len(t.runs))`,
    ),
  );

  test("with concurrency cancel_running begins when the one before has cleaned up", () =>
    passes(
      'deploy, concurrency = concurrency(mode = "cancel_running")',
      `
t.send("go")
t.advance(minutes = 2)
assert.eq(t.send("go"), [])
assert.eq(states(), ["started", "queued"])
t.advance(minutes = 1)
assert.eq([run.state for run in t.runs], ["cancelled", "waiting"])
assert.eq(t.runs[0].error.details["by"], "sluice")`,
    ));

  test("with a rate limit begins no more runs than it allows", () =>
    passes(
      'now, rate_limit = rate_limit(2, per = "1h")',
      `
for _ in range(5):
    t.send("go")
assert.eq(len(t.runs), 2)
t.advance(minutes = 59)
assert.eq(len(t.runs), 2)
t.advance(minutes = 1)
assert.eq(len(t.runs), 4)
t.settle()
assert.eq([run.started_at == t.now for run in t.runs], [False] * 4 + [True])`,
    ));

  test("with debounce begins when nothing has come for a while, and says how many events it stands for", () =>
    passes(
      'now, debounce = debounce("5m", max_wait = "12m")',
      `
for n in range(4):
    assert.eq(t.send("go", n), [])
    t.advance(minutes = 4)
assert.eq([(run.event["data"], run.event["sluicemerged"]) for run in t.runs], [(2, 2)], "no longer than it may wait")
t.settle()
assert.eq(t.runs[1].event["data"], 3)`,
    ));

  test("with batch gives its run the events together, when there are enough or it has waited long enough", () =>
    passes(
      'now, batch = batch(max = 2, within = "1h", key = "event.subject")',
      `
t.send("go", 1, subject = "a")
t.send("go", 2, subject = "b")
t.send("go", 3, subject = "a")
assert.eq([[event["data"] for event in run.output] for run in t.runs], [[1, 3]])
t.settle()
assert.eq([event["data"] for event in t.runs[1].output], [2])
assert.eq(t.runs[1].took, 0)`,
    ));

  test("hands its place on to the run that continues one", () =>
    expect(
      reportOf(
        `
t.send("go", 1)
t.send("go", 9)
assert.eq([run.event["data"] for run in t.runs], [1])
t.advance(hours = 1)
assert.eq([run.event["data"] for run in t.runs], [1, 0])
assert.eq([start.state for start in t.starts], ["finished", "queued", "started"])
t.advance(hours = 1)
assert.eq([run.event["data"] for run in t.runs], [1, 0, 9])`,
        `
def again(w, ev):
    w.sleep(hours = 1)
    if ev["data"] == 1:
        w.continue_as_new(0)

on_event(type = "go", handler = again, concurrency = concurrency())`,
        mode,
      ).failure,
    ).toBeUndefined());

  test("fails the test where its key cannot be worked out", () => {
    const { failure } = reportOf(
      't.send("go", {})',
      'def now(w, ev):\n    pass\n\non_event(type = "go", handler = now, concurrency = concurrency(key = "event.data.env"))',
      mode,
    );
    expect(failure?.code).toBe("KeyFailed");
    expect(failure?.message).toContain("a key of trigger shop/now fails on the event go");
  });
});
