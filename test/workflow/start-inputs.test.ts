import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/protocol/json.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Trigger } from "../../src/protocol/workflow.ts";
import { checkStartInput } from "../../src/workflow/forms/start-input.ts";
import { loadWorkflow } from "../../src/workflow/index.ts";
import type { LoadWorkflowOptions } from "../../src/workflow/load-workflow.ts";

function loaded(
  declaration: string,
  options: Partial<LoadWorkflowOptions> = {},
): Result<{ triggers: Trigger[] }> {
  const text = `def main(w, ev):\n    pass\n\n${declaration}\n`;
  return loadWorkflow(
    { entry: "main.star", files: { "main.star": text } },
    { name: "deploy", sha256Hex: (given) => given.length.toString(16).padStart(64, "0"), ...options },
  );
}

function fieldsOf(inputs: string): NonNullable<Trigger["inputs"]> {
  const result = loaded(`on_start(main, inputs = ${inputs})`);
  const fields = result.ok ? result.value.triggers[0]?.inputs : undefined;
  if (!fields) throw new Error(result.ok ? "no inputs" : result.error.message);
  return fields;
}

const fields = fieldsOf(
  '{"service": {"type": "string", "required": True}, "share": {"type": "number", "max": 1, "default": 0.1}, "notes": "text"}',
);

const faultsOf = (input: JsonValue) => {
  const checked = checkStartInput("deploy", fields, input);
  return checked.ok ? [] : ((checked.error.details?.errors ?? []) as JsonValue[]);
};

describe("on_start", () => {
  it("declares what a start takes, in the order in which it is written", () => {
    expect(fields).toEqual([
      { name: "service", type: "string", required: true },
      { name: "share", type: "number", max: 1, default: 0.1 },
      { name: "notes", type: "text" },
    ]);
  });

  it.each([
    ["{}", "on_start: for parameter inputs: 0 of them, want 1 to 50"],
    ['{"a": "colour"}', "on_start: field a: there is no type colour"],
    ['{"a": {"type": "choice"}}', "on_start: field a: a choice needs options"],
    ['{"a": {"type": "number", "default": "x"}}', "on_start: field a: default must be a number"],
    ['{"a/b": "text"}', 'on_start: a field is named "a/b"'],
    ['{"a%d" % n: {"type": "text", "help": "x" * 8000} for n in range(9)}', "more than 65536 bytes as JSON"],
  ])("refuses %s", (inputs, message) => {
    const result = loaded(`on_start(main, inputs = ${inputs})`);
    expect(result).toMatchObject({ ok: false, error: { code: "invalid_workflow" } });
    expect(JSON.stringify(result)).toContain(JSON.stringify(message).slice(1, -1));
  });
});

describe("inputs that nobody could fill in", () => {
  const declaration = 'on_start(main, inputs = {"note": {"type": "text", "min": 30000}})';

  it("are refused, at the place of the declaration", () => {
    expect(loaded(declaration)).toMatchObject({
      ok: false,
      error: {
        code: "invalid_workflow",
        details: {
          diagnostics: [
            {
              code: "invalid-inputs",
              message: "on_start: field note: min is 30000, and nothing is more than 20000",
              line: 4,
            },
          ],
        },
      },
    });
  });

  it("do not keep the runs of a program from being loaded that was taken when they were not refused", () => {
    expect(loaded(declaration, { wasTaken: true })).toMatchObject({ ok: true });
  });
});

describe("the input of a start", () => {
  it("comes to the handler with a value for every field", () => {
    expect(checkStartInput("deploy", fields, { service: "shop", share: 0.5 })).toEqual({
      ok: true,
      value: { service: "shop", share: 0.5, notes: null },
    });
  });

  it("names every value that does not fit, and what there is no field for", () => {
    expect(faultsOf({ share: 2, color: "red" })).toEqual([
      { pointer: "/input/color", message: "is none of the fields: service, share, notes" },
      { pointer: "/input/service", message: "is required" },
      { pointer: "/input/share", message: "must be at most 1" },
    ]);
  });

  it.each([[[1]], ["shop"], [7]])("%j is no object of fields", (input) => {
    expect(faultsOf(input)).toEqual([
      { pointer: "/input", message: "must be an object of service, share, notes" },
    ]);
  });

  it("is none where nothing is given, which is enough where nothing is required", () => {
    expect(faultsOf(null)).toEqual([{ pointer: "/input/service", message: "is required" }]);
    expect(checkStartInput("deploy", fieldsOf('{"notes": "text"}'), null)).toEqual({
      ok: true,
      value: { notes: null },
    });
  });

  it("is anything where nothing is declared", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        const checked = checkStartInput("deploy", undefined, input as JsonValue);
        expect(checked).toEqual({ ok: true, value: input });
      }),
    );
  });

  it("that is taken is taken again, and comes out the same", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 1 }), fc.jsonValue({ maxDepth: 1 }), (service, share) => {
        const first = checkStartInput("deploy", fields, { service, share } as JsonValue);
        if (!first.ok) {
          expect(faultsOf({ service, share } as JsonValue).length).toBeGreaterThan(0);
          return;
        }
        expect(checkStartInput("deploy", fields, first.value)).toEqual(first);
      }),
    );
  });
});
