import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import migrations from "../../migrations/workflow-run/migrations.js";
import { Alarm } from "../../src/storage/alarm.ts";
import { handleAlarm } from "../../src/storage/alarm-handler.ts";
import { type Message, Outbox } from "../../src/storage/outbox.ts";
import { RowTooLarge } from "../../src/storage/row-size.ts";
import { Timers } from "../../src/storage/timers.ts";

/** Far from now, so that the platform never fires these alarms by itself: tests fire them. */
const START = Date.UTC(2090, 0, 1);

// Failures on purpose: what the outbox and the timers report of them is for operators.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));

interface Actor {
  storage: DurableObjectStorage;
  clock: { now: number };
  /** Everything that reached a receiver, in order. */
  received: string[];
  /** What `deliver` does with a message before it counts as received. */
  receive: { with: (message: Message) => unknown };
  outbox: Outbox;
  timers: Timers;
  transaction: Alarm["transaction"];
  /** The object as it is after an eviction or a crash: same storage, empty memory. */
  restarted: () => Actor;
  alarm: (onTimer?: (id: string) => void | Promise<void>) => Promise<void>;
  rows: () => number;
}

const label = ({ receiver, method, args }: Message) => `${receiver}.${method}(${args.join()})`;

function actor(storage: DurableObjectStorage, shared?: Pick<Actor, "clock" | "received" | "receive">): Actor {
  const { clock, received, receive } = shared ?? {
    clock: { now: START },
    received: [],
    receive: { with: () => undefined },
  };
  const now = () => clock.now;
  const alarm = new Alarm(storage);
  const timers = new Timers(storage.sql, alarm);
  const outbox = new Outbox({
    sql: storage.sql,
    alarm,
    now,
    deliver: async (message) => {
      const answer = await receive.with(message);
      received.push(label(message));
      return answer;
    },
  });
  return {
    storage,
    clock,
    received,
    receive,
    outbox,
    timers,
    transaction: (write) => alarm.transaction(write),
    restarted: () => actor(storage, { clock, received, receive }),
    alarm: (onTimer = () => {}) =>
      handleAlarm({ alarm, timers, outbox, now, onTimer: (timer) => onTimer(timer.id) }),
    rows: () => storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM outbox").one().n,
  };
}

/** Runs `body` inside an object of its own that has nothing but the shared tables. */
async function inActor(body: (actor: Actor) => Promise<void>): Promise<void> {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, state) => {
    await migrate(drizzle(state.storage), migrations);
    await body(actor(state.storage));
    await state.storage.deleteAlarm();
  });
}

const to = (receiver: string, n: number): Message => ({ receiver, method: "take", args: [n] });

