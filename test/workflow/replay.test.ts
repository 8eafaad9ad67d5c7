import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { Execution } from "../../src/workflow/execution.ts";
import type { RunInput } from "../../src/workflow/machine-types.ts";
import { corpus } from "./corpus.ts";
import { handlerOf, modes, ScriptedHost, sha256Hex, timeless, workflowOf } from "./scripted-host.ts";

const immediate = ["now", "uuid", "random"];

function kindsById(records: readonly JournalRecord[]): Map<string, string> {
  return new Map(
    records.flatMap((record) =>
      record.type === "scheduled" ? [[record.command, record.kind] as const] : [],
    ),
  );
}

describe.each(corpus)("the journal of $name", ({ workflow, script }) => {
  const reference = new ScriptedHost(workflow, script).run();

  it("is the same whether fibers stay in memory or are replayed every time", () => {
    const replayed = new ScriptedHost(workflow, { ...script, replayEveryTime: true }).run();
    expect(replayed.records).toEqual(reference.records);
    expect(replayed.log).toEqual(reference.log);
    expect([...replayed.emitted.values()]).toEqual([...reference.emitted.values()]);
  });

  it("numbers its records from 1 without a gap, and the commands of each fiber in order", () => {
    expect(reference.records.map(({ seq }) => seq)).toEqual(reference.records.map((_record, i) => i + 1));
    const counts = new Map<string, number>();
    for (const record of reference.records) {
      if (record.type !== "scheduled") continue;
      const [fiber = ""] = record.command.split("#");
      counts.set(fiber, (counts.get(fiber) ?? 0) + 1);
      expect(record.command).toBe(`${fiber}#${counts.get(fiber)}`);
    }
  });

  it("yields on replay of every prefix the commands of that prefix, in order, and no others", () => {
    const execution = new Execution(workflow, reference.start, sha256Hex);
    for (const record of reference.records) {
      if (record.type === "scheduled") {
        const { command, kind, name, digest } = record;
        expect(execution.issued[0]).toMatchObject({ command, kind, name, digest });
      }
      if (record.type === "completed") expect(execution.issued).toEqual([]);
      execution.feed(record);
      expect(execution.stuck).toBeUndefined();
    }
    expect(execution.issued).toEqual([]);
    // The script of a run that was terminated is cut off, and has no end of its own.
    const isTerminated = reference.records.some(
      (record) => record.type === "noted" && record.note === "terminated",
    );
    expect(execution.ending !== undefined).toBe(!isTerminated);
  });

  it("goes on from every prefix with the very commands that followed", () => {
    const kinds = kindsById(reference.records);
    for (let length = 1; length < reference.records.length; length++) {
      const host = new ScriptedHost(workflow, script);
      host.records.push(...reference.records.slice(0, length));
      host.load();
      const { records } = host.machine.handle(
        { type: "resume" },
        { now: host.now, entropy: () => new Uint8Array(16) },
      );
      const scheduled = (list: readonly JournalRecord[]) => list.filter(({ type }) => type === "scheduled");
      const rest = reference.records.slice(length);
      const next = scheduled(records);
      expect(timeless(next).map(withoutSeq)).toEqual(
        timeless(scheduled(rest)).map(withoutSeq).slice(0, next.length),
      );
      const outcome = rest.findIndex(
        (record) =>
          (record.type === "completed" && !immediate.includes(kinds.get(record.command) ?? "")) ||
          (record.type === "noted" && record.note === "cancel_requested"),
      );
      const due = scheduled(outcome < 0 ? rest : rest.slice(0, outcome));
      expect(next.length).toBeGreaterThanOrEqual(due.length);
    }
  });

  it("loads without printing, deciding or doing anything again", () => {
    const host = new ScriptedHost(workflow, script);
    host.records.push(...reference.records);
    host.load();
    const changes = host.machine.handle(
      { type: "resume" },
      { now: host.now, entropy: () => new Uint8Array(16) },
    );
    expect(changes).toEqual({ records: [], timers: new Map(), effects: [], log: [] });
    expect(host.machine.pendingEffects()).toEqual([]);
    expect(host.machine.summary()).toEqual(reference.machine.summary());
    expect(host.machine.activities()).toEqual(reference.machine.activities());
  });
});

function withoutSeq(record: unknown): unknown {
  const { seq: _seq, ...rest } = record as JournalRecord;
  return rest;
}

