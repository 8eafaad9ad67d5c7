import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BuiltinCall } from "../../src/builtins/builtin.ts";
import { emit } from "../../src/builtins/emit.ts";
import { log } from "../../src/builtins/log.ts";
import { builtinNames, findBuiltin } from "../../src/builtins/registry.ts";
import { MAX_HOPS } from "../../src/events/hops.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JsonObject } from "../../src/protocol/json.ts";

function call(inputs: JsonObject, hops?: number): BuiltinCall {
  return {
    run: "run_0123456789abcdef0123456789abcdef" as RunId,
    workspace: "default",
    workflow: "release",
    command: "0#3" as CommandId,
    attempt: 1,
    inputs,
    cause: {
      specversion: "1.0",
      id: "1",
      source: "/test",
      type: "test.began",
      ...(hops === undefined ? {} : { sluicehops: hops }),
    },
    now: Date.parse("2026-11-20T10:00:00Z"),
  };
}

describe("builtin://emit", () => {
  test("makes a CloudEvent of this run, and tells the script its id", () => {
    const { outcome, events } = emit.perform(
      call({ type: "com.example.done", data: { n: 1 }, subject: "x" }),
    );
    expect(events).toEqual([
      {
        specversion: "1.0",
        id: "run_0123456789abcdef0123456789abcdef#0#3",
        source: "/workspaces/default/runs/run_0123456789abcdef0123456789abcdef",
        type: "com.example.done",
        subject: "x",
        time: "2026-11-20T10:00:00.000Z",
        datacontenttype: "application/json",
        data: { n: 1 },
        sluicehops: 1,
      },
    ]);
    expect(outcome).toEqual({
      ok: {
        id: "run_0123456789abcdef0123456789abcdef#0#3",
        source: "/workspaces/default/runs/run_0123456789abcdef0123456789abcdef",
        type: "com.example.done",
      },
    });
  });

  test("every attempt of a command emits the same event id, every command another", () => {
    const id = (attempt: number, command: string) =>
      emit.perform({ ...call({ type: "t" }), attempt, command: command as CommandId }).events?.[0]?.id;
    expect(id(1, "0#1")).toBe(id(2, "0#1"));
    expect(id(1, "0#1")).not.toBe(id(1, "0#2"));
  });

  test("a chain of events ends after the hop limit, and not before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * MAX_HOPS }), (hops) => {
        const { outcome, events } = emit.perform(call({ type: "again" }, hops));
        if (hops < MAX_HOPS) expect(events?.[0]?.sluicehops).toBe(hops + 1);
        else expect([outcome, events]).toMatchObject([{ error: { code: "TooManyHops" } }, undefined]);
      }),
    );
  });

  test("nobody but Sluice emits Sluice's own events", () => {
    const { outcome, events } = emit.perform(call({ type: "dev.sluice.approval.resolved" }));
    expect(outcome).toMatchObject({ error: { code: "ReservedEventType" } });
    expect(events).toBeUndefined();
  });

  test.each<[string, JsonObject]>([
    ["no type", {}],
    ["an empty type", { type: "" }],
    ["an unknown input", { type: "t", topic: "x" }],
    ["a source that is no text", { type: "t", source: 3 }],
  ])("%s is refused and emits nothing", (_, inputs) => {
    const { outcome, events } = emit.perform(call(inputs));
    expect(outcome).toMatchObject({ error: { code: "InvalidInputs" } });
    expect(events).toBeUndefined();
  });
});

describe("builtin://log", () => {
  test("writes a line, with its level unless that is info", () => {
    expect(log.perform(call({ message: "hello" }))).toEqual({ outcome: { ok: {} }, log: ["hello"] });
    expect(log.perform(call({ message: "careful", level: "warning" })).log).toEqual(["warning: careful"]);
  });

  test("an unknown level is refused", () => {
    expect(log.perform(call({ message: "x", level: "loud" })).outcome).toMatchObject({
      error: { code: "InvalidInputs" },
    });
  });
});

test("no property of an object is mistaken for a builtin", () => {
  for (const name of ["constructor", "__proto__", "toString", "", "emit "])
    expect(findBuiltin(name)).toBeUndefined();
  for (const name of builtinNames) expect(findBuiltin(name)).toBeDefined();
});
