import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { maskedSummary } from "../../src/workflow/secrets/masked-views.ts";
import { secretsOf } from "../../src/workflow/secrets/run-secrets.ts";
import type { Standstill, StoredStart } from "./parts.ts";

/**
 * What can be said of a run whose engine does not start: how it began, how far it came, and what went wrong. Nothing of
 * what is secret in it.
 */
export function stuckSummary(
  run: StoredStart,
  records: readonly JournalRecord[],
  standstill: Standstill | undefined,
): RunSummary {
  const { id, source, type, subject } = run.event;
  const first = records[0];
  const last = records.at(-1);
  const summary: RunSummary = {
    id: run.id,
    workflow: run.workflow,
    digest: run.program.digest,
    trigger: run.trigger.id,
    initiator: run.initiator,
    event: { id, source, type, ...(subject === undefined ? {} : { subject }) },
    state: "stuck",
    waitingFor: "an engine that can run it: see the error",
    environments: [],
    createdAt: first?.at ?? standstill?.at ?? 0,
    updatedAt: standstill?.at ?? last?.at ?? 0,
    ...(standstill ? { error: { code: standstill.code, message: standstill.message } } : {}),
    commands: records.filter((record) => record.type === "scheduled").length,
    version: (last?.seq ?? 0) + (standstill?.changes ?? 0),
  };
  return maskedSummary(summary, secretsOf(run, records));
}
