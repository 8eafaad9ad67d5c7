// What a fork of a run begins with, found out before anything is begun; and how a run that is restarted tells it to
// the one that begins in its place.
import { FilteredEvent } from "../../src/events/expression.ts";
import { Keys } from "../../src/events/key.ts";
import { isBatch } from "../../src/events/start-event.ts";
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import type { PlaceClaim } from "../../src/protocol/start.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Message } from "../../src/storage/outbox.ts";
import { failedCommand, forkedRecords, loadWorkflow } from "../../src/workflow/index.ts";
import { endOf } from "../../src/workflow/journal-state.ts";
import { parentOfRun } from "../../src/workflow/parent.ts";
import { awaitsPlace, pauseForPlace } from "../../src/workflow/place.ts";
import { message } from "../deliver.ts";
import type { ForkRun, StartRun } from "../rpc/workflow-run.ts";
import { sha256 } from "../sha256.ts";
import { loadMachine } from "./engine.ts";
import type { JournalStore } from "./journal.ts";
import type { Parts, StoredStart } from "./parts.ts";

/** A call between objects takes 32 MiB; this leaves room for the program and the event. */
const MAX_HISTORY_LENGTH = 12 * 1024 * 1024;

/** What the run that is forked has. */
interface Kept {
  records: JournalRecord[];
  program: ProgramSource | undefined;
}

export function keptOf({ journal, parts }: { journal: JournalStore; parts: Parts }): Kept {
  return { records: journal.all(), program: parts.get("program") };
}

/** A fork whose first command is known. */
export type ForkFrom = ForkRun & Required<Pick<ForkRun, "command">>;

/** Refuses what `failedCommand` refuses, where no command was named. */
export function forkFrom(request: ForkRun, records: readonly JournalRecord[]): Result<ForkFrom> {
  const { command } = request;
  if (command !== undefined) return ok({ ...request, command });
  const failed = failedCommand(records);
  return failed.ok ? ok({ ...request, command: failed.value }) : failed;
}

/** The new run's start and the journal it begins with. */
interface Beginning {
  start: StartRun;
  records: JournalRecord[];
  /** For a place that it has to wait for. */
  claim: PlaceClaim | undefined;
}

/**
 * What the new run begins with, and how people see it then. Refuses what `forkedRecords` refuses, `invalid_workflow`,
 * `history_too_large`, `run_masked`, and `program_differs` where the program does not come to the command.
 */
export function forkOf(
  run: StoredStart,
  request: ForkFrom,
  kept: Kept,
): Result<Beginning & { summary: RunSummary }> {
  const begun = beginningOf(run, request, kept);
  if (!begun.ok) return begun;
  const { start, records, claim } = begun.value;
  const { program } = start;
  const summary = loadMachine(program, { start, records, sha256Hex: sha256 }).summary();
  if (summary.state !== "stuck") return ok({ start, records, claim, summary });
  const why = summary.error?.message ?? "the program and the journal disagree";
  return refuse("program_differs", why, summary.error?.details ?? {});
}

function beginningOf(
  run: StoredStart,
  { id, command, program: given, by, reason, restart }: ForkFrom,
  kept: Kept,
): Result<Beginning> {
  const now = Date.now();
  if (run.masked)
    return refuse("run_masked", "the run's sensitive values went with its archiving: start a run anew");
  const program = given ?? kept.program;
  if (!program) return refuse("unknown_run", "the run's program is no longer kept");
  const workflow = loadWorkflow(program, { name: run.workflow, sha256Hex: sha256, wasTaken: true });
  if (!workflow.ok) return workflow;
  // In the place of a run that has not ended it has that one's place; what that one waits for, it waits for as well.
  const end = endOf(kept.records.at(-1));
  const isInPlace = restart && (!end || end.data.restarted?.run === id);
  const waits = restart && (!isInPlace || awaitsPlace(kept.records));
  const trigger = workflow.value.triggers.find((one) => one.id === run.trigger.id) ?? run.trigger;
  const pause = waits ? pauseForPlace(trigger) : undefined;
  const origin = { run: run.id, digest: program.digest, by: by.subject, reason };
  const forked = forkedRecords(kept.records, command, origin, now, pause);
  if (!forked.ok) return forked;
  const records = forked.value;
  const length = records.reduce((sum, record) => sum + JSON.stringify(record).length, 0);
  if (length > MAX_HISTORY_LENGTH) {
    return refuse(
      "history_too_large",
      `the journal before ${command} is ${length} characters of JSON, and ${MAX_HISTORY_LENGTH} can be taken over: name ` +
        "an earlier command, or start the workflow anew. A handler that calls w.continue_as_new() in time stays below that",
    );
  }
  const start: StartRun = {
    ...run,
    // In the place of a child that still runs, it is what the parent waits for. Any other fork is nobody's child.
    ...(parentOfRun(run) && !isInPlace && { hasNoParent: true }),
    id,
    program,
    trigger,
    continues: { run: run.id, how: "forked" },
  };
  return ok({ start, records, claim: pause && claimOf(start, run.id) });
}

function claimOf({ id, trigger, event, eventSeq, ...of }: StartRun, continues: RunId): PlaceClaim {
  // A batch is where its newest event belongs.
  const newest = isBatch(event) ? (event.data.events.at(-1) as unknown as CloudEvent) : event;
  const key = new Keys().of(trigger.concurrency?.key, new FilteredEvent(newest));
  const { workflow, program, initiator } = of;
  return { run: id, continues, workflow, digest: program.digest, initiator, trigger, seq: eventSeq, key };
}

/**
 * To the run that begins in the place of this one. Written with this one's end, and filled with the journal when it is
 * sent (see `filledInRestart`): that can be larger than a row.
 */
export function restartMessage(request: ForkFrom): Message {
  return { receiver: `run/${request.id}`, method: "startForked", args: [request] };
}

/** A queued restart with everything that the new run needs to begin. Throws where that cannot be put together now. */
export function filledInRestart(queued: Message, run: StoredStart, kept: Kept): Message {
  const [request] = queued.args as [ForkFrom];
  // Whether the program fits was asked before. Should another engine think otherwise by now, the new run is stuck.
  const begun = beginningOf(run, request, kept);
  if (!begun.ok)
    throw new Error(`${request.id} cannot begin in the place of ${run.id}: ${begun.error.message}`);
  const { start, records, claim } = begun.value;
  return message("run", request.id, "startForked", claim ? [start, records, claim] : [start, records]);
}
