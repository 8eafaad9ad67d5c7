import { describe, expect, test } from "vitest";
import {
  Budget,
  collect,
  compile,
  defineBuiltin,
  EvaluationError,
  Fiber,
  initModule,
  makeStruct,
  type Outcome,
  repr,
  StarlarkError,
  StarlarkList,
  type Value,
} from "../../src/starlark/index.ts";

const ask = defineBuiltin("ask", "question", (ctx, question: Value) => ctx.suspend(question));
const attempt = defineBuiltin("attempt", "fn: callable", (ctx, fn: Value) =>
  ctx.attempt(fn, [], [], (outcome: Outcome) =>
    outcome.ok
      ? makeStruct({ ok: true, value: outcome.value })
      : makeStruct({ ok: false, error: outcome.error.message }),
  ),
);
const shout = defineBuiltin("shout", "fn: callable", (ctx, fn: Value) =>
  ctx.call(fn, [], [], (result) => `${String(result)}!`),
);
const each = defineBuiltin("each", "fn: callable, items: iterable", (ctx, fn: Value, items: Value) =>
  ctx.callEach(fn, collect(items, ctx.budget), (results) => new StarlarkList([...results])),
);
const predeclared: Record<string, Value> = { ask, attempt, shout, each };

/** Defines functions and gives the one named `main`. */
function define(source: string): Value {
  const program = compile(source, { file: "test.star", predeclared: Object.keys(predeclared) });
  return initModule(program, { predeclared }).globals.get("main") ?? null;
}

function start(source: string, options: ConstructorParameters<typeof Fiber>[3] = {}): Fiber {
  const fiber = new Fiber(define(source), [], [], options);
  fiber.run();
  return fiber;
}

/** Runs to the end, answering every request with a function of it. */
function finish(fiber: Fiber, answer: (request: unknown) => Value): string {
  let { state } = fiber;
  while (state.kind === "suspended") state = fiber.resume(answer(state.request));
  if (state.kind === "done") return repr(state.value);
  return state.kind === "failed" ? state.error.message : state.kind;
}

describe("a fiber", () => {
  test("hands the request to its host untouched and goes on with the answer", () => {
    const fiber = start("def main(): return ask('a') + ask('b')");
    expect(fiber.state).toEqual({ kind: "suspended", request: "a" });
    expect(fiber.resume(1)).toEqual({ kind: "suspended", request: "b" });
    expect(fiber.resume(2)).toEqual({ kind: "done", value: 3 });
  });

  test("says where it waits", () => {
    const fiber = start("def inner():\n  return ask(1)\n\ndef main():\n  return inner()\n");
    expect(fiber.callStack.map(({ line, column, function: name }) => [line, column, name])).toEqual([
      [5, 15, "main"],
      [2, 13, "inner"],
    ]);
  });

  test("waits inside loops, comprehensions, keys of sorted, arguments and nested calls", () => {
    const source = `
def double(x): return ask(x) * 2
def main():
    total = 0
    for i in range(3):
        for x in [i, ask(i)]:
            total += x
    xs = [ask(x) for x in [1, 2] if ask(x) > 0]
    ys = sorted([3, 1, 2], key = lambda x: -ask(x))
    return total, xs, ys, each(double, [1, 2]), max([1, 5, 2], key = ask)
`;
    expect(finish(start(source), (request) => request as Value)).toBe("(6, [1, 2], [3, 2, 1], [2, 4], 5)");
  });

  test("raises the host's error at the suspended call, with a traceback", () => {
    const fiber = start("def main():\n  x = ask(1)\n  return x\n");
    const state = fiber.fail(new StarlarkError("no answer", { code: "NoAnswer" }));
    expect(state.kind).toBe("failed");
    expect(state.kind === "failed" && state.error.format()).toBe(
      "Traceback (most recent call last):\n  test.star:2:10: in main\n    x = ask(1)\n           ^\n  <builtin>: in ask\nError: no answer",
    );
  });

  test("catches errors in attempt, also those of the host, after any number of suspensions", () => {
    const source = `
def risky():
    ask(1)
    ask(2)
    fail("boom")
def waiting(): return ask(3)
def fine(): return ask(4)
def main(): return [attempt(risky), attempt(waiting), attempt(fine)]
`;
    const fiber = start(source);
    fiber.resume(null);
    fiber.resume(null);
    expect(fiber.state).toEqual({ kind: "suspended", request: 3 });
    fiber.fail(new EvaluationError("from the host"));
    expect(finish(fiber, () => 7)).toBe(
      '[struct(error = "fail: boom", ok = False), struct(error = "from the host", ok = False), struct(ok = True, value = 7)]',
    );
  });

  test("does not let attempt catch a spent budget or an uncatchable error", () => {
    const source = `
def spin():
    for i in range(1000000): pass
def main(): return attempt(spin)
`;
    const fiber = start(source, { budget: new Budget({ maxSteps: 1000 }) });
    expect(fiber.state).toMatchObject({ kind: "failed", error: { code: "BudgetExceeded" } });
    const cancelled = start("def main(): return attempt(lambda: ask(1))");
    const state = cancelled.fail(new StarlarkError("cancelled", { uncatchable: true }));
    expect(state).toMatchObject({ kind: "failed", error: { message: "cancelled" } });
  });

  test("lets a builtin use the result of a Starlark function that waits", () => {
    expect(finish(start("def main(): return shout(lambda: ask('hello'))"), () => "hi")).toBe('"hi!"');
  });

  test("ends iterations however a loop is left", () => {
    const source = `
xs_of = {"xs": None}
def leave(xs, how):
    for x in xs:
        if how == "break": break
        if how == "return": return
        if how == "fail": fail("left")
def main():
    xs = [1, 2, 3]
    leave(xs, "break")
    leave(xs, "return")
    attempt(lambda: leave(xs, "fail"))
    leave(xs, "end")
    xs.append(4)
    return xs
`;
    expect(finish(start(source), () => null)).toBe("[1, 2, 3, 4]");
  });

  test("forbids changing a collection that is being iterated, also while it waits", () => {
    const source = `
def main():
    xs = [1]
    for x in xs:
        ask(x)
        xs.append(2)
`;
    expect(finish(start(source), () => null)).toContain("cannot append to list during iteration");
  });

  test("cannot be moved when it is not suspended", () => {
    const fiber = start("def main(): return 1");
    expect(() => fiber.resume(1)).toThrow("cannot resume a fiber that is done");
    expect(() => fiber.run()).toThrow("cannot run a fiber that is done");
  });

  test("turns a builtin's own fault into an error of the program, with its cause", () => {
    const faulty = defineBuiltin("faulty", "", () => {
      throw new TypeError("oops");
    });
    const state = new Fiber(faulty).run();
    expect(state).toMatchObject({ kind: "failed", error: { code: "InternalError", uncatchable: true } });
  });
});
