import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import type { EngineFailure, StoredStart } from "./parts.ts";

/** What can be said of a run whose engine does not start: how it began, how far it came, and what went wrong. */
export function stuckSummary(
  run: StoredStart,
  records: readonly JournalRecord[],
  failure: EngineFailure | undefined,
): RunSummary {
  const { id, source, type, subject } = run.event;
  const first = records[0];
  const last = records.at(-1);
  return {
    id: run.id,
    workflow: run.workflow,
    digest: run.program.digest,
    trigger: run.trigger.id,
    initiator: run.initiator,
    event: { id, source, type, ...(subject === undefined ? {} : { subject }) },
    state: "stuck",
    waitingFor: "an engine that can run it: see the error",
    environments: [],
    createdAt: first?.at ?? failure?.at ?? 0,
    updatedAt: failure?.at ?? last?.at ?? 0,
    ...(failure ? { error: { code: failure.code, message: failure.message } } : {}),
    commands: records.filter((record) => record.type === "scheduled").length,
    version: (last?.seq ?? 0) + (failure?.changes ?? 0),
  };
}
