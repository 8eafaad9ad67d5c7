// Which command a run failed with: where it is restarted, if nobody names another.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord, ScheduledRecord } from "../protocol/journal.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { shortened } from "./finish.ts";
import { endInWords, endOf, type FinishedNote } from "./journal-state.ts";

/**
 * The command whose error ended the run, or on which its time ran out. Refuses `run_not_failed`, and `no_failed_command`
 * where there is no such one: the script raised an error of its own, or waited for several when its time was over.
 */
export function failedCommand(records: readonly JournalRecord[]): Result<CommandId> {
  const end = endOf(records.at(-1))?.data;
  if (end?.state !== "failed") {
    return refuse("run_not_failed", `the run has not failed${end ? `, it has ${endInWords(end)}` : ""}`);
  }
  const command = end.command === undefined ? lookedFor(records, end) : end.command;
  if (command) return ok(command);
  return refuse(
    "no_failed_command",
    `the error that the run ended with (${end.error?.code}) is not that of one command: name the command to ` +
      "restart from",
  );
}

/** The command in a journal whose end does not say it yet: the one that ended with the same error. */
function lookedFor(
  records: readonly JournalRecord[],
  { error, traceback = "" }: FinishedNote,
): CommandId | undefined {
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
  return call?.command;
}

/** As a traceback has it. */
function placeOf({ position: { file, line, column } }: ScheduledRecord): string {
  return `\n  ${file}:${line}:${column}: in `;
}
