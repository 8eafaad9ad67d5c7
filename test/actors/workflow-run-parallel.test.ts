// Work side by side in a real run: what fibers do to the outside, and what an eviction leaves of them.
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { script, startRun } from "./run-fixture.ts";

test("a builtin whose fiber has lost a race does nothing, even if it was begun", async () => {
  const run = await startRun(
    script(`
def say(n):
    w.run(step = "builtin://log", inputs = {"message": "branch %d" % n})
    return n

first = w.race([(say, n) for n in range(3)])
return first.index, first.value
`),
  );
  const detail = await run.until("succeeded", "failed");
  expect(detail.output).toEqual([0, 0]);
  expect(await run.logTexts()).toEqual(["branch 0"]);
  expect(detail.activities.map(({ fiber, parent, state }) => [fiber, parent, state])).toEqual([
    ["0.1", "0", "succeeded"],
    ["0.2", "0", "cancelled"],
    ["0.3", "0", "cancelled"],
  ]);
});

test("fibers go on where they were after an eviction, each with what it had", async () => {
  const run = await startRun(
    script(`
seen = []
def branch(n):
    seen.append(n)
    w.sleep(milliseconds = 300 + n)
    seen.append(-n)
    return w.run(step = "builtin://log", inputs = {"message": str(n)}) == {}

w.parallel([(branch, n) for n in range(1, 101)])
return len(seen), sorted(seen) == sorted([n for n in range(-100, 101) if n != 0])
`),
  );
  expect((await run.detail()).state).toBe("waiting");
  await evictDurableObject(run.stub);
  expect((await run.until("succeeded", "failed")).output).toEqual([200, true]);
  expect((await run.logTexts()).length).toBe(100);
});
