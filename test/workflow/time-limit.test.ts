// `timeout=` of a trigger: how long each of its runs may take.
import { describe, expect, it } from "vitest";
import { WORKFLOW_START } from "../../src/events/workflow-start.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { failedCommand, firstDifference, forkedRecords } from "../../src/workflow/index.ts";
import { pauseForPlace } from "../../src/workflow/place.ts";
import { modes, type Script, ScriptedHost, sha256Hex, workflowOf } from "./scripted-host.ts";

const HOUR = 3600_000;

const limited = (body: string, rules = 'timeout = "1h"') => {
  const lines = body.split("\n").map((line) => `    ${line}\n`);
  return workflowOf(
    `def handler(w, ev):\n${lines.join("")}\non_event(type = "test", handler = handler, ${rules})\n`,
  );
};

const dueIn = (host: ScriptedHost) =>
  [...host.timers.values()].map(({ id, dueAt }) => [id, (dueAt - host.now) / HOUR]);

describe.each(modes)("a run with a time limit, $mode", ({ replayEveryTime }) => {
  const begun = (body: string, script: Script = {}, rules?: string) => {
    const host = new ScriptedHost(limited(body, rules), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };

  it("fails when it is not over in time, and cleans up like one that is cancelled", () => {
    const host = begun('w.defer(lambda: w.log(w.run("a.example/tidy@v1")))\nw.wait_for_signal("never")', {
      functions: () => ({ ok: { tidy: true } }),
    });
    expect(dueIn(host)).toEqual([["time_limit", 1]]);
    host.goOn();
    expect(
      host.records.find((record) => record.type === "noted" && record.note === "cancel_requested"),
    ).toMatchObject({
      data: { by: "sluice", reason: "its time limit of 1h is over", commands: ["0#1"], timeoutMs: HOUR },
    });
    expect(host.log).toEqual(['{"tidy": True}']);
    expect(host.finished).toBe("failed");
    expect(host.machine.ending().error).toEqual({
      code: "RunTimedOut",
      message: "the run was not over within its time limit of 1h",
      details: { timeoutMs: HOUR },
    });
    const told = [...host.emitted.values()].map(({ type }) => type);
    expect(told).toContain("dev.sluice.run.failed");
    expect(told).not.toContain("dev.sluice.run.cancelled");
  });

  it("cannot be kept from it by a script that catches errors", () => {
    const host = begun('w.attempt(w.sleep, days = 1)\nw.attempt(w.sleep, days = 1)\nreturn "late"').goOn();
    expect(host.machine.ending().error?.code).toBe("RunTimedOut");
  });

  it("is over as always when it ends in time", () => {
    const host = begun("w.sleep(minutes = 59)\nreturn 1").goOn();
    expect(host.machine.ending()).toEqual({ output: 1 });
    expect(host.feed({ type: "timer", id: "time_limit" }).records).toEqual([]);
  });

  it("has nobody's limit when it has been cancelled before, and takes the time that its cleanup takes", () => {
    const host = begun("w.defer(lambda: w.sleep(hours = 3))\nw.sleep(days = 1)");
    host.cancel();
    expect(host.fireNextTimer()).toBe(true);
    expect(host.finished).toBeUndefined();
    host.goOn();
    expect(host.finished).toBe("cancelled");
    expect(host.machine.ending().error?.details).toEqual({ by: "carl", reason: "enough" });
  });

  it("stays timed out when somebody cancels it during its cleanup, and is cancelled when somebody ends that", () => {
    const stopping = () => {
      const host = begun("w.defer(lambda: w.sleep(hours = 3))\nw.sleep(days = 1)");
      host.fireNextTimer();
      return host;
    };
    const cancelled = stopping();
    expect(cancelled.cancel().records).toEqual([]);
    cancelled.goOn();
    expect(cancelled.machine.ending().error?.code).toBe("RunTimedOut");
    const terminated = stopping();
    terminated.cancel(true);
    expect(terminated.finished).toBe("cancelled");
  });

  it("is stopped while it is paused, too", () => {
    const host = begun('w.sleep(minutes = 1)\nw.run("a.example/f@v1")');
    host.feed({ type: "operate", by: "ann", reason: "", operation: { action: "pause" } });
    host.goOn();
    expect([host.machine.ending().error?.code, host.jobs.size]).toEqual(["RunTimedOut", 0]);
  });

  it("tells the run that started it that its child has failed", () => {
    const host = begun("w.sleep(days = 1)", {
      event: { type: WORKFLOW_START, subject: "test", sluiceparent: `run_${"0".repeat(31)}2/0#1` },
      start: { trigger: { id: "test/start", type: WORKFLOW_START, handler: "handler", timeoutMs: HOUR } },
    }).goOn();
    expect(host.told.map(({ outcome }) => outcome)).toMatchObject([
      { state: "failed", error: { code: "RunTimedOut" } },
    ]);
  });

  it("has its time on the host's own clock, whatever sleeps are scaled to", () => {
    const host = begun("w.sleep(days = 1)", {
      options: { scaleDueAt: (dueAt, now) => now + (dueAt - now) / 60 },
    });
    expect(dueIn(host)).toEqual([
      ["time_limit", 1],
      ["sleep:0#1", 0.4],
    ]);
  });

  it("is restarted from the command that it waited for, where that was one", () => {
    const waiting = begun('w.uuid()\nw.wait_for_signal("never")').goOn();
    expect(failedCommand(waiting.records)).toEqual({ ok: true, value: "0#2" });
    const side = begun("w.parallel([lambda: w.sleep(days = 1), lambda: w.sleep(days = 2)])").goOn();
    expect(failedCommand(side.records)).toMatchObject({ ok: false, error: { code: "no_failed_command" } });
  });

  it("replays to the same end, and differs from a program that would have been over", () => {
    const host = begun('w.sleep(minutes = 1)\nw.wait_for_signal("never")').goOn();
    const history = (records: JournalRecord[]) => ({ head: { run: host.start } as never, records });
    expect(firstDifference(host.workflow, history(host.records), sha256Hex)).toBeUndefined();
    expect(firstDifference(limited("w.sleep(minutes = 1)"), history(host.records), sha256Hex)?.code).toBe(
      "NonDeterminism",
    );
    expect(host.machine.stuck).toBeUndefined();
  });

  it("keeps its limit for when it goes on, where it is stuck", () => {
    const host = begun("w.sleep(days = 1)");
    const right = host.workflow;
    host.workflow = limited("w.sleep(days = 2)");
    host.loseMemory();
    host.fireNextTimer();
    expect(host.machine.summary().state).toBe("stuck");
    host.workflow = right;
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.ending().error?.code).toBe("RunTimedOut");
  });
});

