import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalOutcome, saysCancelled } from "../../src/jobs/outcome.ts";
import { choosePoll, firstOf, laneKey, placeOf, servesLane } from "../../src/jobs/queue.ts";

const tags = fc.uniqueArray(fc.constantFrom("linux", "arm64", "gpu", "eu"), { maxLength: 4 });

describe("lanes", () => {
  it("are the same for the same tags in any order and number", () => {
    fc.assert(
      fc.property(tags, (set) => {
        expect(laneKey([...set].reverse().concat(set))).toBe(laneKey(set));
      }),
    );
  });

  it("are served by runners that have all of their tags", () => {
    fc.assert(
      fc.property(tags, tags, (runner, lane) => {
        const missing = lane.filter((tag) => !runner.includes(tag));
        expect(servesLane(runner, lane)).toBe(missing.length === 0);
      }),
    );
  });

  it("give the job that is first of their heads, and of equals the one that arrived first", () => {
    const [a, b, c] = [
      { place: 5, seq: 7 },
      { place: 5, seq: 3 },
      { place: 9, seq: 1 },
    ];
    expect(firstOf([a, b, c])).toBe(b);
    expect(firstOf([])).toBeUndefined();
  });
});

describe("a job's place", () => {
  const minute = 60_000;
  const job = fc.record({
    queuedAt: fc.integer({ min: 0, max: 10_000 * minute }),
    priority: fc.integer({ min: -1000, max: 1000 }),
  });

  it("is before those of lower priority that came with it, and before those of its own that came later", () => {
    fc.assert(
      fc.property(job, fc.integer({ min: 1, max: 2000 }), (one, less) => {
        expect(placeOf(one)).toBeLessThan(placeOf({ ...one, priority: one.priority - less }));
        expect(placeOf(one)).toBeLessThan(placeOf({ ...one, queuedAt: one.queuedAt + less }));
      }),
    );
  });

  it("is before whatever comes so many minutes later as it has points less", () => {
    fc.assert(
      fc.property(job, job, (one, other) => {
        const late = one.queuedAt + Math.max(other.priority - one.priority, 0) * minute + 1;
        expect(placeOf(one)).toBeLessThan(placeOf({ ...other, queuedAt: late }));
      }),
    );
  });
});

describe("the poll that gets a job", () => {
  const poll = (name: string, askedAt: number, ...its: string[]) => ({ name, askedAt, tags: its });

  it("is of a runner with all the tags", () => {
    expect(choosePoll([poll("a", 1), poll("b", 2, "gpu")], ["gpu"], () => 0)?.name).toBe("b");
    expect(choosePoll([poll("a", 1)], ["gpu"], () => 0)).toBeUndefined();
  });

  it("is of the least busy runner, and of equally busy ones the latest", () => {
    const busy = (it: { name: string }) => (it.name === "late" ? 2 : 1);
    expect(choosePoll([poll("early", 1), poll("middle", 2), poll("late", 3)], [], busy)?.name).toBe("middle");
  });
});

describe("outcomes", () => {
  it("are the same whatever the order of their keys, and differ by any value", () => {
    const one = { ok: { a: 1, b: { c: [1, { d: 2, e: 3 }] } } };
    const two = { ok: { b: { c: [1, { e: 3, d: 2 }] }, a: 1 } };
    expect(canonicalOutcome(one)).toBe(canonicalOutcome(two));
    expect(canonicalOutcome({ ok: { a: [2, 1] } })).not.toBe(canonicalOutcome({ ok: { a: [1, 2] } }));
    expect(canonicalOutcome({ ok: {} })).not.toBe(canonicalOutcome({ error: { code: "X", message: "" } }));
  });

  it("say that they are a cancellation by their code", () => {
    expect(saysCancelled({ error: { code: "Cancelled", message: "" } })).toBe(true);
    expect(saysCancelled({ ok: { code: "Cancelled" } })).toBe(false);
  });
});
