// Whom the library's chain of approvals asks. What comes of their answers: workflows/lib/approval_chain_test.star.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Form } from "../../src/protocol/form.ts";
import { ScriptedHost, workflowOf } from "./scripted-host.ts";

const read = (name: string) => readFileSync(new URL(`../../workflows/lib/${name}`, import.meta.url), "utf8");
const library = {
  "approval_chain.star": read("approval_chain.star"),
  "duration.star": read("duration.star"),
};

function start(stages: string): ScriptedHost {
  const source = `
load("approval_chain.star", "approval_chain")

def handler(w, ev):
    return approval_chain(w, ${stages}, timeout = "8h")

on_event(type = "test", handler = handler)
`;
  const host = new ScriptedHost(workflowOf({ "main.star": source, ...library }), {
    start: { initiator: "ann" },
  });
  host.feed({ type: "start" });
  return host;
}

const open = (host: ScriptedHost): Form => {
  const form = [...host.forms.values()].find(({ state }) => state === "pending");
  if (!form) throw new Error("nobody is asked");
  return form;
};

describe("a chain of approvals", () => {
  it("asks those a stage names by a form, but not who started the run or approved before", () => {
    const host = start('{"business": ["ann", "maria", "noor"], "release": ["maria", "bob"]}');
    expect(open(host)).toMatchObject({
      title: "Approve business",
      assignees: ["maria", "noor"],
      dueAt: host.now + 8 * 3600_000,
    });
    expect([...host.emitted.values()].map(({ type }) => type)).toContain("dev.sluice.form.opened");
    const approve = (by: string) => host.fill(open(host), { decision: "approve" }, by).refused?.code;
    expect([approve("ann"), approve("bob"), approve("maria")]).toEqual([
      "not_assigned",
      "not_assigned",
      undefined,
    ]);
    expect(open(host)).toMatchObject({ title: "Approve release", assignees: ["bob"] });
    expect([approve("maria"), approve("bob")]).toEqual(["not_assigned", undefined]);
    expect(host.machine.ending().output).toMatchObject({ approved: true, by: ["maria", "bob"] });
  });

  it("takes nothing but a decision", () => {
    const host = start('{"business": []}');
    expect(host.fill(open(host), { comment: "fine" }, "bob").refused?.code).toBe("invalid_form");
    expect(host.fill(open(host), { decision: "maybe" }, "bob").refused?.code).toBe("invalid_form");
    expect(open(host).state).toBe("pending");
  });

  it("counts no operator who answers by hand for those who are asked", () => {
    const host = start('{"business": ["maria"]}');
    const { command } = open(host);
    const operation = { action: "complete", command, value: { decision: "approve" } } as const;
    host.feed({ type: "operate", operation, by: "olga", reason: "" });
    expect(host.machine.ending().output).toBeUndefined();
    expect(open(host).command).not.toBe(command);
  });
});
