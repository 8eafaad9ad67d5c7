/** Scripts that want to take the isolate down: each must end with a clean error, and soon. */
import { expect, test } from "vitest";
import {
  Budget,
  check,
  compile,
  initModule,
  StarlarkError,
  standardModules,
} from "../../src/starlark/index.ts";
import { dialect, longSources, overBudget, refused, runHostile } from "./hostile-scripts.ts";

/** Processor time, so that a busy machine does not count. Most ends need 100 ms once the code is warm; here it is not. */
const PATIENCE_MS = 1_500;

/** Runs something; gives the processor time that it took, in milliseconds. */
function processorTime(action: () => void): number {
  const before = process.threadCpuUsage();
  action();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

test.each(Object.entries(overBudget))("%s ends by its budget", (_name, source) => {
  let error: StarlarkError | undefined;
  const time = processorTime(() => {
    error = runHostile(source);
  });
  expect(error?.code, error?.message).toBe("BudgetExceeded");
  expect(error?.traceback.some(({ file, line }) => file === "hostile.star" && line > 0)).toBe(true);
  expect(time).toBeLessThan(PATIENCE_MS);
});

test.each(Object.entries(refused))("%s is refused", (_name, [source, message]) => {
  let error: StarlarkError | undefined;
  const time = processorTime(() => {
    error = runHostile(source);
  });
  expect(error?.message).toMatch(message);
  expect(time).toBeLessThan(PATIENCE_MS);
});

test.each(Object.entries(longSources))("very many %s take no time to speak of", (_name, source) => {
  const time = processorTime(() => {
    check(source, { file: "long.star" });
    try {
      compile(source, { file: "long.star" });
    } catch (error) {
      expect(error).toBeInstanceOf(StarlarkError);
    }
  });
  expect(time).toBeLessThan(PATIENCE_MS);
});

test("a cycle prints as such", () => {
  expect(runHostile("x = [1]\nx.append(x)\nd = {}\nd['d'] = d\nfail(x, d)")?.message).toBe(
    'fail: [1, [...]] {"d": {...}}',
  );
});

test("a program uses up the same budget every time", () => {
  const source = "x = {}\nfor i in range(1000):\n  x[str(i)] = [i] * i\njson.encode(x)\nsorted(x.keys())";
  const program = compile(source, { file: "twice.star", dialect, predeclared: ["json"] });
  const [first, second] = [1, 2].map(() => {
    const budget = new Budget();
    initModule(program, { predeclared: { json: standardModules.json ?? null }, budget });
    return [budget.stepsUsed, budget.bytesUsed];
  });
  expect(second).toEqual(first);
});
