import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FormField, FormValues } from "../../src/protocol/form.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import { checkValues, isDate } from "../../src/workflow/forms/check-values.ts";
import { loadRun } from "../../src/workflow/index.ts";
import { handlerOf, modes, outline, type Script, ScriptedHost, sha256Hex } from "./scripted-host.ts";

const ask = `
  return w.form("Release", {
      "version": {"type": "string", "required": True, "pattern": "[0-9]+[.][0-9]+"},
      "notes": "text",
      "share": {"type": "number", "min": 0, "max": 1, "default": 0.5},
      "notify": {"type": "boolean", "default": False},
      "ring": {"type": "choice", "options": ["canary", "all"]},
      "regions": {"type": "multi_choice", "options": ["eu", "us"], "min": 1},
      "day": {"type": "date", "min": "2026-01-01"},
  }, assignees = ["fay", "gus"], timeout = "1d")
`;

describe.each(modes)("a form, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };
  const theForm = (host: ScriptedHost) => {
    const form = [...host.forms.values()][0];
    if (!form) throw new Error("no form");
    return form;
  };

  it("is listed until somebody fills it in, and returns what they did", () => {
    const host = start(ask);
    expect(theForm(host)).toMatchObject({
      title: "Release",
      state: "pending",
      assignees: ["fay", "gus"],
      dueAt: host.now + 24 * 3600_000,
    });
    expect(host.machine.summary().waitingFor).toBe('waiting for somebody to fill in "Release"');
    expect(host.machine.activities()[0]).toMatchObject({ kind: "form", form: theForm(host).id });
    host.loseMemory();
    host.fill(theForm(host), { version: "1.4", ring: "all", regions: ["us"] }, "gus");
    const values = {
      version: "1.4",
      notes: null,
      share: 0.5,
      notify: false,
      ring: "all",
      regions: ["us"],
      day: null,
    };
    expect(host.machine.ending().output).toEqual(values);
    expect(theForm(host)).toMatchObject({ state: "filled", filledBy: "gus", values });
    expect(outline(host.records)).toEqual([
      "run : started",
      "0#1 form Release",
      "0#1 : form_filled",
      "0#1 ok",
      "run : finished",
    ]);
    const told = [...host.emitted.values()].map(({ type }) => type);
    expect(told).toContain("dev.sluice.form.opened");
    expect(told).toContain("dev.sluice.form.closed");
  });

  const signed = 'w.form("T", {"by": "text", "values": "text", "pin": "secret"}, signed = True)';

  it("that is signed tells who has answered, beside whatever its fields are called", () => {
    const host = start(`return ${signed}`);
    expect(theForm(host).state).toBe("pending");
    const given = { by: "a field", pin: "12" };
    host.fill(theForm(host), given, "gus");
    expect(host.fill(theForm(host), given, "gus").refused).toBeUndefined();
    expect(host.fill(theForm(host), { by: "a field" }, "gus").refused?.code).toBe("form_closed");
    host.loseMemory();
    const values = { by: "a field", values: null, pin: "12" };
    expect(host.records.find(({ type }) => type === "completed")).toMatchObject({
      outcome: { ok: { by: "gus", values } },
    });
    const shown = { ...values, pin: "•••" };
    expect(theForm(host)).toMatchObject({ state: "filled", filledBy: "gus", values: shown });
    expect(host.machine.activities()[0]?.outputs).toEqual({ by: "gus", values: shown });
  });

  it("that is signed tells of the operator who completes it, and of nobody when its time is over", () => {
    const host = start(`got = ${signed}\nw.sleep(days = 1)\nreturn [got["by"], got["values"]["by"]]`);
    const operation = { action: "complete", command: "0#1", value: { by: "a field" } } as const;
    host.feed({ type: "operate", operation, by: "olga", reason: "" });
    expect(theForm(host)).toMatchObject({ state: "filled", filledBy: "olga", values: { by: "a field" } });
    host.fireNextTimer();
    expect(host.machine.ending().output).toEqual(["olga", "a field"]);
    const late = start(`return ${signed.replace("signed", 'timeout = "1d", signed')}`);
    late.fireNextTimer();
    expect([theForm(late).state, late.machine.ending().output]).toEqual(["expired", null]);
  });

  it("takes the first answer, and the same one again as the same", () => {
    const host = start(`${ask.trim()}["version"]`);
    const values = { version: "1.4", regions: ["eu"] };
    const form = theForm(host);
    host.fill(form, values);
    const { length } = host.records;
    expect(host.fill(form, values).refused).toBeUndefined();
    expect(host.fill(form, { ...values, notes: "more" }).refused?.code).toBe("form_closed");
    expect(host.fill(form, values, "gus").refused?.code).toBe("form_closed");
    expect(host.records).toHaveLength(length);
  });

  it("is for its assignees alone", () => {
    const host = start(ask);
    expect(host.fill(theForm(host), { version: "1.4" }, "mallory").refused?.code).toBe("not_assigned");
    expect(theForm(host).state).toBe("pending");
  });

  it("refuses what does not fit, field by field, and stays open", () => {
    const host = start(ask);
    const { refused } = host.fill(theForm(host), {
      version: "1.4\n",
      share: 2,
      notify: "yes",
      ring: "none",
      regions: ["eu", "eu"],
      day: "2026-02-30",
      other: 1,
    });
    expect(refused?.code).toBe("invalid_form");
    const errors = (refused?.details?.errors ?? []) as { pointer: string }[];
    const pointers = errors.map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(
      ["day", "notify", "other", "regions", "ring", "share", "version"].map((name) => `/values/${name}`),
    );
    expect(host.records).toHaveLength(2);
  });

  it("returns None when its time is over, and takes nothing afterwards", () => {
    const host = start(`${ask.trim()}\nw.sleep(days = 1)`.replace("return ", "got = "));
    host.fireNextTimer();
    expect(theForm(host).state).toBe("expired");
    expect(host.fill(theForm(host), { version: "1.4" }).refused?.code).toBe("form_closed");
  });

  it("is withdrawn when nobody waits for it any more", () => {
    const host = start('w.race([lambda: w.form("Stop?", {"why": "text"}), lambda: w.sleep(seconds = 5)])');
    host.fireNextTimer();
    expect(theForm(host).state).toBe("withdrawn");
    const cancelled = start(ask);
    cancelled.cancel();
    expect(theForm(cancelled).state).toBe("withdrawn");
  });

  it("that an operator completes is filled in by the operator", () => {
    const host = start(ask);
    const operation = { action: "complete", command: "0#1", value: { version: "2.0" } } as const;
    host.feed({ type: "operate", operation, by: "olga", reason: "" });
    expect(theForm(host)).toMatchObject({ state: "filled", filledBy: "olga", values: { version: "2.0" } });
  });

  it.each([
    ['"", {"a": "text"}', "title"],
    ['"T", {}', "want 1 to 50"],
    ['"T", {"a b": "text"}', "a field is named"],
    ['"T", {"a": "texts"}', "there is no type texts"],
    ['"T", {"a": {"type": "text", "size": 1}}', "there is no option size"],
    ['"T", {"a": "choice"}', "a choice needs options"],
    ['"T", {"a": {"type": "choice", "options": ["x", "x"]}}', "different strings"],
    ['"T", {"a": {"type": "text", "options": ["x"]}}', "takes no options"],
    ['"T", {"a": {"type": "text", "pattern": "("}}', "regular expression"],
    ['"T", {"a": {"type": "number", "pattern": "1"}}', "takes no pattern"],
    ['"T", {"a": {"type": "date", "min": 3}}', "min does not fit"],
    ['"T", {"a": {"type": "number", "min": 5, "max": 1}}', "min is 5, and nothing is more than 1"],
    [
      '"T", {"a": {"type": "date", "min": "2026-02-01", "max": "2026-01-01"}}',
      "nothing is more than 2026-01-01",
    ],
    ['"T", {"a": {"type": "multi_choice", "options": ["x"], "min": 2}}', "nothing is more than 1"],
    ['"T", {"a": {"type": "string", "min": 1001}}', "nothing is more than 1000"],
    ['"T", {"a": {"type": "number", "default": "x"}}', "default must be a number"],
    ['"T", {"a": "text"}, assignees = []', "names of people"],
  ])("is refused as form(%s)", (call, message) => {
    const { error } = start(`w.form(${call})`).machine.ending();
    expect(error?.code).toBe("InvalidForm");
    expect(error?.message).toContain(message);
  });
});

