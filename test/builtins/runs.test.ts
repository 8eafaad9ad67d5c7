import { describe, expect, test } from "vitest";
import type { BuiltinCall, RunRequest } from "../../src/builtins/builtin.ts";
import { cancel, outcomeOf, signal, tooManySuccessors } from "../../src/builtins/runs.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { ok, refuse } from "../../src/protocol/result.ts";
import { MAX_SIGNAL_BYTES } from "../../src/protocol/signal.ts";

const sender = `run_${"a".repeat(32)}` as RunId;
const target = `run_${"b".repeat(32)}` as RunId;

function call(inputs: JsonObject, attempt = 1, command = "0#3"): BuiltinCall {
  return {
    run: sender,
    workspace: "default",
    workflow: "release",
    command: command as CommandId,
    attempt,
    inputs,
    cause: { specversion: "1.0", id: "1", source: "/test", type: "test.began" },
    now: 0,
  };
}

describe("builtin://signal and builtin://cancel", () => {
  test("ask another run in the name of this one, a signal under one id on every attempt", () => {
    const asked = (attempt: number, command?: string) =>
      signal.request(call({ run: target, name: "go", data: { n: 1 } }, attempt, command));
    const request = {
      type: "signal",
      run: target,
      id: `${sender}#0#3`,
      name: "go",
      data: { n: 1 },
      by: sender,
    };
    expect(asked(1)).toEqual({ request });
    expect(asked(2)).toEqual({ request });
    expect(asked(1, "0.1#1")).toEqual({ request: { ...request, id: `${sender}#0.1#1` } });
    expect(cancel.request(call({ run: target }))).toEqual({
      request: { type: "cancel", run: target, by: sender, reason: "" },
    });
  });

  test.each<[typeof signal, JsonObject, string, string]>([
    [signal, { run: "run_1", name: "go" }, "InvalidInputs", "inputs/run"],
    [signal, { run: target }, "InvalidInputs", "inputs/name"],
    [signal, { run: target, name: "no way" }, "InvalidInputs", "inputs/name"],
    [signal, { run: target, name: "go", by: "ann" }, "InvalidInputs", "by"],
    [cancel, { run: target, reason: "x".repeat(2001) }, "InvalidInputs", "inputs/reason"],
    [cancel, { run: target, terminate: true }, "InvalidInputs", "terminate"],
  ])("ask nobody with inputs that are wrong: %#", (builtin, inputs, code, place) => {
    const asked = builtin.request(call(inputs));
    expect(asked).toMatchObject({ outcome: { error: { code, retryable: false } } });
    expect(JSON.stringify(asked)).toContain(place);
  });

  test("send no more data than a signal may have", () => {
    const data = (bytes: number) =>
      signal.request(call({ run: target, name: "go", data: "x".repeat(bytes - 2) }));
    expect(data(MAX_SIGNAL_BYTES)).toHaveProperty("request");
    expect(data(MAX_SIGNAL_BYTES + 1)).toMatchObject({ outcome: { error: { code: "PayloadTooLarge" } } });
  });

  test.each([
    ["unknown_run", "UnknownRun", false],
    ["run_finished", "RunFinished", false],
    ["run_expired", "RunFinished", false],
    ["too_many_successors", "TooManySuccessors", false],
    ["run_stuck", "RunStuck", true],
    ["invalid_signal", "InvalidSignal", false],
    ["too_many_signals", "TooManySignals", true],
    ["something_new", "RunRefused", false],
  ])("fail with what %s is to a script: %s", (refusal, code, retryable) => {
    const request: RunRequest = { type: "cancel", run: target, by: sender, reason: "" };
    const outcome = outcomeOf(request, refuse(refusal, "because"));
    expect(outcome).toMatchObject({ error: { code, retryable } });
    expect(outcome).toHaveProperty("error.message", `builtin://cancel of ${target}: because`);
  });

  test("name the run from where a request is to go on that has come to too many", () => {
    const last = `run_${"c".repeat(32)}` as RunId;
    const request: RunRequest = { type: "cancel", run: target, by: sender, reason: "" };
    expect(outcomeOf(request, tooManySuccessors(last))).toMatchObject({
      error: { code: "TooManySuccessors", details: { run: last } },
    });
  });

  test("say which run has done it", () => {
    const other = `run_${"c".repeat(32)}` as RunId;
    const asked = { run: target, by: sender };
    expect(outcomeOf({ ...asked, type: "cancel", reason: "" }, ok(other))).toEqual({ ok: { run: other } });
    expect(outcomeOf({ ...asked, type: "signal", id: "1", name: "go", data: null }, ok(other))).toEqual({
      ok: { id: "1", run: other },
    });
  });
});