describe.each(modes)("a program that differs from the journal, $mode", ({ replayEveryTime }) => {
  const program = (body: string) =>
    workflowOf(`def handler(w, ev):\n${body}\n\non_event(type = "test", handler = handler)\n`);
  const original = program(
    `    w.run(step = "a.example/one@v1", inputs = {"n": 1})\n    w.sleep(seconds = 9)`,
  );

  /** A run of the original that sleeps, loaded with another program. */
  function changed(body: string): ScriptedHost {
    const host = new ScriptedHost(original, { replayEveryTime });
    host.feed({ type: "start" });
    host.step();
    host.step();
    host.workflow = program(body);
    host.loseMemory();
    host.load();
    host.feed({ type: "resume" });
    return host;
  }

  it.each([
    ["another kind", "    w.sleep(seconds = 1)", "calls sleep", "main.star:2:12"],
    [
      "another name",
      '    w.run(step = "a.example/two@v1", inputs = {"n": 1})',
      '"a.example/two@v1"',
      "main.star:2:10",
    ],
    [
      "another argument",
      '    w.run(step = "a.example/one@v1", inputs = {"n": 2})',
      '{"n":2}',
      "main.star:2:10",
    ],
    ["no call at all", "    pass", "the script has ended", "main.star:2:10"],
    [
      "an earlier call",
      '    w.now()\n    w.run(step = "a.example/one@v1", inputs = {"n": 1})',
      "calls now",
      "main.star:2:10",
    ],
  ])("makes the run stuck on %s, and says where and how", (_what, body, got, position) => {
    const host = changed(body);
    const { state, error } = host.machine.summary();
    expect(state).toBe("stuck");
    expect(error?.code).toBe("NonDeterminism");
    expect(error?.message).toContain('run "a.example/one@v1" {"inputs":{"n":1}}');
    expect(error?.message).toContain(got);
    expect(error?.message).toContain(position);
  });

  it("tells commands apart that differ in nothing but their kind", () => {
    const host = new ScriptedHost(program("    w.now()\n    w.sleep(seconds = 9)"), { replayEveryTime });
    host.feed({ type: "start" });
    host.workflow = program("    w.uuid()\n    w.sleep(seconds = 9)");
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.summary().error?.message).toContain("the script calls uuid {} at main.star:2:11");
  });

  it("leaves the journal untouched, whatever ends elsewhere, and goes on where it was once the program fits again", () => {
    const host = changed("    pass");
    const records = structuredClone(host.records);
    host.feed({ type: "resume" });
    expect(host.fireNextTimer()).toBe(true);
    expect(host.records).toEqual(records);
    expect(host.machine.summary().state).toBe("stuck");
    host.workflow = original;
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.finished).toBe("succeeded");
  });

  const inTwoBranches = (first: number, next: string) =>
    workflowOf(`
def branch(w, seconds):
    w.sleep(seconds = seconds)
    ${next}
    return seconds

def handler(w, ev):
    w.sleep(seconds = ${first})
    return w.parallel([(branch, w, 1), (branch, w, 2)])

on_event(type = "test", handler = handler)
`);

  it.each([
    ["calls something else before", inTwoBranches(6, "w.sleep(seconds = 100)")],
    ["calls nothing", handlerOf("pass")],
  ])("goes on when two branches had their outcomes while the program %s", (_what, other) => {
    const fitting = inTwoBranches(5, "w.sleep(seconds = 100)");
    const host = new ScriptedHost(fitting, { replayEveryTime });
    host.feed({ type: "start" });
    host.fireNextTimer();
    host.workflow = other;
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.summary().state).toBe("stuck");
    expect([host.fireNextTimer(), host.fireNextTimer()]).toEqual([true, true]);
    expect(host.inbox).toHaveLength(2);
    host.workflow = fitting;
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.stuck).toBeUndefined();
    expect(host.inbox).toEqual([]);
    expect(host.goOn().finished).toBe("succeeded");
  });

  it("goes on when a branch of the new program calls more than the journal has", () => {
    const host = new ScriptedHost(inTwoBranches(5, "pass"), { replayEveryTime });
    host.feed({ type: "start" });
    host.fireNextTimer();
    host.fireNextTimer();
    host.workflow = inTwoBranches(5, "w.sleep(seconds = 100)");
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.stuck).toBeUndefined();
    expect(host.goOn().finished).toBe("succeeded");
  });

  it.each<{ how: string; pause: JsonObject; resume: RunInput; isKept: boolean }>([
    {
      how: "resumes it",
      pause: { action: "pause", by: "olga", reason: "" },
      resume: { type: "operate", operation: { action: "resume" }, by: "olga", reason: "" },
      isKept: false,
    },
    {
      how: "gives it its place",
      pause: { action: "pause", by: "sluice", reason: "", place: true },
      resume: { type: "place_answered", answer: { isGranted: true } },
      isKept: true,
    },
  ])("begins what was called while it was paused, though somebody $how while it is stuck", (paused) => {
    const fitting = program("    w.sleep(seconds = 5)\n    w.sleep(seconds = 9)");
    const host = new ScriptedHost(fitting, { replayEveryTime });
    host.feed({ type: "start" });
    const { length } = host.records;
    host.records.push({
      seq: length + 1,
      at: host.now,
      type: "noted",
      note: "operator",
      data: paused.pause,
    });
    host.loseMemory();
    host.fireNextTimer();
    expect(host.timers.size).toBe(0);
    host.workflow = program("    w.sleep(seconds = 6)");
    host.loseMemory();
    expect(host.feed(paused.resume).refused?.code).toBe("run_stuck");
    host.workflow = fitting;
    host.loseMemory();
    host.feed(paused.isKept ? { type: "resume" } : paused.resume);
    expect(host.goOn().finished).toBe("succeeded");
  });

  it("refuses to cancel a stuck run, whose cleanup cannot run, but terminates it", () => {
    const host = changed("    pass");
    expect(host.cancel().refused).toMatchObject({ code: "run_stuck" });
    host.cancel(true);
    expect(host.finished).toBe("cancelled");
    expect(host.machine.summary().state).toBe("cancelled");
  });

  it("takes a program that differs in what is not a command", () => {
    const host = changed(
      `    print("new")\n    n = {"n": 1}\n    w.run(inputs = n, step = "a.example/one@v1")\n    w.sleep(milliseconds = 9000)`,
    );
    expect(host.machine.summary().state).toBe("waiting");
    expect(host.goOn().finished).toBe("succeeded");
  });
});

describe("a handler that is gone", () => {
  it("makes the run stuck", () => {
    const event: Partial<CloudEvent> = {};
    const host = new ScriptedHost(
      workflowOf('def handler(w, ev): w.sleep(days = 1)\non_event("test", handler)'),
      {
        event,
      },
    );
    host.feed({ type: "start" });
    host.workflow = workflowOf('def other(w, ev): w.sleep(days = 1)\non_event("test", other)');
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.summary()).toMatchObject({
      state: "stuck",
      error: { message: expect.stringContaining("the program has no handler handler") },
    });
  });
});
