import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Holder, isAtRest, newestOf, settle, type Waiting } from "../../src/events/places.ts";
import { type ConcurrencyMode, concurrencyModes } from "../../src/protocol/flow-control.ts";
import type { RunId } from "../../src/protocol/ids.ts";

const run = (n: number) => `run_${n}` as RunId;

function waiting(n: number, mode: ConcurrencyMode, overrides: Partial<Waiting> = {}): Waiting {
  return { run: run(n), arrival: n, priority: 0, rule: { mode, limit: 1 }, ...overrides };
}

const holder = (n: number, isCancelled = false): Holder => ({ run: run(n), arrival: n, isCancelled });

describe("a place", () => {
  it("that is free is taken at once, in every mode", () => {
    for (const mode of concurrencyModes) {
      expect(settle([waiting(1, mode)], [])).toEqual({ start: [run(1)], drop: [], cancel: [] });
    }
  });

  it.each<[ConcurrencyMode, ReturnType<typeof settle>]>([
    ["queue", { start: [], drop: [], cancel: [] }],
    ["newest_first", { start: [], drop: [], cancel: [] }],
    ["newest", { start: [], drop: [], cancel: [] }],
    ["cancel_queued", { start: [], drop: [{ run: run(2), inFavourOf: run(3) }], cancel: [] }],
    ["cancel_running", { start: [], drop: [{ run: run(2), inFavourOf: run(3) }], cancel: [run(1)] }],
    ["skip", { start: [], drop: [{ run: run(2) }, { run: run(3) }], cancel: [] }],
  ])("that is taken makes newcomers of mode %s do what the mode says", (mode, expected) => {
    const settled = settle([waiting(2, mode), waiting(3, mode)], [holder(1)]);
    expect({ ...settled, drop: settled.drop.toSorted((a, b) => (a.run < b.run ? -1 : 1)) }).toEqual(expected);
  });

  it.each<[ConcurrencyMode, number, number[]]>([
    ["queue", 2, []],
    ["newest_first", 4, []],
    ["newest", 4, [2, 3]],
  ])("that gets free goes, in mode %s, to %i, and drops %j", (mode, next, dropped) => {
    const settled = settle(
      [2, 3, 4].map((n) => waiting(n, mode)),
      [],
    );
    expect(settled.start).toEqual([run(next)]);
    expect(settled.drop).toEqual(dropped.map((n) => ({ run: run(n), inFavourOf: run(4) })));
  });

  it("goes to higher priority first", () => {
    const settled = settle([waiting(1, "queue"), waiting(2, "queue", { priority: 5 })], []);
    expect(settled.start).toEqual([run(2)]);
  });

  it("is not taken from a run that is ending already", () => {
    expect(settle([waiting(3, "cancel_running")], [holder(1, true)]).cancel).toEqual([]);
  });

  it("is not taken from a newer run, which may have been started just before", () => {
    const first = { rule: { mode: "queue", limit: 1 } } as const;
    const settled = settle([waiting(1, "cancel_running"), waiting(2, "queue", first)], []);
    expect(settled).toEqual({ start: [run(1)], drop: [], cancel: [] });
    const hurried = waiting(2, "queue", { ...first, priority: 5 });
    expect(settle([waiting(1, "cancel_running"), hurried], [])).toEqual({
      start: [run(2)],
      drop: [],
      cancel: [],
    });
    expect(settle([waiting(1, "cancel_running")], [holder(2)]).cancel).toEqual([]);
  });

  it("is only taken from as many as needed, the oldest", () => {
    const rule = { mode: "cancel_running", limit: 3 } as const;
    const settled = settle([waiting(9, "cancel_running", { rule })], [holder(2), holder(1), holder(3)]);
    expect(settled.cancel).toEqual([run(1)]);
  });
});

// One group, as the bus keeps it: starts come, runs end, places are settled after each.
type Step =
  | { type: "come"; mode: ConcurrencyMode; limit: number; priority: number }
  | { type: "end"; pick: number };

const steps = (mode: fc.Arbitrary<ConcurrencyMode>, limit: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        type: fc.constant("come" as const),
        mode,
        limit,
        priority: fc.constantFrom(0, 0, 0, 5),
      }),
      fc.record({ type: fc.constant("end" as const), pick: fc.nat(100) }),
    ),
    { maxLength: 60 },
  );

class Group {
  waiting: Waiting[] = [];
  holders: Holder[] = [];
  started: Waiting[] = [];
  dropped = new Map<RunId, RunId | undefined>();
  #count = 0;

