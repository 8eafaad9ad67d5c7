// Begins a run with the journal of another up to some command: beside it, or in its place.
import { ok, type Result, refuse } from "../../src/protocol/result.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import { openChildBefore } from "../../src/workflow/index.ts";
import { endOf, successorIn } from "../../src/workflow/journal-state.ts";
import type { ForkRun } from "../rpc/workflow-run.ts";
import { runStub } from "../stubs.ts";
import { type ForkFrom, forkFrom, forkOf, keptOf, restartMessage } from "./fork.ts";
import type { JournalStore } from "./journal.ts";
import { auditMessage } from "./messages.ts";
import type { Parts } from "./parts.ts";
import type { RunHost } from "./run-host.ts";

/** The run that is forked. */
export interface Forked {
  env: Env;
  host: RunHost;
  outbox: Outbox;
  journal: JournalStore;
  parts: Parts;
}

/** Answers with the new run, and refuses what `fork` of the run's RPC surface refuses. */
export async function beginFork(forked: Forked, asked: ForkRun): Promise<Result<RunSummary>> {
  const { env, host, outbox } = forked;
  const { id, restart } = asked;
  // What has arrived comes first. From here to the end of a restart, nothing else comes in between.
  host.resume();
  const { run } = host;
  // What happened elsewhere is for looking at: nobody here has decided what it says was decided.
  if (run.imported)
    return refuse("run_imported", `the run was imported by ${run.imported.by}: start one here`);
  const kept = keptOf(forked);
  const end = endOf(kept.records.at(-1));
  const instead = restart && end ? successorIn(end.data) : undefined;
  if (instead !== undefined && instead !== id)
    return refuse("already_restarted", `the run goes on as ${instead}: restart that one`, { run: instead });
  const from = forkFrom(asked, kept.records);
  if (!from.ok) return from;
  const request = from.value;
  const beginning = forkOf(run, request, kept);
  if (!beginning.ok) return beginning;
  const { start, records, claim, summary: first } = beginning.value;
  const successor = runStub(env, run.workspace, id);
  if (restart && !end) {
    const over = new Set(host.told("child_finished").map(({ command }) => command));
    const child = openChildBefore(kept.records, request.command, over);
    if (child !== undefined)
      return refuse(
        "child_running",
        `the run has started ${child} before it came to ${request.command}, which would be ended with it: restart it ` +
          "from a command before that start, or fork it",
        { run: child },
      );
    const refused = endInFavour(forked, request);
    if (refused) return refused;
  } else if (instead === undefined) {
    // The new run first: if the power goes here, the one who asked for it asks again, with the same id.
    await successor.startForked(start, records, claim);
    auditFork(forked, request);
  }
  const told = outbox.flush();
  if (restart) await told;
  const detail = await successor.detail();
  // What the outbox has not brought to it yet is on its way.
  if (!detail.ok) return ok(first);
  const { activities: _, output: __, traceback: ___, ...summary } = detail.value;
  return ok(summary);
}

/** Ends the run, and has the one that begins in its place told so: one commit. Answers why not, where it cannot. */
function endInFavour(forked: Forked, request: ForkFrom): Result<never> | undefined {
  const { id, command, by, reason } = request;
  const why = `restarted from ${command} as ${id}${reason === "" ? "" : `: ${reason}`}`;
  const input = { type: "cancel", by: by.subject, reason: why, terminate: true, successor: id } as const;
  const error = forked.host.ask(input, (changes) => {
    if (changes.refused) return;
    auditFork(forked, request);
    forked.outbox.add(restartMessage(request));
  });
  return error && { ok: false, error };
}

function auditFork({ host, outbox }: Forked, { id, command, by, reason, restart }: ForkFrom): void {
  const entry = {
    key: `fork/${id}`,
    at: Date.now(),
    by: by.subject,
    action: restart ? "run.restart" : "run.fork",
    subject: host.run.id,
    data: { reason, command, as: id },
  };
  outbox.add(auditMessage(host.secrets(), entry));
}
