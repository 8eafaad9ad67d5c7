// Runs that go on as another: continued with an empty journal, or forked from a command.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { forkedRecords, loadRun, openChildBefore } from "../../src/workflow/index.ts";
import type { Effect, RunStart } from "../../src/workflow/machine-types.ts";
import { handlerOf, modes, type Script, ScriptedHost, sha256Hex, workflowOf } from "./scripted-host.ts";

type Continuation = Extract<Effect, { kind: "continue_as" }>;

describe.each(modes)("continue_as_new, $mode", ({ replayEveryTime }) => {
  const ended = (body: string, script: Script = {}) =>
    new ScriptedHost(handlerOf(body), { replayEveryTime, ...script }).run();

  it("ends the run well, and starts it over with the data it is given", () => {
    const host = ended('w.sleep(hours = 1)\nw.continue_as_new(data = {"round": 2})\nfail("never")', {
      event: { data: { round: 1 }, subject: "s" },
    });
    expect(host.finished).toBe("succeeded");
    const [continuation] = host.continuations as [Continuation];
    expect(host.continuations).toHaveLength(1);
    expect(continuation.event).toMatchObject({ type: "test", subject: "s", data: { round: 2 } });
    expect(continuation.event.id).not.toBe("ev-1");
    expect(host.machine.summary().continuedAs).toBe(continuation.run);
    expect(host.records.at(-1)).toMatchObject({ data: { continued: { run: continuation.run } } });
  });

  it("tells whoever comes too late which run goes on", () => {
    const host = ended("w.continue_as_new()");
    expect(host.signal("go", 1, "s").refused).toMatchObject({
      code: "run_finished",
      message: `the run has succeeded already, and goes on as ${host.continuations[0]?.run}`,
    });
    expect(ended("pass").signal("go", 1, "s").refused?.message).toBe("the run has succeeded already");
  });

  it("hands on the same data where it is given none", () => {
    const host = ended("w.continue_as_new()", { event: { data: { round: 1 } } });
    expect(host.continuations[0]?.event.data).toEqual({ round: 1 });
  });

  it("tells which events the new run is not to get again", () => {
    const host = ended('w.wait_for_event(type = "a")\nw.wait_for_event(type = "b")\nw.continue_as_new()', {
      events: ({ type }) => ({ id: type, type, data: {} }),
    });
    const arrivals = host.records.flatMap((record) => (record.type === "completed" ? [record.arrival] : []));
    expect(arrivals).toHaveLength(2);
    const first = host.start.id;
    expect(host.kept).toEqual([{ lineage: { first, generation: 0 }, seqs: arrivals }]);
    expect(host.continuations[0]?.lineage).toEqual({ first, generation: 1 });
  });

  it("hands on to the bus what it has consumed itself, and only that, however long it has gone on", () => {
    const lineage = { first: "run_1" as RunId, generation: 7 };
    const from = (start: Partial<RunStart>) =>
      ended('w.wait_for_event(type = "a")\nw.continue_as_new()', {
        start: { continues: { run: "run_2" as RunId, how: "continued" }, ...start },
        events: ({ type }) => ({ id: type, type, data: {} }),
      });
    const host = from({ lineage });
    expect(host.kept).toEqual([{ lineage, seqs: [expect.any(Number)] }]);
    expect(host.continuations[0]?.lineage).toEqual({ ...lineage, generation: 8 });
    // One that an earlier version has begun has its own list of what was consumed before it.
    expect(
      from({ consumed: [3, 4] })
        .kept.flatMap(({ seqs }) => seqs)
        .slice(0, 2),
    ).toEqual([3, 4]);
  });

  it("begins a lineage of its own where it goes on from a fork", () => {
    const after = { first: "run_1" as RunId, generation: 7 };
    const host = ended("w.continue_as_new()", {
      start: { lineage: after, continues: { run: "run_2" as RunId, how: "forked" } },
    });
    const lineage = { first: host.start.id, generation: 0 };
    expect(host.kept).toEqual([{ lineage, seqs: [], after }]);
    expect(host.continuations[0]?.lineage).toEqual({ ...lineage, generation: 1 });
  });

  it("runs cleanup first, whose failure fails the run and continues nothing", () => {
    const clean = ended('w.defer(print, "clean")\nw.continue_as_new()');
    expect({ log: clean.log, continued: clean.continuations.length }).toEqual({
      log: ["clean"],
      continued: 1,
    });
    const failing = ended('w.defer(fail, "dirty")\nw.continue_as_new()');
    expect({ state: failing.finished, continued: failing.continuations.length }).toEqual({
      state: "failed",
      continued: 0,
    });
  });

  it("continues nothing where the run is cancelled in its cleanup", () => {
    const host = new ScriptedHost(handlerOf("w.defer(w.sleep, seconds = 3)\nw.continue_as_new()"), {
      replayEveryTime,
    });
    host.feed({ type: "start" });
    expect(host.machine.summary().waitingFor).toBe("sleeping for 3s");
    expect(host.cancel().refused).toBeUndefined();
    expect([host.goOn().finished, host.continuations]).toEqual(["cancelled", []]);
  });

  it("says which run goes on in its place to whoever cancels one that was restarted", () => {
    const host = new ScriptedHost(handlerOf("w.sleep(days = 1)"), { replayEveryTime });
    host.feed({ type: "start" });
    const successor = `run_${"0".repeat(31)}2` as RunId;
    host.feed({ type: "cancel", by: "olga", reason: "", terminate: true, successor });
    expect(host.cancel().refused).toMatchObject({ code: "run_finished", details: { run: successor } });
  });

  it("cannot be caught", () => {
    expect(ended("w.attempt(w.continue_as_new)\nfail()").continuations).toHaveLength(1);
  });

  it.each([
    ["in a branch", "w.parallel([lambda: w.continue_as_new()])"],
    ["in cleanup", "w.defer(w.continue_as_new)"],
  ])("is an error %s", (_, body) => {
    const host = ended(body);
    expect(host.machine.ending().error?.code).toBe("InvalidContinue");
    expect(host.continuations).toEqual([]);
  });

  it("is refused data that is too large, or no JSON", () => {
    const code = (data: string) => ended(`w.continue_as_new(data = ${data})`).machine.ending().error?.code;
    expect(code('"x" * 1100000')).toBe("PayloadTooLarge");
    expect(code("lambda: 1")).toBe("NotJson");
  });

  it("names the same successor after any power cut", () => {
    const calm = ended("w.sleep(hours = 1)\nw.continue_as_new()");
    for (const when of ["before", "after"]) {
      for (let write = 1; write <= calm.writes; write += 1) {
        let left = 1;
        const cut = ended("w.sleep(hours = 1)\nw.continue_as_new()", {
          cut: (at, where) => at === write && where === when && left-- > 0,
        });
        expect(new Set(cut.continuations.map(({ run }) => run))).toEqual(
          new Set(calm.continuations.map(({ run }) => run)),
        );
      }
    }
  });
});