  step(step: Step): void {
    if (step.type === "come") {
      this.#count += 1;
      const { mode, limit, priority } = step;
      this.waiting.push(waiting(this.#count, mode, { rule: { mode, limit }, priority }));
    } else if (this.holders.length > 0) {
      this.holders.splice(step.pick % this.holders.length, 1);
    } else return;
    this.settle();
  }

  settle(): void {
    const { start, drop, cancel } = settle(this.waiting, this.holders);
    for (const id of cancel) {
      const held = this.holders.find((one) => one.run === id);
      expect(held?.isCancelled).toBe(false);
      if (held) held.isCancelled = true;
    }
    for (const { run: id, inFavourOf } of drop) {
      expect(this.waiting.map((one) => one.run)).toContain(id);
      expect(start).not.toContain(id);
      this.dropped.set(id, inFavourOf);
      this.waiting = this.waiting.filter((one) => one.run !== id);
    }
    for (const id of start) {
      const begun = this.waiting.find((one) => one.run === id);
      if (!begun) throw new Error(`${id} starts, and does not wait`);
      this.waiting = this.waiting.filter((one) => one !== begun);
      this.started.push(begun);
      this.holders.push({ run: id, arrival: begun.arrival, isCancelled: false });
    }
  }
}

describe("a group", () => {
  it("never has more runs than its limit, and nothing waits while a place is free", () => {
    const limits = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(
        limits.chain((limit) =>
          steps(fc.constantFrom(...concurrencyModes), fc.constant(limit)).map((list) => ({ limit, list })),
        ),
        ({ limit, list }) => {
          const group = new Group();
          for (const step of list) {
            group.step(step);
            expect(group.holders.length).toBeLessThanOrEqual(limit);
            if (group.waiting.length > 0) expect(group.holders.length).toBe(limit);
            // Once is enough: looking again finds nothing to do.
            expect(settle(group.waiting, group.holders)).toEqual({ start: [], drop: [], cancel: [] });
            // The order in which rows are read decides nothing.
            expect(settle(group.waiting.toReversed(), group.holders.toReversed()).start).toEqual([]);
          }
        },
      ),
    );
  });

  it("that is at rest by its newest alone has nothing to settle, whoever else waits", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            mode: fc.constantFrom(...concurrencyModes),
            priority: fc.nat(3),
            limit: fc.integer({ min: 1, max: 3 }),
          }),
          {
            maxLength: 6,
          },
        ),
        fc.nat(3),
        (list, held) => {
          const members = list.map(({ mode, limit, priority }, n) =>
            waiting(n, mode, { priority, rule: { mode, limit } }),
          );
          const holders = Array.from({ length: held }, (_, n) => holder(100 + n));
          fc.pre(isAtRest(newestOf(members), held));
          expect(settle(members, holders)).toEqual({ start: [], drop: [], cancel: [] });
        },
      ),
    );
  });

  it("settles the same in whatever order its members are read", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ mode: fc.constantFrom(...concurrencyModes), priority: fc.nat(3), arrival: fc.nat(5) }),
          { maxLength: 6 },
        ),
        fc.nat(2),
        fc.integer(),
        (list, held, seed) => {
          const members = list.map(({ mode, ...rest }, n) =>
            waiting(n, mode, { ...rest, rule: { mode, limit: 2 } }),
          );
          const holders = Array.from({ length: held }, (_, n) => holder(100 + n));
          const shuffled = members.toSorted(
            (a, b) =>
              ((a.arrival * 31 + Number(a.run.slice(4)) * seed) % 7) -
              ((b.arrival * 31 + Number(b.run.slice(4)) * seed) % 7),
          );
          const normal = ({ start, drop, cancel }: ReturnType<typeof settle>) => ({
            start,
            drop: drop.toSorted((a, b) => (a.run < b.run ? -1 : 1)),
            cancel,
          });
          expect(normal(settle(shuffled, holders))).toEqual(normal(settle(members, holders)));
        },
      ),
    );
  });

  it("in mode queue starts everything, in order of priority and arrival", () => {
    fc.assert(
      fc.property(steps(fc.constant("queue"), fc.constant(1)), (list) => {
        const group = new Group();
        for (const step of list) {
          const before = [...group.waiting];
          const begun = group.started.length;
          group.step(step);
          const next = group.started[begun];
          // Nobody is overtaken but by higher priority.
          for (const one of next ? before : []) {
            if (one === next || !next) continue;
            expect(
              next.priority > one.priority || (next.priority === one.priority && next.arrival < one.arrival),
            ).toBe(true);
          }
        }
        const comers = list.filter(({ type }) => type === "come").length;
        while (group.holders.length > 0) group.step({ type: "end", pick: 0 });
        expect(group.started).toHaveLength(comers);
        expect(group.dropped.size).toBe(0);
      }),
    );
  });

  it.each(["newest", "cancel_queued", "cancel_running"] as const)(
    "in mode %s runs the newest in the end, and drops only for something newer",
    (mode) => {
      fc.assert(
        fc.property(steps(fc.constant(mode), fc.constant(1)), (list) => {
          const group = new Group();
          const even = list.map((step) => (step.type === "come" ? { ...step, priority: 0 } : step));
          for (const step of even) {
            group.step(step);
            if (mode !== "newest") expect(group.waiting.length).toBeLessThanOrEqual(1);
            if (mode === "cancel_running" && group.waiting.length > 0) {
              expect(group.holders.every(({ isCancelled }) => isCancelled)).toBe(true);
            }
          }
          while (group.holders.length > 0) group.step({ type: "end", pick: 0 });
          const comers = even.filter(({ type }) => type === "come").length;
          if (comers > 0) expect(group.started.at(-1)?.arrival).toBe(comers);
          for (const [dropped, inFavourOf] of group.dropped) {
            expect(Number(inFavourOf?.slice(4))).toBeGreaterThan(Number(dropped.slice(4)));
          }
          expect(group.started.length + group.dropped.size).toBe(comers);
        }),
      );
    },
  );

  it("in mode skip never lets anything wait", () => {
    fc.assert(
      fc.property(steps(fc.constant("skip"), fc.integer({ min: 1, max: 3 })), (list) => {
        const group = new Group();
        for (const step of list) {
          group.step(step);
          expect(group.waiting).toEqual([]);
        }
      }),
    );
  });
});
