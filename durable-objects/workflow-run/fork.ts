// What a fork of a run begins with, found out before anything is begun.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import { forkedRecords, loadWorkflow } from "../../src/workflow/index.ts";
import { parentOfRun } from "../../src/workflow/parent.ts";
import type { ForkRun, StartRun } from "../rpc.ts";
import { sha256 } from "../sha256.ts";
import { loadMachine } from "./engine.ts";
import type { StoredStart } from "./parts.ts";

/** A call between objects takes 32 MiB; this leaves room for the program and the event. */
const MAX_HISTORY_LENGTH = 12 * 1024 * 1024;

/**
 * The new run's start and the journal it begins with. Refuses what `forkedRecords` refuses, `invalid_workflow`,
 * `history_too_large`, `run_masked`, and `program_differs` where the program does not come to the command.
 */
export function forkOf(
  run: StoredStart,
  { id, command, program: given, by, reason, restart }: ForkRun,
  kept: { records: JournalRecord[]; program: ProgramSource | undefined },
): Result<{ start: StartRun; records: JournalRecord[] }> {
  if (run.masked)
    return refuse("run_masked", "the run's sensitive values went with its archiving: start a run anew");
  const program = given ?? kept.program;
  if (!program) return refuse("unknown_run", "the run's program is no longer kept");
  const workflow = loadWorkflow(program, { name: run.workflow, sha256Hex: sha256 });
  if (!workflow.ok) return workflow;
  const forked = forkedRecords(kept.records, command, {
    run: run.id,
    digest: program.digest,
    by: by.subject,
    reason,
  });
  if (!forked.ok) return forked;
  const records = forked.value;
  const length = records.reduce((sum, record) => sum + JSON.stringify(record).length, 0);
  if (length > MAX_HISTORY_LENGTH) {
    return refuse("history_too_large", `the journal before ${command} is ${length} characters of JSON`);
  }
  const consumed = records.flatMap((record) =>
    record.type === "completed" && record.arrival !== undefined ? [record.arrival] : [],
  );
  // In the place of a child that still runs, it is what the parent waits for. Any other fork is nobody's child.
  const isInPlace = restart && !isFinished(kept.records);
  const start: StartRun = {
    ...run,
    ...(parentOfRun(run) && !isInPlace && { hasNoParent: true }),
    id,
    program,
    trigger: workflow.value.triggers.find((trigger) => trigger.id === run.trigger.id) ?? run.trigger,
    consumed: [...(run.consumed ?? []), ...consumed],
    continues: { run: run.id, how: "forked" },
  };
  const { state, error } = loadMachine(program, { start, records, sha256Hex: sha256 }).summary();
  if (state !== "stuck") return ok({ start, records });
  const message = error?.message ?? "the program and the journal disagree";
  return refuse("program_differs", message, error?.details ?? {});
}

function isFinished(records: readonly JournalRecord[]): boolean {
  const last = records.at(-1);
  return last?.type === "noted" && last.note === "finished";
}
