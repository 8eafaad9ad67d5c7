// Invariants 2 and 3 of docs/replay.md: a power cut anywhere, and messages that come again, change nothing.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { ApprovalId, CommandId } from "../../src/protocol/ids.ts";
import { noteKinds } from "../../src/protocol/journal.ts";
import { commandKinds } from "../../src/workflow/commands/registry.ts";
import type { RunInput } from "../../src/workflow/index.ts";
import { corpus } from "./corpus.ts";
import { remains } from "./remains.ts";
import { type Script, ScriptedHost, type workflowOf } from "./scripted-host.ts";

// Thousands of runs: a busy machine takes longer than the default.
vi.setConfig({ testTimeout: 60_000 });

type Workflow = ReturnType<typeof workflowOf>;

function withCuts(workflow: Workflow, script: Script, cuts: ReadonlySet<string>): ScriptedHost {
  const left = new Set(cuts);
  return new ScriptedHost(workflow, {
    ...script,
    cut: (write, when) => left.delete(`${when} ${write}`),
  }).run();
}

describe("the corpus", () => {
  const records = corpus.flatMap(({ workflow, script }) => new ScriptedHost(workflow, script).run().records);

  it("has every kind of command there is", () => {
    const seen = new Set(
      records.flatMap((record) => (record.type === "scheduled" ? [record.kind as string] : [])),
    );
    expect(commandKinds.filter((kind) => !seen.has(kind))).toEqual([]);
  });

  it("leaves every kind of note there is", () => {
    const seen = new Set(records.flatMap((record) => (record.type === "noted" ? [record.note] : [])));
    expect(noteKinds.filter((note) => !seen.has(note))).toEqual([]);
  });
});

describe.each(corpus)("$name", ({ workflow, script }) => {
  const reference = new ScriptedHost(workflow, script).run();
  const expected = remains(reference);
  const replayEveryTime = [false, true];

  it.each(replayEveryTime)(
    "ends the same when power is cut before or after any write (replays: %s)",
    (replays) => {
      for (let write = 1; write <= reference.writes; write++) {
        for (const when of ["before", "after"]) {
          const host = withCuts(
            workflow,
            { ...script, replayEveryTime: replays },
            new Set([`${when} ${write}`]),
          );
          expect(host.loads).toBe(2);
          expect(remains(host), `${when} write ${write}`).toEqual(expected);
        }
      }
    },
  );

  it("ends the same when power is cut at any number of writes", () => {
    const cut = fc.tuple(fc.constantFrom("before", "after"), fc.integer({ min: 1, max: reference.writes }));
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), (cuts) => {
        const host = withCuts(workflow, script, new Set(cuts.map(([when, write]) => `${when} ${write}`)));
        expect(remains(host)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it("is not changed by inputs that come again, come late, or mean nothing", () => {
    fc.assert(
      fc.property(fc.array(disturbance, { maxLength: 60 }), (disturbances) => {
        const host = new ScriptedHost(workflow, script);
        host.feed({ type: "start" });
        for (const disturb of disturbances) {
          if (disturb.what === "memory") host.loseMemory();
          else if (disturb.what === "step") host.step();
          else {
            // What somebody does by hand again, they do again: a second cancellation waits for no cleanup.
            const sent = host.sent.filter(({ type }) => type !== "cancel" && type !== "operate");
            const input = disturb.what === "again" ? sent[disturb.which % sent.length] : disturb.input;
            if (input) expect(host.feed(input).records).toEqual([]);
          }
        }
        expect(remains(host.goOn())).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

const command = fc.constantFrom("0#1", "0#2", "0#3", "0#9", "0.1#1") as fc.Arbitrary<CommandId>;
const outcome = fc.constantFrom({ ok: { forged: true } }, { error: { code: "Forged", message: "forged" } });
// Attempts and rounds that no command of the corpus reaches.
const unreached = fc.integer({ min: 50, max: 60 });

const nonsense: fc.Arbitrary<RunInput> = fc.oneof(
  fc.record({ type: fc.constant("job_taken"), command, attempt: unreached, runner: fc.constant("x") }),
  fc.record({
    type: fc.constant("job_finished"),
    command,
    attempt: unreached,
    outcome,
    cause: fc.constantFrom("completed", "lost", "cancelled"),
  }),
  fc.record({ type: fc.constant("builtin_finished"), command, attempt: unreached, outcome }),
  fc.record({
    type: fc.constant("policy_decided"),
    command,
    round: unreached,
    result: fc.constant({ ok: false as const, error: { code: "x", message: "x" } }),
  }),
  fc.record({
    type: fc.constant("timer"),
    id: fc.constantFrom("sleep:0.1#1", "retry:0#1:77", "attempt_timeout:0#1:77", "deadline:0#99", "?", ""),
  }),
  fc.record({
    type: fc.constant("approval_resolved"),
    approval: fc.constant("nothing" as ApprovalId),
    decision: fc.constantFrom("approve", "deny"),
    comment: fc.constant(""),
    by: fc.constant("bob"),
  }),
  fc.constant({ type: "start" }),
  fc.constant({ type: "resume" }),
) as fc.Arbitrary<RunInput>;

const disturbance = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("step" as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("again" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("nonsense" as const), input: nonsense }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("memory" as const) }) },
);