describe("a run in the place of another has its time anew", () => {
  const workflow = limited(
    "w.sleep(minutes = 30)\nw.sleep(days = 1)",
    'timeout = "1h", concurrency = concurrency()',
  );
  const origin = {
    run: `run_${"0".repeat(31)}1` as never,
    digest: workflow.digest,
    by: "olivia",
    reason: "",
  };
  const forkOf = (host: ScriptedHost, pause?: Parameters<typeof forkedRecords>[4]) => {
    const records = forkedRecords(host.records, "0#2" as CommandId, origin, host.now, pause);
    if (!records.ok) throw new Error(records.error.message);
    const fork = new ScriptedHost(workflow);
    fork.now = host.now;
    fork.records.push(...(structuredClone(records.value) as JournalRecord[]));
    fork.feed({ type: "begin_again" });
    return fork;
  };
  const timedOut = () => new ScriptedHost(workflow).run();

  it("as a fork, from its beginning", () => {
    expect(dueIn(forkOf(timedOut()))).toContainEqual(["time_limit", 1]);
    expect(forkOf(timedOut()).goOn().machine.ending().error?.code).toBe("RunTimedOut");
  });

  it.each([
    ["the bus gives it", { type: "place_answered", answer: { isGranted: true } }],
    [
      "somebody lets it begin without one",
      { type: "operate", by: "ann", reason: "", operation: { action: "resume" } },
    ],
  ] as const)("as a restart, from the time when it has its place: %s", (_, input) => {
    const fork = forkOf(timedOut(), pauseForPlace(workflow.triggers[0] as never));
    expect(dueIn(fork)).toEqual([]);
    fork.now += 5 * HOUR;
    fork.feed(input as never);
    expect(dueIn(fork)).toContainEqual(["time_limit", 1]);
  });

  it("not when somebody pauses and resumes it", () => {
    const host = new ScriptedHost(workflow);
    host.feed({ type: "start" });
    host.now += HOUR / 2;
    for (const action of ["pause", "resume"] as const) {
      host.feed({ type: "operate", by: "ann", reason: "", operation: { action } });
    }
    expect(dueIn(host)).toContainEqual(["time_limit", 0.5]);
  });

  it("as one that a run goes on as", () => {
    const continuing = limited("w.sleep(minutes = 30)\nw.continue_as_new()");
    const host = new ScriptedHost(continuing).run();
    const next = new ScriptedHost(continuing, { start: { id: host.continuations[0]?.run as never } });
    next.feed({ type: "start" });
    expect([host.finished, dueIn(next)]).toEqual([
      "succeeded",
      [
        ["time_limit", 1],
        ["sleep:0#1", 0.5],
      ],
    ]);
  });
});

describe("timeout=", () => {
  const triggerOf = (declaration: string) =>
    workflowOf(`def handler(w, ev):\n    pass\n\n${declaration}\n`).triggers[0];

  it.each([
    'on_event("a", handler, timeout = "90m")',
    'on_schedule("@daily", handler = handler, timeout = 5400)',
    'on_start(handler, timeout = time.parse_duration("1h30m"))',
  ])("%s is kept with the trigger", (declaration) => {
    expect(triggerOf(declaration)?.timeoutMs).toBe(1.5 * HOUR);
    expect(triggerOf(declaration.replace(/, timeout = .*$/, ")"))).not.toHaveProperty("timeoutMs");
  });

  it.each([
    ["0", "on_event: for parameter timeout: a run takes longer than no time at all"],
    ["-1", "a length of time cannot be negative"],
    ['"4000d"', "at most ten years"],
    ['"soon"', 'on_event: for parameter timeout: got "soon", want seconds'],
  ])("refuses %s", (timeout, message) => {
    expect(() => triggerOf(`on_event("a", handler, timeout = ${timeout})`)).toThrow(message);
  });
});
