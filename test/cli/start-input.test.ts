import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askFor } from "../../cli/fields.ts";
import { startInput } from "../../cli/start-input.ts";
import type { FormField } from "../../src/protocol/form.ts";

const fields: FormField[] = [
  { name: "service", type: "string", required: true },
  { name: "ring", type: "choice", options: ["canary", "all"], required: true },
  { name: "share", type: "number", max: 1, default: 0.1, required: true },
  { name: "notes", type: "text" },
];

/** A server that knows one workflow, with these inputs. */
const serverWith = (inputs?: FormField[]) => ({
  get: async <T>() => ({ triggers: [{ id: "x/start", ...(inputs && { inputs }) }] }) as T,
});

/** A terminal at which these lines are typed. */
function typing(...lines: string[]) {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(lines.map((line) => `${line}\n`).join(""));
  return { input, output, shown: () => String(output.read() ?? "") };
}

describe("what a start is given", () => {
  it("is read by the types that the workflow declares, on top of a whole input", async () => {
    const given = await startInput(
      serverWith(fields),
      "x",
      { input: { service: "shop", share: 1 }, set: ["share=0.5", "notes=5"] },
      undefined,
    );
    expect(given).toEqual({ service: "shop", share: 0.5, notes: "5" });
  });

  it("goes as it is to a workflow that declares none", async () => {
    expect(await startInput(serverWith(), "x", { input: [1], set: [] }, typing())).toEqual([1]);
    expect(await startInput(serverWith(), "x", { set: [] }, undefined)).toBeUndefined();
    await expect(startInput(serverWith(), "x", { set: ["a=1"] }, undefined)).rejects.toThrow(
      "x declares no inputs that --set could name",
    );
  });

  it("is asked for at a terminal where it is required, missing and without a default", async () => {
    const terminal = typing("shop", "all");
    const given = await startInput(serverWith(fields), "x", { set: ["notes=now"] }, terminal);
    expect(given).toEqual({ notes: "now", service: "shop", ring: "all" });
    expect(terminal.shown()).not.toContain("share");
  });

  it("is asked for again until it fits", async () => {
    const terminal = typing("", "shop", "some", "canary");
    expect(await askFor(fields.slice(0, 2), terminal)).toEqual({ service: "shop", ring: "canary" });
    const shown = terminal.shown();
    expect(shown).toContain("is required");
    expect(shown).toContain("must be one of canary, all");
  });

  it("is shown as it is typed, but for what is secret", async () => {
    const input = new PassThrough();
    const output = Object.assign(new PassThrough(), { isTTY: true });
    const toType = ["shop", "s3cr3t", "plain"];
    let shown = "";
    output.on("data", (text) => {
      shown += String(text);
      if (String(text).endsWith("> ")) input.write(`${toType.shift()}\r`);
    });
    const asked: FormField[] = [
      { name: "service", type: "string", required: true },
      { name: "token", type: "secret", required: true },
      { name: "ring", type: "string", required: true },
    ];
    expect(await askFor(asked, { input, output })).toEqual({
      service: "shop",
      token: "s3cr3t",
      ring: "plain",
    });
    expect(shown).toContain("shop");
    expect(shown).not.toContain("s3cr3t");
    expect(shown).toContain("plain");
  });

  it("is not made up when nobody types it", async () => {
    await expect(askFor(fields.slice(0, 1), typing())).rejects.toThrow("nothing was given for service");
  });
});