/** A gate that `open` opens; `wait` resolves then. */
function gate(): { wait: Promise<void>; open: () => void } {
  let open = () => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

describe("the outbox", () => {
  test("delivers to each receiver in the order of writing, and forgets what was answered", () =>
    inActor(async (actor) => {
      for (let n = 1; n <= 20; n += 1) actor.outbox.add(to(`run/${n % 3}`, n));
      await actor.outbox.flush();
      for (const receiver of ["run/0", "run/1", "run/2"]) {
        const numbers = actor.received
          .filter((text) => text.startsWith(receiver))
          .map((text) => /\d+(?=\))/.exec(text)?.[0]);
        expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a) - Number(b)));
      }
      expect(actor.received).toHaveLength(20);
      expect(actor.outbox.settle()).toBeUndefined();
      expect(actor.rows()).toBe(0);
    }));

  test("an answered message is not sent again while its row waits to be deleted with the next write", () =>
    inActor(async (actor) => {
      actor.outbox.add(to("run/a", 1));
      await actor.outbox.flush();
      expect(actor.rows()).toBe(1);
      await actor.outbox.flush();
      actor.outbox.add(to("run/a", 2));
      expect(actor.rows()).toBe(1);
      await actor.outbox.flush();
      expect(actor.received).toEqual(["run/a.take(1)", "run/a.take(2)"]);
      actor.clock.now = (await actor.storage.getAlarm()) ?? Number.NaN;
      await actor.alarm();
      expect(actor.rows()).toBe(0);
      expect(await actor.storage.getAlarm()).toBeNull();
      expect(actor.received).toHaveLength(2);
    }));

  test("a receiver that does not answer in thirty seconds is asked again, and its late answer changes nothing", () =>
    inActor(async (actor) => {
      const hang = gate();
      let calls = 0;
      actor.receive.with = () => {
        calls += 1;
        return calls === 1 ? hang.wait : undefined;
      };
      actor.outbox.add(to("run/a", 1));
      void actor.outbox.flush();
      for (let wakes = 0; calls < 2 && wakes < 10; wakes += 1) {
        actor.clock.now = (await actor.storage.getAlarm()) ?? Number.NaN;
        await actor.alarm();
      }
      expect(actor.clock.now - START).toBeGreaterThanOrEqual(30_000);
      expect(actor.clock.now - START).toBeLessThan(40_000);
      await actor.outbox.flush();
      hang.open();
      await hang.wait;
      expect(actor.outbox.settle()).toBeUndefined();
      expect(actor.rows()).toBe(0);
    }));

  test("a message added while its receiver is being served is delivered without another flush", () =>
    inActor(async (actor) => {
      const slow = gate();
      actor.receive.with = () => slow.wait;
      actor.outbox.add(to("run/a", 1));
      const flushed = actor.outbox.flush();
      actor.outbox.add(to("run/a", 2));
      slow.open();
      await flushed;
      expect(actor.received).toEqual(["run/a.take(1)", "run/a.take(2)"]);
    }));

  test("a failing message holds up the younger ones of its receiver and nobody else's", () =>
    inActor(async (actor) => {
      actor.receive.with = ({ receiver, args }) => {
        if (receiver === "run/a" && args[0] === 1) throw new Error("not now");
      };
      for (const n of [1, 2, 3]) actor.outbox.add(to("run/a", n));
      actor.outbox.add(to("run/b", 4));
      await actor.outbox.flush();
      expect(actor.received).toEqual(["run/b.take(4)"]);

      actor.receive.with = () => undefined;
      await actor.outbox.flushDue();
      expect(actor.received).toEqual(["run/b.take(4)"]);
      actor.clock.now = actor.outbox.settle() ?? Number.NaN;
      await actor.alarm();
      expect(actor.received.slice(1)).toEqual(["run/a.take(1)", "run/a.take(2)", "run/a.take(3)"]);
    }));

  test("while a message waits for its next attempt, the alarm waits with it", () =>
    inActor(async (actor) => {
      actor.receive.with = () => {
        throw new Error("not now");
      };
      actor.outbox.add(to("run/a", 1));
      actor.outbox.add(to("run/a", 2));
      for (let attempt = 0; attempt < 5; attempt += 1) {
        await actor.alarm();
        const armed = await actor.storage.getAlarm();
        // Message 2 is due, yet it must not make the alarm fire again and again.
        expect(armed).toBeGreaterThan(actor.clock.now);
        actor.clock.now = armed ?? Number.NaN;
      }
    }));

  test("an alarm that was armed in a transaction that was rolled back is not relied on", () =>
    inActor(async (actor) => {
      const failing = () =>
        actor.transaction(() => {
          actor.timers.set({ id: "early", kind: "test", dueAt: START + 10_000, data: null });
          throw new Error("does not fit");
        });
      expect(failing).toThrow("does not fit");
      expect(await actor.storage.getAlarm()).toBeNull();
      actor.timers.set({ id: "late", kind: "test", dueAt: START + 20_000, data: null });
      expect(await actor.storage.getAlarm()).toBe(START + 20_000);
    }));

  test("what is sent with the commit needs no alarm before it could have failed", () =>
    inActor(async (actor) => {
      actor.outbox.add(to("run/a", 1));
      expect(await actor.storage.getAlarm()).toBeGreaterThan(START);
      const after = actor.restarted();
      after.clock.now += 1;
      after.outbox.add(to("run/b", 2));
      // What the dead instance left behind is due already.
      expect(await after.storage.getAlarm()).toBe(START);
      await after.outbox.flush();
    }));

  test("what was written before a crash is delivered by the alarm after it", () =>
    inActor(async (actor) => {
      actor.outbox.add(to("run/a", 1));
      actor.outbox.add(to("run/b", 2));
      const armed = (await actor.storage.getAlarm()) ?? Number.NaN;
      expect(armed).toBeLessThanOrEqual(START + 5000);

      const after = actor.restarted();
      after.clock.now = armed;
      await after.alarm();
      expect(after.received.toSorted()).toEqual(["run/a.take(1)", "run/b.take(2)"]);
      expect(await after.storage.getAlarm()).toBeNull();
    }));

  test("a crash between delivery and answer delivers again: at least once, in order", () =>
    inActor(async (actor) => {
      const never = gate();
      const inFlight = gate();
      actor.receive.with = () => {
        inFlight.open();
        return never.wait;
      };
      actor.outbox.add(to("run/a", 1));
      actor.outbox.add(to("run/a", 2));
      void actor.outbox.flush();
      await inFlight.wait;
      const after = actor.restarted();
      after.receive.with = () => undefined;
      await after.outbox.flush();
      expect(after.received).toEqual(["run/a.take(1)", "run/a.take(2)"]);
      never.open();
    }));

  test("an answer that cannot be used is asked for again", () =>
    inActor(async ({ storage, clock }) => {
      let calls = 0;
      const outbox = new Outbox({
        sql: storage.sql,
        alarm: new Alarm(storage),
        now: () => clock.now,
        deliver: async () => ++calls,
        onDelivered: (_, answer) => {
          if (answer === 1) throw new Error("cannot use it");
        },
      });
      outbox.add(to("run/a", 1));
      await outbox.flush();
      expect(calls).toBe(1);
      clock.now += 10_000;
      await outbox.flushDue();
      expect(calls).toBe(2);
      expect(outbox.settle()).toBeUndefined();
    }));

  test("a message that never arrives is parked, kept, and frees its receiver; an operator can retry it", () =>
    inActor(async (actor) => {
      actor.receive.with = ({ args }) => {
        if (args[0] === 1) throw new Error("broken for good");
      };
      actor.outbox.add(to("run/a", 1));
      actor.outbox.add(to("run/a", 2));
      const asked = { receiver: "run/a", method: "take" };
      const held = () => [actor.outbox.holds(asked), actor.outbox.holdsStill(asked)];
      expect(held()).toEqual([true, true]);
      for (let attempt = 0; attempt < 20; attempt += 1) {
        expect(actor.outbox.parked()).toEqual([]);
        await actor.outbox.flushDue();
        actor.clock.now += 300_000;
      }
      expect(actor.outbox.parked()).toMatchObject([
        { receiver: "run/a", method: "take", attempts: 20, lastError: "Error: broken for good" },
      ]);
      await actor.outbox.flush();
      expect(actor.received).toEqual(["run/a.take(2)"]);
      expect(actor.outbox.settle()).toBeUndefined();
      expect(held()).toEqual([false, true]);

      actor.receive.with = () => undefined;
      actor.outbox.unpark();
      await actor.outbox.flush();
      expect(actor.received).toEqual(["run/a.take(2)", "run/a.take(1)"]);
      expect(actor.outbox.settle()).toBeUndefined();
      expect(held()).toEqual([false, false]);
      expect(actor.rows()).toBe(0);
    }));

  test("serves at most thirty-two receivers at once, and all of a thousand in the end", () =>
    inActor(async (actor) => {
      let inFlight = 0;
      let most = 0;
      actor.receive.with = async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await Promise.resolve();
        inFlight -= 1;
      };
      for (let n = 0; n < 1000; n += 1) actor.outbox.add(to(`run/${n}`, n));
      const after = actor.restarted();
      await after.outbox.flush();
      expect(new Set(after.received).size).toBe(1000);
      expect(most).toBe(32);
    }));

  test("a delayed message goes out by itself, in order, and by the alarm should the object die first", () =>
    inActor(async (actor) => {
      actor.outbox.add(to("run/a", 1), 20);
      actor.outbox.add(to("run/a", 2));
      actor.outbox.add(to("run/b", 3));
      await actor.outbox.flush();
      expect(actor.received).toEqual(["run/b.take(3)"]);
      const after = actor.restarted();
      actor.clock.now += 20;
      await vi.waitFor(() =>
        expect(actor.received).toEqual(["run/b.take(3)", "run/a.take(1)", "run/a.take(2)"]),
      );

      after.outbox.add(to("run/a", 4), 20);
      const last = after.restarted();
      for (let wakes = 0; wakes < 5 && !last.received.includes("run/a.take(4)"); wakes += 1) {
        last.clock.now = Math.max(last.clock.now, (await last.storage.getAlarm()) ?? Number.NaN);
        await last.alarm();
      }
      expect(last.received).toContain("run/a.take(4)");
    }));

  test("what is entrusted is delivered without an alarm, and never again: its rows go with the next write", () =>
    inActor(async (actor) => {
      actor.outbox.entrust(() => {
        actor.outbox.add(to("run/a", 1));
        actor.outbox.add(to("run/a", 2));
        actor.outbox.add(to("run/b", 3));
      });
      await actor.outbox.deliverEntrusted(1000);
      expect(await actor.storage.getAlarm()).toBeNull();
      const after = actor.restarted();
      await after.outbox.flushDue();
      expect(after.outbox.settle()).toBeUndefined();
      expect(after.outbox.holdsAny()).toBe(false);
      expect(actor.received.toSorted()).toEqual(["run/a.take(1)", "run/a.take(2)", "run/b.take(3)"]);
      expect(actor.rows()).toBe(3);
      actor.outbox.add(to("run/a", 4));
      expect(actor.rows()).toBe(1);
      await actor.outbox.flush();
      expect(actor.received.at(-1)).toBe("run/a.take(4)");
    }));

  test("what is entrusted and takes too long has an alarm before whoever asked for it is answered", () =>
    inActor(async (actor) => {
      const slow = gate();
      actor.receive.with = () => slow.wait;
      actor.outbox.entrust(() => {
        actor.outbox.add(to("run/a", 1));
        actor.outbox.add(to("run/a", 2));
      });
      await actor.outbox.deliverEntrusted(1);
      expect(await actor.storage.getAlarm()).toBeLessThanOrEqual(START + 5000);
      const after = actor.restarted();
      after.receive.with = () => undefined;
      after.clock.now = (await after.storage.getAlarm()) ?? Number.NaN;
      await after.alarm();
      expect(after.received).toEqual(["run/a.take(1)", "run/a.take(2)"]);
      expect(after.rows()).toBe(0);
      slow.open();
    }));

  test("what is entrusted and refused is followed by nothing younger, also while another takes its time", () =>
    inActor(async (actor) => {
      const slow = gate();
      let refusals = 1;
      actor.receive.with = ({ receiver }) => {
        if (receiver === "run/slow") return slow.wait;
        if (refusals-- > 0) throw new Error("not now");
        return undefined;
      };
      actor.outbox.entrust(() => {
        actor.outbox.add(to("run/a", 1));
        actor.outbox.add(to("run/a", 2));
        actor.outbox.add(to("run/slow", 3));
      });
      const delivered = actor.outbox.deliverEntrusted(60_000);
      await vi.waitFor(() => expect(refusals).toBe(0));
      actor.clock.now += 1000;
      void actor.outbox.flushDue();
      slow.open();
      await delivered;
      await actor.outbox.flush();
      expect(actor.received.filter((text) => text.startsWith("run/a"))).toEqual([
        "run/a.take(1)",
        "run/a.take(2)",
      ]);
    }));

  test("what is entrusted arrives in order, however often it fails and wherever the power goes", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.constantFrom("answer", "answer", "fail", "slow", "cut")),
        (receivers, fates) =>
          inActor(async (first) => {
            let actor = first;
            let asked = 0;
            let isCut = false;
            const slow = gate();
            first.receive.with = () => {
              const fate = asked++ < 20 ? fates.next().value : "answer";
              if (fate === "slow") return slow.wait;
              isCut ||= fate === "cut";
              if (fate === "fail") throw new Error("not now");
              // The one that waits is dead: another instance takes its place.
              return fate === "cut" ? new Promise(() => {}) : undefined;
            };
            const isLate = Symbol("late");
            const patience = () => new Promise((resolve) => setTimeout(resolve, 5, isLate));
            actor.outbox.entrust(() => {
              for (const [n, receiver] of receivers.entries()) actor.outbox.add(to(`run/${receiver}`, n));
            });
            // Cut off at any time: nobody has been answered, and so he asks again.
            const delivered = actor.outbox.deliverEntrusted(60_000);
            const isDelivered = (await Promise.race([delivered, patience()])) !== isLate;
            if (!isDelivered && !isCut) {
              // Some have failed, and an alarm comes while others are still being told.
              actor.clock.now = Math.max(actor.clock.now, (await actor.storage.getAlarm()) ?? 0);
              void actor.alarm();
              await patience();
              slow.open();
            }
            if (!isDelivered && isCut) {
              actor = actor.restarted();
              actor.outbox.takeBack();
              void actor.outbox.flush();
            }
            for (let at = await actor.storage.getAlarm(); at !== null; at = await actor.storage.getAlarm()) {
              actor.clock.now = Math.max(actor.clock.now, at);
              await actor.alarm();
            }
            for (const receiver of new Set(receivers)) {
              const sent = [...receivers.keys()].filter((n) => receivers[n] === receiver);
              const got = actor.received.filter((text) => text.startsWith(`run/${receiver}.`));
              expect([...new Set(got)]).toEqual(sent.map((n) => label(to(`run/${receiver}`, n))));
            }
          }),
      ),
      { numRuns: 30 },
    ));

  test("a message larger than a row may be is refused when it is written", () =>
    inActor(async (actor) => {
      const huge = { receiver: "run/a", method: "take", args: ["é".repeat(1_000_001)] };
      expect(() => actor.outbox.add(huge)).toThrow(RowTooLarge);
      expect(actor.rows()).toBe(0);
    }));
});

