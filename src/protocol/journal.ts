// The journal of a run: format version 1. Append-only, one total order (`seq` from 1).
// docs/journal.md is its specification; records of a released version replay forever.
import { z } from "zod";
import type { CommandId } from "./ids.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { ErrorData } from "./result.ts";

export const JOURNAL_FORMAT = 1;

/** Values cross the journal in the tagged encoding of src/starlark (`encodeValue`), so 1 and 1.0 stay apart. */
export type EncodedValue = JsonValue;

export type Outcome = { ok: EncodedValue } | { error: ErrorData };

const commandKinds = [
  "run",
  "sleep",
  "wait_for_event",
  "now",
  "uuid",
  "random",
  "wait_for_signal",
  "set_status",
  "set_label",
  "set_progress",
  "set_output",
  "log",
  "form",
  "lock",
  "unlock",
  "start",
] as const;
export type CommandKind = (typeof commandKinds)[number];

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
  /** Places in what it returned that are sensitive. */
  sensitive?: string[];
}

export const noteKinds = [
  "started",
  "policy_decision",
  "approval_opened",
  "approval_resolved",
  "attempt_started",
  "attempt_failed",
  "job_taken",
  "inputs_sensitive",
  "retry_scheduled",
  "cancel_requested",
  "signalled",
  "form_filled",
  "lock_revoked",
  "child_called",
  "child_started",
  "child_finished",
  "withdrawn",
  "terminated",
  "finished",
  "operator",
] as const;
export type NoteKind = (typeof noteKinds)[number];

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

const base = {
  seq: z.number().int().positive(),
  at: z.number().int(),
};
const commandSchema = z.string().regex(/^\d+(\.\d+)*#[1-9]\d*$/, "not the id of a command");
const dataSchema = z.record(z.string(), z.unknown());
const outcomeSchema = z.union([
  z.strictObject({ ok: z.unknown() }),
  z.strictObject({ error: z.looseObject({ code: z.string(), message: z.string() }) }),
]);

/** What a record from elsewhere must be before it is read. Members that a later version has added may be there. */
export const journalRecordSchema = z.discriminatedUnion("type", [
  z.looseObject({
    ...base,
    type: z.literal("scheduled"),
    command: commandSchema,
    kind: z.enum(commandKinds),
    name: z.string(),
    digest: z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256"),
    args: dataSchema,
    position: z.object({ file: z.string(), line: z.number().int(), column: z.number().int() }),
  }),
  z.looseObject({ ...base, type: z.literal("completed"), command: commandSchema, outcome: outcomeSchema }),
  z.looseObject({
    ...base,
    type: z.literal("noted"),
    command: commandSchema.optional(),
    note: z.enum(noteKinds),
    data: dataSchema,
  }),
]);
