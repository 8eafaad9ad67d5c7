import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { phasesOf, roughPhases } from "../../dashboard/src/views/run/phases.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { JournalRecord, NoteKind } from "../../src/protocol/journal.ts";
import type { JsonObject } from "../../src/protocol/json.ts";

const command = "0#1" as CommandId;
const position = { file: "a.star", line: 1, column: 1 };

type Step = "scheduled" | "completed" | "failed" | [NoteKind, JsonObject?];

/** A journal of one command: a record at each full second. */
function journal(...steps: Step[]): JournalRecord[] {
  return steps.map((step, index): JournalRecord => {
    const base = { seq: index + 1, at: index * 1000 };
    if (step === "scheduled") {
      return { ...base, type: "scheduled", command, kind: "run", name: "f", digest: "", args: {}, position };
    }
    if (step === "completed") return { ...base, type: "completed", command, outcome: { ok: null } };
    if (step === "failed") {
      return { ...base, type: "completed", command, outcome: { error: { code: "E", message: "e" } } };
    }
    const [note, data = {}] = step;
    const isOfRun = note === "finished" || note === "cancel_requested";
    return { ...base, type: "noted", note, data, ...(isOfRun ? {} : { command }) };
  });
}

const told = (records: JournalRecord[]) =>
  phasesOf(records)
    .get(command)
    ?.map(({ is, from, to, failed }) => `${is} ${from}-${to ?? ""}${failed ? " failed" : ""}`);

describe("the phases of a bar", () => {
  test("tell what held a call, what it queued for, and which attempt failed", () => {
    expect(
      told(
        journal(
          "scheduled",
          ["policy_decision"],
          ["approval_opened"],
          ["approval_resolved"],
          ["attempt_started", { attempt: 1, as: "job" }],
          ["job_taken", { attempt: 1 }],
          ["attempt_failed", { attempt: 1 }],
          ["retry_scheduled", { attempt: 2 }],
          ["attempt_started", { attempt: 2, as: "job" }],
          ["job_taken", { attempt: 2 }],
          "completed",
        ),
      ),
    ).toEqual([
      "deciding 0-2000",
      "held 2000-3000",
      "deciding 3000-4000",
      "queued 4000-5000",
      "running 5000-6000 failed",
      "retrying 7000-8000",
      "queued 8000-9000",
      "running 9000-10000",
    ]);
  });

  test("of a builtin, which nobody has to take, begin at once", () => {
    expect(told(journal("scheduled", ["attempt_started", { attempt: 1, as: "builtin" }], "failed"))).toEqual([
      "deciding 0-1000",
      "running 1000-2000 failed",
    ]);
  });

  test("end where the run is cancelled or is over", () => {
    expect(told(journal("scheduled", ["cancel_requested", { commands: [command] }]))).toEqual([
      "deciding 0-1000",
    ]);
    expect(told(journal("scheduled", ["finished"]))).toEqual(["deciding 0-1000"]);
  });

  test("never overlap and never run backwards, whatever the journal says", () => {
    const step = fc.constantFrom<Step>(
      "completed",
      "failed",
      ["policy_decision"],
      ["approval_opened"],
      ["approval_resolved"],
      ["attempt_started", { attempt: 1, as: "job" }],
      ["job_taken", { attempt: 1 }],
      ["attempt_failed", { attempt: 1 }],
      ["retry_scheduled", { attempt: 2 }],
      ["operator", { action: "skip" }],
      ["finished"],
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const phases = phasesOf(journal("scheduled", ...steps)).get(command) ?? [];
        let before = 0;
        for (const [index, { from, to }] of phases.entries()) {
          expect(from).toBeGreaterThanOrEqual(before);
          expect(to ?? from).toBeGreaterThanOrEqual(from);
          // Only the last may still go on.
          if (index < phases.length - 1) expect(to).toBeDefined();
          before = to ?? from;
        }
      }),
    );
  });

  test("are guessed from the activity's own times while the journal has not been read", () => {
    const times = { kind: "run", scheduledAt: 1, startedAt: 3, finishedAt: 5 };
    expect(roughPhases({ ...times, state: "failed" })).toEqual([
      { is: "queued", from: 1, to: 3 },
      { is: "running", from: 3, to: 5, failed: true },
    ]);
    expect(roughPhases({ kind: "sleep", state: "waiting", scheduledAt: 1 })).toEqual([
      { is: "waiting", from: 1 },
    ]);
  });
});
