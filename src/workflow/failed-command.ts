// Which command a run failed with: where it is restarted, if nobody names another.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord } from "../protocol/journal.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { endInWords, endOf } from "./journal-state.ts";

/**
 * The command whose error ended the run. Refuses `run_not_failed`, and `no_failed_command` where no command's did: the
 * script raised an error of its own.
 */
export function failedCommand(records: readonly JournalRecord[]): Result<CommandId> {
  const end = endOf(records.at(-1))?.data;
  if (end?.state !== "failed") {
    return refuse("run_not_failed", `the run has not failed${end ? `, it has ${endInWords(end)}` : ""}`);
  }
  const { command, error } = end;
  if (command !== undefined) return ok(command);
  return refuse(
    "no_failed_command",
    `the error that the run ended with (${error?.code}) is no command's: its script raised it. Name the command to ` +
      "restart from",
  );
}