describe("a fork", () => {
  const source = `
def branch(w, n):
    return w.run(step = "a.example/f@v1", inputs = {"n": n})["n"]

def handler(w, ev):
    first = branch(w, 1)
    both = w.parallel([(branch, w, 2), (branch, w, 3)])
    w.sleep(hours = 1)
    w.wait_for_event(type = "go")
    return [first, both, branch(w, 4)]

on_event(type = "test", handler = handler)
`;
  const script: Script = {
    functions: (_, inputs) => ({ ok: { n: inputs.n ?? null } }),
    events: ({ type }) => ({ id: "e", type, data: {} }),
  };
  const original = new ScriptedHost(workflowOf(source), script).run();
  const commands = original.records.flatMap((record) =>
    record.type === "scheduled" ? [record.command] : [],
  );

  const originOf = (digest: string) => ({ run: original.start.id, digest, by: "olivia", reason: "" });
  const forked = (from: CommandId, workflow = workflowOf(source)) => {
    const records = forkedRecords(original.records, from, originOf(workflow.digest), original.now);
    if (!records.ok) throw new Error(records.error.message);
    const host = new ScriptedHost(workflow, script);
    host.records.push(...(structuredClone(records.value) as JournalRecord[]));
    host.feed({ type: "begin_again" });
    return host.goOn();
  };

  it.each(commands)("from %s ends as the original did, repeating only what had not ended", (from) => {
    const host = forked(from);
    expect(host.machine.ending().output).toEqual(original.machine.ending().output);
    const before = original.records.findIndex(
      (record) => record.type === "scheduled" && record.command === from,
    );
    const done = original.records
      .slice(0, before)
      .filter((record) => record.type === "completed" && /#/.test(record.command));
    const jobs = [...host.jobs.values()].map(({ job }) => job.command);
    expect(jobs).toContain("0#4");
    for (const record of done) if (record.type === "completed") expect(jobs).not.toContain(record.command);
    expect(host.timers.size + host.waits.size).toBe(0);
  });

  it("gives commands that begin again their whole time anew, and what has ended its own", () => {
    const workflow = handlerOf(
      'w.spawn(w.wait_for_event, type = "go", timeout = "1h")\n' +
        'w.spawn(w.run, "a.example/f@v1", timeout = "5m", deadline = "2h")\n' +
        "w.sleep(minutes = 1)\nw.sleep(days = 1)\nw.sleep(days = 2)",
    );
    const host = new ScriptedHost(workflow, { functions: () => "never" });
    host.feed({ type: "start" });
    host.fireNextTimer();
    const at = host.now + 48 * 3600_000;
    const records = forkedRecords(host.records, "0#2" as CommandId, originOf(workflow.digest), at);
    if (!records.ok) throw new Error(records.error.message);
    const fork = new ScriptedHost(workflow, { functions: () => "never" });
    fork.now = at;
    fork.records.push(...(structuredClone(records.value) as JournalRecord[]));
    fork.feed({ type: "begin_again" });
    const due = [...fork.timers.values()].map(({ kind, dueAt }) => [kind, (dueAt - at) / 3600_000]);
    expect(due).toEqual([
      ["wait_timeout", 1],
      ["deadline", 2],
      ["sleep", 24],
    ]);
    expect(fork.machine.activities().find(({ command }) => command === "0#1")?.scheduledAt).toBeLessThan(at);
  });

  it("keeps the moment until which a command that begins again sleeps", () => {
    const workflow = handlerOf(
      "w.spawn(w.sleep_until, time.from_timestamp(1700010000))\n" +
        "w.spawn(w.sleep_until, time.from_timestamp(1700000010))\n" +
        "w.sleep(seconds = 1)\nw.sleep(hours = 1)",
    );
    const host = new ScriptedHost(workflow);
    host.feed({ type: "start" });
    host.fireNextTimer();
    const at = 1_700_005_000_000;
    const records = forkedRecords(host.records, "0#2" as CommandId, originOf(workflow.digest), at);
    if (!records.ok) throw new Error(records.error.message);
    const fork = new ScriptedHost(workflow);
    fork.now = at;
    fork.records.push(...(structuredClone(records.value) as JournalRecord[]));
    fork.feed({ type: "begin_again" });
    expect([...fork.timers.values()].map(({ dueAt }) => dueAt)).toEqual([
      1_700_010_000_000,
      at,
      at + 3600_000,
    ]);
  });

  it("goes on with another program from where both agree", () => {
    const changed = workflowOf(source.replace("branch(w, 4)", 'branch(w, "four")'));
    expect(forked("0#4" as CommandId, changed).machine.ending().output).toEqual([1, [2, 3], "four"]);
  });

  it("is stuck at once where the program differs before, and says where", () => {
    const changed = workflowOf(source.replace("branch(w, 1)", "branch(w, 9)"));
    const records = forkedRecords(
      original.records,
      "0#4" as CommandId,
      originOf(changed.digest),
      original.now,
    );
    const machine = loadRun(changed, {
      start: original.start,
      records: records.ok ? records.value : [],
      sha256Hex,
    });
    expect(machine.summary()).toMatchObject({ state: "stuck", error: { code: "NonDeterminism" } });
  });

  it("is refused for a command that never was, and after a cancellation", () => {
    expect(forkedRecords(original.records, "0#99" as CommandId, originOf("d"), 0)).toMatchObject({
      error: { code: "unknown_command" },
    });
    const cancelled = new ScriptedHost(
      handlerOf('w.defer(lambda: w.run(step = "a.example/c@v1"))\nw.sleep(hours = 1)'),
      script,
    );
    cancelled.feed({ type: "start" });
    cancelled.cancel(false);
    cancelled.goOn();
    expect(forkedRecords(cancelled.records, "0#2" as CommandId, originOf("d"), 0)).toMatchObject({
      error: { code: "already_cancelled" },
    });
  });

  it.each([
    ["that is closed with its parent", "", true],
    ["that is left be", ', parent_close = "abandon"', false],
    ["that is waited for", ", wait = True", false],
  ])("finds a child before it %s, until the child is over", (_, how, isFound) => {
    const wait = how.includes("wait") ? "" : ", wait = False";
    const host = new ScriptedHost(
      handlerOf(`w.spawn(w.start, "other"${wait}${how})\nw.sleep(hours = 1)\nw.sleep(hours = 2)`),
      { child: () => "never" },
    );
    host.feed({ type: "start" });
    host.step();
    const child = host.records.find((record) => record.type === "noted" && record.note === "child_called");
    if (child?.type !== "noted" || child.command === undefined) throw new Error("no child");
    host.fireNextTimer();
    const second = "0#2" as CommandId;
    expect(openChildBefore(host.records, second)).toBe(isFound ? child.data.run : undefined);
    // From where it is started, it is started anew.
    expect(openChildBefore(host.records, child.command)).toBeUndefined();
    // A stuck run has been told, and cannot write it down.
    expect(openChildBefore(host.records, second, new Set([child.command]))).toBeUndefined();
    host.feed({ type: "child_finished", command: child.command, outcome: { state: "succeeded" } });
    expect(openChildBefore(host.records, second)).toBeUndefined();
  });

  it("replays at every length, wherever it was forked", () => {
    fc.assert(
      fc.property(fc.constantFrom(...commands), (from) => {
        const { records, workflow, start } = forked(from);
        for (let length = 1; length <= records.length; length += 1) {
          const machine = loadRun(workflow, { start, records: records.slice(0, length), sha256Hex });
          expect(machine.summary().state).not.toBe("stuck");
        }
      }),
    );
  });
});
