// Which command a run failed with: where it is restarted, if nobody names another.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord, ScheduledRecord } from "../protocol/journal.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { shortened } from "./finish.ts";
import { endOf } from "./journal-state.ts";

/**
 * The command whose error ended the run. Refuses `run_not_failed`, and `no_failed_command` where no command of the run
 * ended with that error: the script raised it, or made another of the one that it caught.
 */
export function failedCommand(records: readonly JournalRecord[]): Result<CommandId> {
  const end = endOf(records.at(-1));
  if (end?.data.state !== "failed") {
    return refuse("run_not_failed", `the run has not failed${end ? `, it has ${end.data.state}` : ""}`);
  }
  const { error, traceback = "" } = end.data;
  const calls = new Map<CommandId, ScheduledRecord>();
  const same: ScheduledRecord[] = [];
  for (const record of records) {
    if (record.type === "scheduled") calls.set(record.command, record);
    if (record.type !== "completed" || !("error" in record.outcome)) continue;
    const { code, message } = record.outcome.error;
    const call = calls.get(record.command);
    if (call && code === error?.code && shortened(message) === error.message) same.push(call);
  }
  // Cleanup may have failed alike, and attempts before that the script has caught.
  const call = same.findLast((one) => traceback.includes(placeOf(one))) ?? same.at(-1);
  if (call) return ok(call.command);
  return refuse(
    "no_failed_command",
    `no command of the run ended with the error that the run ended with (${error?.code}): its script raised it. Name ` +
      "the command to restart from",
  );
}

/** As a traceback has it. */
function placeOf({ position: { file, line, column } }: ScheduledRecord): string {
  return `\n  ${file}:${line}:${column}: in `;
}
