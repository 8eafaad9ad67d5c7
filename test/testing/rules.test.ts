// What the functions that a test gives to `t.on_run` may do, and which calls a rule is for.
import { describe, expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const definitions = `
def call(w, ev):
    return w.run(step = "example.com/a@v1", inputs = {"target": {"env": "prod", "app": "shop"}})

def boom(inputs):
    fail("boom")
`;

test("a rule for some inputs is for them in whatever order their keys come", () => {
  const body = `
t.on_run("example.com/a", inputs = {"target": {"app": "shop", "env": "prod"}}, holds = True)
assert.eq(t.start(call).state, "waiting")`;
  expect(reportOf(body, definitions).failure).toBeUndefined();
});

describe.each(["returns", "inputs"])("the function of %s=", (parameter) => {
  test("prints to the test", () => {
    const body = `t.on_run("example.com/a", ${parameter} = lambda given: [print(given["target"]["app"]), {}][1])
t.on_run("example.com/b")
t.start(call)`;
    expect(new Set(reportOf(body, definitions).printed)).toEqual(new Set(["shop"]));
  });

  test("has the test's budget", () => {
    const body = `t.on_run("example.com/a", ${parameter} = lambda given: {"n": len([0] * 200000000)})\nt.start(call)`;
    expect(reportOf(body, definitions).failure?.code).toBe("BudgetExceeded");
  });

  test("ends the test with its error, which the test cannot expect", () => {
    const body = `t.on_run("example.com/a", ${parameter} = boom)
assert.fails(lambda: t.start(call), "boom")`;
    expect(reportOf(body, definitions).failure).toMatchObject({ message: "fail: boom", line: 6 });
  });
});

test("a function that returns no outputs ends the test", () => {
  const body =
    't.on_run("example.com/a", returns = lambda i: 1)\nassert.fails(lambda: t.start(call), "want")';
  expect(reportOf(body, definitions).failure?.message).toBe(
    "t.on_run: the function of returns= returned int, want a dict of outputs",
  );
});
