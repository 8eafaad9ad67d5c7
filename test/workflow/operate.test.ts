// What operators do to a run by hand.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/operation.ts";
import { awaitsPlace } from "../../src/workflow/place.ts";
import { handlerOf, modes, type Script, ScriptedHost } from "./scripted-host.ts";

describe.each(modes)("an operator, $mode", ({ replayEveryTime }) => {
  const begun = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host.settle();
  };
  const operate = (host: ScriptedHost, operation: Operation) =>
    host.feed({ type: "operate", by: "olivia", reason: "because", operation }).refused?.code;
  const command = (id: string) => id as CommandId;
  const notes = (host: ScriptedHost) =>
    host.records.flatMap((record) =>
      record.type === "noted" && record.note === "operator" ? [[record.command, record.data]] : [],
    );

  it("makes the next attempt at once, and it counts as the next", () => {
    const host = begun('return w.run(step = "a.example/f@v1", retry = {"attempts": 3, "initial": "1h"})', {
      functions: (_, __, attempt) =>
        attempt === 1 ? { error: { code: "Odd", message: "odd" } } : { ok: { attempt } },
    });
    host.step();
    expect(host.machine.activities()[0]).toMatchObject({ state: "retrying", attempt: 1 });
    const before = host.now;
    expect(operate(host, { action: "retry", command: command("0#1") })).toBeUndefined();
    expect(host.timers.size).toBe(0);
    host.goOn();
    expect(host.now - before).toBeLessThan(3_600_000);
    expect(host.machine.ending().output).toEqual({ attempt: 2 });
    expect(notes(host)).toEqual([["0#1", { action: "retry", by: "olivia", reason: "because" }]]);
  });

  it("retries everything that waits for its next attempt when no command is named", () => {
    const host = begun(
      'w.parallel([lambda: w.run(step = "a.example/f@v1", retry = {"attempts": 2, "initial": "1h"})] * 3)',
      {
        functions: (_, __, attempt) =>
          attempt === 1 ? { error: { code: "Odd", message: "odd" } } : { ok: {} },
      },
    );
    for (let i = 0; i < 3; i += 1) host.step();
    expect(operate(host, { action: "retry" })).toBeUndefined();
    expect(host.machine.activities().map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
  });

  it.each([
    ["skips a call, which then has no outputs", 'return w.run(step = "a.example/f@v1")', {}],
    ["skips a sleep", "return w.sleep(days = 3)", null],
    ["skips a wait, which then has had no event", 'return w.wait_for_event(type = "never")', null],
  ])("%s", (_, body, output) => {
    const host = begun(body, { functions: () => "never" });
    expect(operate(host, { action: "skip", command: command("0#1") })).toBeUndefined();
    expect(host.finished).toBe("succeeded");
    expect(host.machine.ending().output).toEqual(output);
    expect(host.machine.activities()[0]).toMatchObject({
      state: "succeeded",
      operated: { action: "skip", by: "olivia", reason: "because" },
    });
  });

  it("completes a call by hand, and calls its job back", () => {
    const host = begun('return w.run(step = "a.example/f@v1")["url"]', { functions: () => "never" });
    expect(
      operate(host, { action: "complete", command: command("0#1"), value: { url: "x" } }),
    ).toBeUndefined();
    expect(host.machine.ending().output).toBe("x");
    expect([...host.jobs.values()].map(({ state }) => state)).toEqual(["cancelled"]);
  });

  it("withdraws the approval of a call that is completed by hand", () => {
    const host = begun('return w.run(step = "a.example/f@v1")', { policy: () => ({ verdict: "hold" }) });
    expect(operate(host, { action: "skip", command: command("0#1") })).toBeUndefined();
    expect([...host.approvals.values()].map(({ state }) => state)).toEqual(["withdrawn"]);
    expect(host.finished).toBe("succeeded");
  });

  it("lets a command fail with a code that the script can tell apart", () => {
    const host = begun("return w.attempt(lambda: w.sleep(days = 1)).error.code");
    expect(
      operate(host, { action: "fail", command: command("0#1"), code: "GivenUp", message: "" }),
    ).toBeUndefined();
    expect(host.machine.ending().output).toBe("GivenUp");
  });

  it.each<[string, Operation]>([
    ["command_not_open", { action: "skip", command: "0#2" }],
    ["command_not_open", { action: "complete", command: "7#1", value: null }],
    ["nothing_to_retry", { action: "retry" }],
    ["nothing_to_retry", { action: "retry", command: "0#1" }],
    ["not_paused", { action: "resume" }],
    ["invalid_outcome", { action: "complete", command: "0#1", value: "text" }],
    ["payload_too_large", { action: "complete", command: "0#1", value: { text: "x".repeat(1_100_000) } }],
    [
      "payload_too_large",
      {
        action: "complete",
        command: "0#1",
        value: { rows: Array.from({ length: 60_000 }, () => ({ $starlark: 0 })) },
      },
    ],
  ])("is refused with %s, and nothing is recorded", (code, operation) => {
    const host = begun('w.run(step = "a.example/f@v1")', { functions: () => "never" });
    const before = host.records.length;
    expect(operate(host, operation)).toBe(code);
    expect(host.records).toHaveLength(before);
  });

  const event = { specversion: "1.0", id: "e", source: "/by/hand", type: "deployed", data: 1 };
  const signal = { id: "s", name: "go", data: 1, by: "olivia" };
  const form =
    'w.form("T", {"n": {"type": "number", "required": True}, "why": {"type": "text", "default": "-"}})';

  it.each<[string, string, JsonValue, JsonValue]>([
    ["a wait with an event", 'w.wait_for_event(type = "deploy*")', event, event],
    ["a wait with no event", 'w.wait_for_event(type = "deploy*")', null, null],
    ["a wait with a signal", 'w.wait_for_signal("go")', signal, signal],
    ["a form with values, and its defaults", form, { n: 1 }, { n: 1, why: "-" }],
    ["a form that nobody filled in", form, null, null],
    ["a child with whatever it might return", 'w.start("child")', 7, 7],
    ["a start that does not wait with a run", 'w.start("child", wait = False)', { run: "r" }, { run: "r" }],
    ["a sleep", "w.sleep(days = 1)", null, null],
  ])("completes %s", (_, call, value, output) => {
    const host = begun(`return ${call}`);
    expect(operate(host, { action: "complete", command: "0#1", value })).toBeUndefined();
    expect(host.machine.ending().output).toEqual(output);
  });

  it.each<[string, string, JsonValue]>([
    ["a wait with something that is no event", 'w.wait_for_event(type = "deploy*")', { data: 1 }],
    ["a wait with an event of another type", 'w.wait_for_event(type = "delete*")', event],
    ["a wait with something that is no signal", 'w.wait_for_signal("go")', { data: 1 }],
    ["a wait with another signal", 'w.wait_for_signal("stop")', signal],
    ["a form with values that do not fit", form, { n: "one" }],
    ["a form without a value that it needs", form, { why: "because" }],
    ["a form with a field that it does not have", form, { n: 1, m: 2 }],
    ["a start that does not wait with no run", 'w.start("child", wait = False)', 7],
    ["a sleep with a value", "w.sleep(days = 1)", 7],
  ])("cannot complete %s", (_, call, value) => {
    const host = begun(`return ${call}`);
    const before = host.records.length;
    expect(operate(host, { action: "complete", command: "0#1", value })).toBe("invalid_outcome");
    expect(host.records).toHaveLength(before);
  });

  it.each([
    ["a signal", 'w.wait_for_signal("go")', signal],
    ["an event", 'w.wait_for_event(type = "deploy*")', event],
    ["a child's output", 'w.start("child")', {}],
    ["a call's outputs", 'w.run(step = "a.example/f@v1")', {}],
  ])("cannot give a script %s as deep as no value of it may be", (_, call, value) => {
    const host = begun(`return ${call}`, { functions: () => "never", child: () => "never" });
    const before = host.records.length;
    const deep = JSON.parse("[".repeat(260) + "]".repeat(260)) as JsonValue;
    const given = { ...value, data: deep };
    expect(operate(host, { action: "complete", command: "0#1", value: given })).toBe("invalid_outcome");
    expect(host.records).toHaveLength(before);
  });

  it("can do nothing to a run that is over", () => {
    const host = begun("return 1");
    expect(operate(host, { action: "pause" })).toBe("run_finished");
  });

  describe("pauses a run", () => {
    const paused = (body: string, script: Script = {}) => {
      const host = begun(body, script);
      expect(operate(host, { action: "pause" })).toBeUndefined();
      return host;
    };

    it("whose calls under way go on, and whose next ones do not begin", () => {
      const host = paused('w.run(step = "a.example/f@v1")\nw.run(step = "a.example/g@v1")');
      host.goOn();
      expect([...host.jobs.values()].map(({ job }) => job.reference)).toEqual(["a.example/f@v1"]);
      expect(host.machine.summary()).toMatchObject({
        state: "waiting",
        waitingFor: "paused by olivia: because",
        paused: { by: "olivia", reason: "because" },
      });
      expect(host.machine.pendingEffects()).toEqual([]);
      expect(operate(host, { action: "pause" })).toBe("already_paused");
    });

    it("which still lets go of the locks it holds", () => {
      const host = begun('w.lock("env", lambda: w.sleep(hours = 1))');
      host.step();
      expect(host.held.map(([, key]) => key)).toEqual(["env"]);
      operate(host, { action: "pause" });
      host.goOn();
      expect({ finished: host.finished, held: host.held }).toEqual({ finished: "succeeded", held: [] });
    });

    it("and resumes it, after any loss of memory", () => {
      const host = paused('w.run(step = "a.example/f@v1")\nw.sleep(hours = 1)\nreturn "end"');
      host.goOn();
      host.loseMemory();
      expect(host.timers.size).toBe(0);
      expect(operate(host, { action: "resume" })).toBeUndefined();
      host.goOn();
      expect(host.machine.ending().output).toBe("end");
      expect(host.machine.summary().paused).toBeUndefined();
    });

    it("and no news of a place undoes that, whatever the operator's name", () => {
      const host = begun('w.run(step = "a.example/f@v1")', { functions: () => "never" });
      host.feed({ type: "operate", by: "sluice", reason: "mine", operation: { action: "pause" } });
      expect(awaitsPlace(host.records)).toBe(false);
      for (const answer of [{ isGranted: true }, { isGranted: false, reason: "full" }] as const) {
        host.feed({ type: "place_answered", answer });
        expect(host.machine.summary()).toMatchObject({
          state: "running",
          paused: { by: "sluice", reason: "mine" },
        });
      }
    });

    it("and cancels it: its cleanup begins", () => {
      const host = paused(
        'w.defer(lambda: w.run(step = "a.example/clean@v1"))\nw.run(step = "a.example/f@v1")\nw.sleep(hours = 1)',
      );
      host.goOn();
      host.cancel(false);
      host.goOn();
      expect(host.finished).toBe("cancelled");
      expect([...host.jobs.values()].map(({ job }) => job.reference)).toContain("a.example/clean@v1");
    });
  });

  it("may do anything at any time, and the run still ends, the same whether its memory is kept or lost", () => {
    const body =
      'w.defer(lambda: w.run(step = "a.example/clean@v1"))\n' +
      'a = w.spawn(lambda: w.run(step = "a.example/f@v1", retry = 3))\n' +
      "w.sleep(minutes = 1)\nw.attempt(lambda: w.wait(a))\n" +
      'w.attempt(lambda: w.run(step = "a.example/g@v1", retry = {"attempts": 2, "initial": "1h"}))\nreturn w.now() > 0';
    const id = fc.constantFrom("0#1", "0#2", "0.1#1", "0#3");
    const operation: fc.Arbitrary<Operation> = fc.oneof(
      fc.constantFrom<Operation>({ action: "pause" }, { action: "resume" }, { action: "retry" }),
      id.map((at): Operation => ({ action: "skip", command: at })),
      id.map((at): Operation => ({ action: "fail", command: at, code: "No", message: "" })),
      id.map((at): Operation => ({ action: "complete", command: at, value: {} })),
    );
    const steps = fc.array(fc.option(operation, { nil: undefined }), { maxLength: 25 });
    fc.assert(
      fc.property(steps, (actions) => {
        const play = (loses: boolean) => {
          const host = begun(body, {
            functions: (reference, _, attempt) =>
              attempt < 2 && !reference.includes("clean")
                ? { error: { code: "Odd", message: "odd" } }
                : { ok: {} },
          });
          for (const action of actions) {
            // Questions that nobody wants answered any more are in memory only: they must not count as steps.
            host.settle();
            if (loses) host.loseMemory();
            if (action) operate(host, action);
            else host.step();
          }
          operate(host, { action: "resume" });
          host.goOn();
          return { records: host.records, finished: host.finished, timers: host.timers.size };
        };
        const kept = play(false);
        expect(kept.finished).toBeDefined();
        expect(kept.timers).toBe(0);
        expect(play(true)).toEqual(kept);
      }),
      { numRuns: 150 },
    );
  });
});
