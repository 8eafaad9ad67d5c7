// The journal of a run: format version 1. Append-only, one total order (`seq` from 1).
// docs/journal.md is its specification; records of a released version replay forever.
import type { CommandId } from "./ids.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { ErrorData } from "./result.ts";

export const JOURNAL_FORMAT = 1;

/** Values cross the journal in the tagged encoding of src/starlark (`encodeValue`), so 1 and 1.0 stay apart. */
export type EncodedValue = JsonValue;

export type Outcome = { ok: EncodedValue } | { error: ErrorData };

export type CommandKind =
  | "run"
  | "sleep"
  | "wait_for_event"
  | "now"
  | "uuid"
  | "random"
  | "wait_for_signal"
  | "set_status"
  | "set_label"
  | "set_progress"
  | "set_output"
  | "log"
  | "form"
  | "lock"
  | "unlock"
  | "start";

interface RecordBase {
  seq: number;
  /** Milliseconds since the epoch, the host's clock when the record was made. */
  at: number;
}

export interface ScheduledRecord extends RecordBase {
  type: "scheduled";
  command: CommandId;
  kind: CommandKind;
  /** What the command names: the function reference, the event type; "" where there is nothing to name. */
  name: string;
  /** SHA-256 (hex) of the canonical encoding of `args`. */
  digest: string;
  args: EncodedValue;
  /** Where in the script, for people. Not compared on replay. */
  position: { file: string; line: number; column: number };
}

export interface CompletedRecord extends RecordBase {
  type: "completed";
  command: CommandId;
  outcome: Outcome;
  /** The commit or digest that the function resolved to, where a runner said so. */
  resolved?: string;
  /** The arrival number, in the workspace's bus, of the event that ended a wait: the run has consumed it. */
  arrival?: number;
}

export type NoteKind =
  | "started"
  | "policy_decision"
  | "approval_opened"
  | "approval_resolved"
  | "attempt_started"
  | "attempt_failed"
  | "job_taken"
  | "retry_scheduled"
  | "cancel_requested"
  | "signalled"
  | "form_filled"
  | "lock_revoked"
  | "child_called"
  | "child_started"
  | "child_finished"
  | "withdrawn"
  | "terminated"
  | "stuck"
  | "finished"
  | "operator";

/**
 * Bookkeeping the script cannot see, with one exception: `cancel_requested`, whose place in the order is where
 * the fiber receives `Cancelled` on every replay.
 */
export interface NotedRecord extends RecordBase {
  type: "noted";
  command?: CommandId;
  note: NoteKind;
  data: JsonObject;
}

export type JournalRecord = ScheduledRecord | CompletedRecord | NotedRecord;