describe("a form that nobody could fill in", () => {
  const body = 'got = w.form("T", {"a": {"type": "number", "min": 5, "max": 3}})\nreturn got';

  it("is an error at its call, and is neither listed nor told", () => {
    const host = new ScriptedHost(
      handlerOf(`return w.attempt(lambda: ${body.split("\n")[0]?.slice(6)}).error.code`),
    );
    host.feed({ type: "start" });
    expect(host.machine.ending().output).toBe("InvalidForm");
    expect(host.forms.size).toBe(0);
    expect([...host.emitted.values()].filter(({ type }) => type.includes(".form."))).toEqual([]);
    host.loseMemory();
    expect(host.machine.ending().output).toBe("InvalidForm");
  });

  it("and was asked before that was refused is open as before, and its run is not stuck", () => {
    const fine = new ScriptedHost(handlerOf(body.replace('"max": 3', '"max": 7')));
    fine.feed({ type: "start" });
    // As the journal has it that was written before.
    const records = fine.records.map((record) =>
      record.type === "scheduled"
        ? {
            ...record,
            args: { fields: [{ name: "a", type: "number", min: 5, max: 3 }] },
            digest: sha256Hex('{"fields":[{"max":3,"min":5,"name":"a","type":"number"}]}'),
          }
        : record,
    );
    const { start } = fine;
    const machine = loadRun(handlerOf(body), { start, records, sha256Hex });
    const resumed = machine.handle({ type: "resume" }, { now: fine.now, entropy: () => new Uint8Array(16) });
    expect([machine.stuck, resumed.records]).toEqual([undefined, []]);
    const operation = { action: "skip", command: "0#1" as CommandId } as const;
    const moment = { now: fine.now, entropy: () => new Uint8Array(16) };
    const skipped = machine.handle({ type: "operate", operation, by: "olga", reason: "" }, moment);
    expect(skipped.effects.find(({ kind }) => kind === "put_form")).toMatchObject({
      form: { state: "expired" },
    });
    expect(machine.ending().output).toBeNull();
  });
});

describe("what is filled in", () => {
  it("is checked in time that does not explode, whatever the pattern", () => {
    const field: FormField = { name: "a", type: "string", pattern: "(a+)+$" };
    expect(checkValues([field], { a: `${"a".repeat(999)}b` })).toHaveProperty("faults");
  });

  it("comes out as a value for each field and nothing else, or not at all", () => {
    const fields: FormField[] = [
      { name: "s", type: "string", required: true, max: 5 },
      { name: "n", type: "number", min: 0 },
      { name: "constructor", type: "boolean" },
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("s", "n", "constructor", "x"), fc.jsonValue()), (given) => {
        const checked = checkValues(fields, given as FormValues);
        if ("faults" in checked) expect(checked.faults.length).toBeGreaterThan(0);
        else {
          expect(Object.keys(checked.values)).toEqual(["s", "n", "constructor"]);
          expect(String(checked.values.s).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });

  it("are dates as the calendar has them", () => {
    const dates = [
      "2024-02-29",
      "2023-02-29",
      "2000-02-29",
      "1900-02-29",
      "2026-13-01",
      "2026-1-1",
      "2026-04-31",
    ];
    expect(dates.map(isDate)).toEqual([true, false, true, false, false, false, false]);
  });
});