describe("the alarm", () => {
  test("does not let a receiver that does not answer hold up the next timer", () =>
    inActor(async (actor) => {
      const hang = gate();
      actor.receive.with = () => hang.wait;
      actor.outbox.add(to("run/a", 1));
      actor.timers.set({ id: "soon", kind: "k", dueAt: START + 7, data: null });
      const waits = vi.spyOn(globalThis, "setTimeout");
      await actor.alarm();
      expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([7]);
      waits.mockRestore();
      expect(await actor.storage.getAlarm()).toBe(START + 7);
      hang.open();
    }));

  test("a later timer set after a restart does not postpone an earlier one", () =>
    inActor(async (actor) => {
      actor.timers.set({ id: "soon", kind: "sleep", dueAt: START + 1000, data: null });
      const after = actor.restarted();
      after.timers.set({ id: "late", kind: "sleep", dueAt: START + 9000, data: null });
      expect(await after.storage.getAlarm()).toBe(START + 1000);
    }));

  test("fires timers in the order of their due times, each once, and arms the next", () =>
    inActor(async (actor) => {
      for (const [id, after] of [
        ["c", 30],
        ["a", 10],
        ["b", 20],
        ["later", 500],
      ] as const) {
        actor.timers.set({ id, kind: "sleep", dueAt: START + after, data: null });
      }
      actor.clock.now = START + 100;
      const fired: string[] = [];
      await actor.alarm((id) => void fired.push(id));
      await actor.alarm((id) => void fired.push(id));
      expect(fired).toEqual(["a", "b", "c"]);
      expect(await actor.storage.getAlarm()).toBe(START + 500);
    }));

  test("a handler that throws keeps its timer, comes back with growing pauses, and stops no other timer", () =>
    inActor(async (actor) => {
      actor.timers.set({ id: "bad", kind: "sleep", dueAt: START, data: null });
      actor.timers.set({ id: "good", kind: "sleep", dueAt: START, data: null });
      const fired: string[] = [];
      const pauses: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        await actor.alarm((id) => {
          fired.push(id);
          if (id === "bad") throw new Error("cannot");
        });
        const armed = (await actor.storage.getAlarm()) ?? Number.NaN;
        pauses.push(armed - actor.clock.now);
        actor.clock.now = armed;
      }
      expect(fired).toEqual(["bad", "good", "bad", "bad", "bad"]);
      expect(pauses).toEqual([1000, 2000, 4000, 8000]);
    }));

  test("a timer that its handler moved is not dropped", () =>
    inActor(async (actor) => {
      actor.timers.set({ id: "again", kind: "lease", dueAt: START, data: { n: 1 } });
      await actor.alarm(() =>
        actor.timers.set({ id: "again", kind: "lease", dueAt: START + 700, data: { n: 2 } }),
      );
      expect(actor.timers.get("again")).toEqual({
        id: "again",
        kind: "lease",
        dueAt: START + 700,
        data: { n: 2 },
      });
      expect(await actor.storage.getAlarm()).toBe(START + 700);
    }));

  test("a receiver that hangs does not hold up the timers", () =>
    inActor(async (actor) => {
      const hang = gate();
      actor.receive.with = () => hang.wait;
      actor.outbox.add(to("run/slow", 1));
      actor.timers.set({ id: "next", kind: "sleep", dueAt: START + 300, data: null });
      await actor.alarm();
      expect(await actor.storage.getAlarm()).toBe(START + 300);
      actor.clock.now = START + 300;
      const fired: string[] = [];
      await actor.alarm((id) => void fired.push(id));
      expect(fired).toEqual(["next"]);
      // Should the object be evicted now, the message is still looked after.
      expect(await actor.storage.getAlarm()).toBe(START + 30_000);
      hang.open();
    }));

  test("a handler cut off in the middle is run again", () =>
    inActor(async (actor) => {
      const cut = gate();
      actor.timers.set({ id: "cut", kind: "sleep", dueAt: START, data: null });
      void actor.alarm(() => cut.wait);
      await Promise.resolve();
      const armed = (await actor.storage.getAlarm()) ?? Number.NaN;
      const after = actor.restarted();
      after.clock.now = armed;
      const fired: string[] = [];
      await after.alarm((id) => void fired.push(id));
      expect(fired).toEqual(["cut"]);
      cut.open();
    }));
});
