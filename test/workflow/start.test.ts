import { describe, expect, it } from "vitest";
import { runIdFor } from "../../src/events/run-id.ts";
import { parentOf, priorityOf } from "../../src/events/workflow-start.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import {
  handlerOf,
  modes,
  outline,
  type Script,
  ScriptedHost,
  sha256Hex,
  workflowOf,
} from "./scripted-host.ts";

const one = "0#1" as CommandId;

describe.each(modes)("a child, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };
  const finish = (host: ScriptedHost, command: CommandId) =>
    host.feed({ type: "child_finished", command, outcome: { state: "succeeded", output: 7 } });

  it("is started with its input, waited for, and gives its output", () => {
    const host = start('return w.start("tests", {"service": "shop"})', {
      child: () => ({ state: "succeeded", output: { passed: 3 } }),
    });
    const [child] = [...host.children.values()];
    expect(child?.event).toMatchObject({
      type: "dev.sluice.workflow.start",
      subject: "tests",
      id: `${host.start.id}#0#1`,
      sluicehops: 1,
      data: { service: "shop" },
    });
    const id = child && runIdFor("tests/start", child.event, sha256Hex);
    expect(host.machine.activities()[0]).toMatchObject({
      kind: "start",
      name: "tests",
      state: "waiting",
      child: id,
    });
    host.loseMemory();
    host.goOn();
    expect(host.machine.ending().output).toEqual({ passed: 3 });
    expect(host.closed).toEqual([]);
    expect(outline(host.records)).toEqual([
      "run : started",
      "0#1 start tests",
      "0#1 : child_called",
      "0#1 : child_started",
      "0#1 ok",
      "run : finished",
    ]);
  });

  it("asks runners with the priority of the run that started it, as that does with its trigger's", () => {
    const parent = new ScriptedHost(
      workflowOf(`
def handler(w, ev):
    w.spawn(lambda: w.start("tests"))
    w.run(step = "./x")

on_event(type = "com.example.urgent", handler = handler, priority = 7)
`),
      { replayEveryTime },
    );
    parent.feed({ type: "start" });
    parent.goOn();
    expect([...parent.jobs.values()]).toMatchObject([{ job: { priority: 7 } }]);
    const event = [...parent.children.values()][0]?.event;
    if (!event) throw new Error("no child");
    const trigger = { id: "tests/start" };
    expect(priorityOf({ trigger, event })).toBe(7);
    // Whoever sends an event of their own cannot take it.
    expect(priorityOf({ trigger, event: { ...event, type: "com.example.x" } })).toBe(0);
    expect(priorityOf({ trigger: { id: "audit/log" }, event })).toBe(0);
  });

  it.each([
    ["failed", "ChildFailed", { code: "Broken", message: "broke", details: { at: 3 } }],
    ["cancelled", "ChildCancelled", { code: "Cancelled", message: "enough" }],
  ] as const)("that %s raises that where it is waited for", (state, code, error) => {
    const host = start(
      'got = w.attempt(lambda: w.start("tests"))\nreturn [got.error.code, got.error.details]',
      {
        child: () => ({ state, error }),
      },
    );
    host.goOn();
    const [raised, details] = host.machine.ending().output as [string, { error: unknown; workflow: string }];
    expect(raised).toBe(code);
    expect(details).toMatchObject({ workflow: "tests", error });
  });

  it("that cannot be started raises why", () => {
    const host = start('w.start("nowhere")', {
      child: () => ({ refused: { code: "UnknownWorkflow", message: "there is no workflow nowhere" } }),
    });
    expect(host.goOn().machine.ending().error).toMatchObject({ code: "UnknownWorkflow" });
  });

  it.each([
    ["", [{ terminate: false }]],
    [', parent_close = "terminate"', [{ terminate: true }]],
    [', parent_close = "abandon"', []],
  ])("is closed with the command that waits for it (%s)", (option, closed) => {
    const host = start(`w.start("tests"${option})`, { child: () => "never" });
    host.cancel();
    expect(host.finished).toBe("cancelled");
    expect(host.closed).toMatchObject(closed);
  });

  it("that nobody waits for runs beside, and is closed when the run ends before it", () => {
    const host = start('got = w.start("tests", wait = False)\nw.sleep(days = 1)\nreturn got', {
      child: () => "never",
    });
    host.goOn();
    const { run } = host.machine.ending().output as { run: RunId };
    expect(host.closed).toEqual([{ run, terminate: false }]);
    expect(host.machine.activities()[0]).toMatchObject({ child: run, outputs: { run } });
  });

  it("that nobody waits for and that is over is not closed", () => {
    const host = start('w.start("tests", wait = False)\nw.sleep(days = 1)');
    host.goOn();
    expect(host.finished).toBe("succeeded");
    expect(host.closed).toEqual([]);
    expect(outline(host.records)).toContain("0#1 : child_finished");
  });

  it("may end before its parent hears that it was started, and says so once", () => {
    for (const [option, output] of [
      ["", 7],
      [", wait = False", { run: expect.any(String) }],
    ] as const) {
      const host = start(`got = w.start("tests"${option})\nw.sleep(seconds = 1)\nreturn got`, {
        child: () => "never",
      });
      finish(host, one);
      const { length } = host.records;
      host.feed({ type: "child_started", command: one });
      finish(host, one);
      expect(host.records).toHaveLength(length);
      host.fireNextTimer();
      expect(host.machine.ending().output).toEqual(output);
      expect(host.closed).toEqual([]);
    }
  });

  it("tells its parent how it ended, whatever the end", () => {
    const event = { type: "dev.sluice.workflow.start", subject: "test", sluiceparent: "run_p/0#4" };
    const child = (body: string) => {
      const workflow = workflowOf(`def handler(w, ev):\n    ${body}\n\non_start(handler)\n`);
      const host = new ScriptedHost(workflow, { replayEveryTime, event });
      host.feed({ type: "start" });
      return host;
    };
    // A trigger that listens to all starts is not the one that was asked for.
    const listener = workflowOf(
      'def handler(w, ev):\n    return 4\n\non_event(type = "dev.sluice.*", handler = handler)\n',
    );
    expect(new ScriptedHost(listener, { replayEveryTime, event }).run().told).toEqual([]);
    expect(child("return 3").told).toMatchObject([
      { parent: "run_p", command: "0#4", outcome: { state: "succeeded", output: 3 } },
    ]);
    expect(child('fail("x")').told).toMatchObject([
      { outcome: { state: "failed", error: { message: "fail: x" } } },
    ]);
    const stopped = child("w.sleep(days = 1)");
    stopped.cancel(true);
    expect(stopped.told).toMatchObject([{ outcome: { state: "cancelled" } }]);
    expect(stopped.machine.summary().parent).toEqual({ run: "run_p", command: "0#4" });
    expect(child("w.continue_as_new()").told).toEqual([]);
  });

  it("names no parent where its event was not Sluice's own", () => {
    const event = {
      specversion: "1.0",
      id: "1",
      source: "/x",
      type: "com.example",
      sluiceparent: "run_p/0#4",
    } as const;
    expect(parentOf(event)).toBeUndefined();
  });

  it("is not started by the last of too many that started one another", () => {
    const host = start('w.start("tests")', { event: { sluicehops: 32 } });
    expect(host.machine.ending().error?.code).toBe("TooManyHops");
    expect(host.children.size).toBe(0);
  });

  it("takes an emergency with it", () => {
    const host = start('w.start("tests")', { event: { sluicebypass: true }, child: () => "never" });
    expect([...host.children.values()][0]?.event.sluicebypass).toBe(true);
  });

  it.each([
    ['"a b"', "InvalidStart"],
    ['"t", id = ""', "InvalidStart"],
    ['"t", parent_close = "kill"', "InvalidStart"],
    ['"t", lambda: 1', "NotJson"],
  ])("is refused as start(%s)", (call, code) => {
    expect(start(`w.start(${call})`).machine.ending().error?.code).toBe(code);
  });
});

describe("on_start", () => {
  it("is a trigger of the workflow's own name", () => {
    const { triggers } = workflowOf("def handler(w, ev):\n    pass\n\non_start(handler)\n");
    expect(triggers).toEqual([
      {
        id: "test/start",
        type: "dev.sluice.workflow.start",
        handler: "handler",
        match: { subject: "test" },
      },
    ]);
  });

  it("is there once", () => {
    expect(() => workflowOf("def a(w, ev):\n    pass\n\non_start(a)\non_start(a)\n")).toThrow(
      /test\/start already/,
    );
  });
});
