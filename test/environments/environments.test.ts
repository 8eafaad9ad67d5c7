import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundedDeployment, withDeployment } from "../../src/environments/deployment.ts";
import { freezeFaults, freezeNews, freezesInForce, nextFreezeChange } from "../../src/environments/freeze.ts";
import { matchesGlob } from "../../src/environments/glob.ts";
import { matchesTarget } from "../../src/environments/target.ts";
import type { Deployment } from "../../src/protocol/environment.ts";

describe("globs", () => {
  test("agree with a regular expression that says the same", () => {
    const piece = fc.stringMatching(/^[ab*.]{0,8}$/);
    fc.assert(
      fc.property(piece, fc.stringMatching(/^[ab.]{0,10}$/), (pattern, text) => {
        const source = pattern
          .split("*")
          .map((part) => part.replaceAll(".", "\\."))
          .join("[^]*");
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("take no longer for a hostile pattern", () => {
    expect(matchesGlob(`${"a*".repeat(100)}b`, "a".repeat(20_000))).toBe(false);
  });
});

describe("a target", () => {
  const target = { function: "gitlab.com/cd/*", inputs: { app: "*-production" } };

  test.each([
    ["gitlab.com/cd/reconcile", { app: "shop-production" }, true],
    ["gitlab.com/cd/reconcile", { app: "shop-canary" }, false],
    ["gitlab.com/other/reconcile", { app: "shop-production" }, false],
    ["gitlab.com/cd/reconcile", {}, false],
    ["gitlab.com/cd/reconcile", { app: ["shop-production"] }, false],
    ["gitlab.com/cd/reconcile", { app: "shop-production", more: 1 }, true],
  ])("governs %s with %j: %s", (name, inputs, expected) => {
    expect(matchesTarget(target, { name, inputs })).toBe(expected);
  });

  test("is not fooled by names that every object has", () => {
    expect(matchesTarget({ function: "*", inputs: { toString: "*" } }, { name: "f", inputs: {} })).toBe(
      false,
    );
  });

  test("compares numbers and booleans as text", () => {
    const byReplicas = { function: "*", inputs: { replicas: "3", force: "true" } };
    expect(matchesTarget(byReplicas, { name: "f", inputs: { replicas: 3, force: true } })).toBe(true);
  });
});

describe("freezes", () => {
  const freeze = (name: string, from: number, to: number) => ({
    name,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    reason: "",
  });

  test("that were said to have begun hold until their end, also by a clock that has gone back", () => {
    const [begun, later] = [freeze("a", 1000, 2000), freeze("b", 1500, 2500)];
    const at = (now: number, announced = [begun]) =>
      freezesInForce([begun, later], now, announced).map(({ name }) => name);
    expect([at(999), at(1000), at(1500), at(2000), at(2500)]).toEqual([["a"], ["a"], ["a", "b"], ["b"], []]);
    expect(at(999, [])).toEqual([]);
    // One that begins at another time is another one.
    expect(at(999, [freeze("a", 900, 2000)])).toEqual([]);
    expect(freezesInForce([later], 999, [begun])).toEqual([]);
  });

  test("are in force from their begin up to, but not including, their end", () => {
    const freezes = [freeze("a", 1000, 2000)];
    expect([999, 1000, 1999, 2000].map((now) => freezesInForce(freezes, now).length)).toEqual([0, 1, 1, 0]);
  });

  test("nothing changes between one change and the next", () => {
    const window = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(window, { maxLength: 5 }), fc.integer({ min: 0, max: 100 }), (windows, now) => {
        const freezes = windows.map(([from, length], index) => freeze(String(index), from, from + length));
        const next = nextFreezeChange(freezes, now) ?? 200;
        const before = JSON.stringify(freezesInForce(freezes, now));
        for (let at = now; at < next; at += 1)
          expect(JSON.stringify(freezesInForce(freezes, at))).toBe(before);
        if (next < 200)
          expect(JSON.stringify(freezesInForce(freezes, next))).not.toBe(
            JSON.stringify(freezesInForce(freezes, next - 1)),
          );
      }),
    );
  });

  test("are said to begin and to end in turn, whatever happens to them in between", () => {
    const name = fc.constantFrom("a", "b", "c");
    const change = fc.record({
      at: fc.integer({ min: 0, max: 100 }),
      windows: fc.uniqueArray(
        fc.record({ name, from: fc.integer({ min: 0, max: 50 }), length: fc.nat(50) }),
        {
          selector: (window) => window.name,
        },
      ),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const running = new Set<string>();
        let announced: ReturnType<typeof freeze>[] = [];
        for (const { at, windows } of changes.toSorted((a, b) => a.at - b.at)) {
          const inForce = freezesInForce(
            windows.map((window) => freeze(window.name, window.from, window.from + window.length)),
            at,
          );
          const { began, ended } = freezeNews(announced, inForce);
          for (const one of ended) expect(running.delete(one.name + one.from)).toBe(true);
          for (const one of began) {
            expect(running.has(one.name + one.from)).toBe(false);
            running.add(one.name + one.from);
          }
          expect(running).toEqual(new Set(inForce.map((one) => one.name + one.from)));
          announced = inForce;
        }
      }),
    );
  });

  test("stay the same freeze when they are prolonged or explained", () => {
    const before = freeze("a", 1000, 2000);
    const prolonged = { ...freeze("a", 1000, 3000), reason: "not done yet" };
    expect(freezeNews([before], [prolonged])).toEqual({ began: [], ended: [] });
  });

  test("that end before they begin, or share a name, are pointed at", () => {
    expect(freezeFaults([freeze("a", 2000, 1000), freeze("a", 1, 2)]).map(({ pointer }) => pointer)).toEqual([
      "/freezes/0/to",
      "/freezes/1/name",
    ]);
  });
});

test("deployments in any order end with the newest of each app", () => {
  const deployment = fc.record({
    app: fc.constantFrom("a", "b", "c"),
    at: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(deployment, { selector: ({ at }) => at }), (some) => {
      const all: Deployment[] = some.map(({ app, at }) => ({
        app,
        at,
        revision: `r${at}`,
        function: "f",
        run: "r",
        by: "x",
      }));
      const ends = [all, all.toReversed()].map((order) => order.reduce<Deployment[]>(withDeployment, []));
      expect(ends[0]).toEqual(ends[1]);
      for (const { app, at } of ends[0] ?? []) {
        expect(at).toBe(Math.max(...all.filter((one) => one.app === app).map((one) => one.at)));
      }
    }),
  );
});

test("what a function's inputs say of a deployment is cut to a length an environment can keep", () => {
  const one = { app: "a", revision: "😀".repeat(100_000), function: "f", run: "r", by: "x", at: 1 };
  const { revision, ...rest } = boundedDeployment(one);
  expect(revision).toHaveLength(300);
  expect(revision.isWellFormed()).toBe(true);
  expect({ ...rest, revision: one.revision }).toEqual(one);
});
