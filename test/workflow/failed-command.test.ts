// Which command a failed run is restarted from when nobody names one.
import { describe, expect, it } from "vitest";
import { failedCommand } from "../../src/workflow/index.ts";
import { handlerOf, type Script, ScriptedHost } from "./scripted-host.ts";

const script: Script = {
  functions: (reference, { why = "broken" }) =>
    reference.includes("/bad") ? { error: { code: "FunctionFailed", message: String(why) } } : { ok: {} },
};
const ended = (body: string) => {
  const host = new ScriptedHost(handlerOf(body), script).run();
  return { host, failed: failedCommand(host.records) };
};
const caught = 'got = w.attempt(w.run, "a.example/bad@v1")';
const bad = (why = "broken") => `w.run("a.example/bad@v1", {"why": "${why}"})`;

describe("the command that a run failed with", () => {
  it.each([
    ["the only one that failed", `w.uuid()\nw.run("a.example/good@v1")\n${bad()}`, "0#3"],
    ["not one whose error the script caught", `w.attempt(lambda: ${bad("first")})\n${bad()}`, "0#2"],
    ["not an attempt before it that failed alike", `w.attempt(lambda: ${bad()})\n${bad()}`, "0#2"],
    ["not cleanup that failed alike", `w.defer(lambda: ${bad()})\n${bad()}`, "0#1"],
    ["that of a branch", `w.parallel([lambda: w.uuid(), lambda: ${bad()}])`, "0.2#1"],
    ["one whose error the script raised again", `${caught}\nw.uuid()\nfail(got.error)`, "0#1"],
    [
      "not another that failed alike after it",
      `${caught}\nw.attempt(lambda: ${bad()})\nfail(got.error)`,
      "0#1",
    ],
    ["one whose error was raised again by a task", `${caught}\nw.wait(w.spawn(fail, got.error))`, "0#1"],
    [
      "one whose error was caught of a branch, and raised again twice",
      `got = w.attempt(w.parallel, [lambda: w.uuid(), lambda: ${bad()}])\nfail(w.attempt(fail, got.error).error)`,
      "0.2#1",
    ],
  ])("is %s", (_, body, command) => {
    const { host, failed } = ended(body);
    expect(host.finished).toBe("failed");
    expect(failed).toEqual({ ok: true, value: command });
  });

  it.each([
    ["whose script raised an error", 'w.uuid()\nfail("no")', "no_failed_command"],
    ["whose script made another error of it", `w.attempt(lambda: ${bad()})\nfail("no")`, "no_failed_command"],
    [
      "whose script says the error in its own words",
      `${caught}\nfail("deploy:", got.error)`,
      "no_failed_command",
    ],
    ["whose script says what the command said", `${caught}\nfail(got.error.message)`, "no_failed_command"],
    ["whose result is no JSON", `${caught}\nreturn lambda: 1`, "no_failed_command"],
    ["that succeeded", `w.attempt(lambda: ${bad()})`, "run_not_failed"],
  ])("is not known of a run %s", (_, body, code) => {
    expect(ended(body).failed).toMatchObject({ ok: false, error: { code } });
  });

  it("keeps code, message and details of an error that the script raises again", () => {
    const raised = { code: "Broken", message: "it broke", details: { exit: 3 } };
    const host = new ScriptedHost(handlerOf(`${caught}\nfail(got.error)`), {
      functions: () => ({ error: raised }),
    }).run();
    expect(host.machine.ending().error).toEqual(raised);
    expect(host.machine.ending().traceback).toContain("fail(got.error)");
  });

  it("is said in the journal to be none where the error is the script's own", () => {
    for (const body of [`${caught}\nfail(got.error.message)`, "return lambda: 1"]) {
      expect(ended(body).host.records.at(-1)).toMatchObject({ note: "finished", data: { command: null } });
    }
  });

  it("is not known of a run that goes on", () => {
    const host = new ScriptedHost(handlerOf(bad()), { functions: () => "never" }).run();
    expect(failedCommand(host.records)).toMatchObject({ ok: false, error: { code: "run_not_failed" } });
  });
});
