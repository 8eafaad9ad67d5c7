// How many runs a test may come to, and how many of them its report has.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const limits = { atOnce: 30, inAll: 100 };
const definitions = `
def tick(w, ev):
    pass

def again(w, ev):
    w.continue_as_new()

on_schedule(every = "1m", handler = tick)
on_event(type = "go", handler = again)
on_event(type = "once", handler = tick, name = "once")
`;

describe.each([false, true])("a test of many runs (replayed every time: %s)", (replayEveryTime) => {
  const report = (body: string) => reportOf(body, definitions, { limits, replayEveryTime });

  test("whose run starts over for ever without a wait ends, and says why", () => {
    const { failure } = report('t.advance(minutes = 25)\nt.send("go")');
    expect(failure).toMatchObject({ code: "EndlessRun" });
    expect(failure?.message).toContain("more than 30 runs begin without time passing");
  });

  test("goes on for as long as time passes between them", () => {
    expect(report("t.advance(minutes = 100)\nassert.eq(len(t.runs), 100)").failure).toBeUndefined();
  });

  test("ends where they are too many for one test", () => {
    expect(report("t.advance(minutes = 101)").failure).toMatchObject({ code: "TooManyRuns" });
  });
});

describe("the report of a test", () => {
  const report = (body: string) => reportOf(body, definitions, { limits });

  test("has all of some runs", () => {
    const { runs, runsLeftOut } = report("t.advance(minutes = 20)");
    expect([runs.length, runsLeftOut]).toEqual([20, undefined]);
  });

  test("has the first and the last of many runs, and how many are left out", () => {
    const { runs, runsLeftOut, beganAt } = report("t.advance(minutes = 25)");
    expect(runsLeftOut).toBe(5);
    expect(runs.map(({ detail }) => (detail.createdAt - beganAt) / 60_000)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    ]);
  });

  test("has no run that the end of the test came before", () => {
    const { runs, runsLeftOut } = report('for _ in range(31):\n    t.send("once")');
    expect(runsLeftOut).toBe(10);
    expect(runs.map(({ detail }) => detail.state)).toEqual(Array(20).fill("succeeded"));
  });
});
