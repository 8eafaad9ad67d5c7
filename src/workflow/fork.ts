// A run that begins where another one was: the journal of the first up to a command, as the beginning of the second's.
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { JournalRecord, NotedRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { heldLocks, pauseForLocks } from "./inherited-locks.ts";

/** Where a fork comes from, and what it executes; kept in its first record. */
export interface ForkOrigin {
  run: RunId;
  /** Of the program that the new run executes. */
  digest: string;
  by: string;
  reason: string;
}

/**
 * The records that a run starts with which repeats another from `from` on, that command included: everything before it,
 * numbered anew, every signal that the other has been sent, and which inputs are secrets. Of commands that had not
 * ended there, only that they were called: they begin again, and their time anew, `at` the time of the fork. A `pause`
 * comes before all of them; so does one for the locks that it held there, which the new run claims for itself. Refuses
 * `unknown_command`, and `already_cancelled` where the run was being cancelled by then.
 */
export function forkedRecords(
  records: readonly JournalRecord[],
  from: CommandId,
  origin: ForkOrigin,
  at: number,
  pause?: JsonObject,
): Result<JournalRecord[]> {
  const end = records.findIndex((record) => record.type === "scheduled" && record.command === from);
  if (end < 0) return refuse("unknown_command", `the run has no command ${from} in its journal`);
  const before = records.slice(0, end);
  if (before.some((record) => record.type === "noted" && record.note === "cancel_requested")) {
    return refuse(
      "already_cancelled",
      `the run was being cancelled when it came to ${from}: fork it earlier`,
    );
  }
  const locks = heldLocks(before);
  const data = locks.length > 0 ? { ...pauseForLocks(locks), ...pause } : pause;
  const ended = endedCommands(before);
  const called = new Set(before.flatMap((record) => (record.type === "scheduled" ? [record.command] : [])));
  const [started, ...rest] = before
    .filter((record) => record.type !== "noted" || isKept(record, ended))
    .map((record) =>
      record.type === "scheduled" && !ended.has(record.command) ? { ...record, at } : record,
    );
  const kept = [
    ...(started ? [started] : []),
    ...(data ? [{ seq: 0, at, type: "noted", note: "operator", data } as const] : []),
    ...rest,
    ...records.slice(end).filter((record) => record.type === "noted" && isKeptFromLater(record, called)),
  ];
  return ok(kept.map((record, index) => ({ ...withOrigin(record, from, origin), seq: index + 1 })));
}

/**
 * A child that nobody waits for, was started before `from` and still runs, and that ends with its parent: the run that
 * begins there would take it for its own, and cannot. That those of the commands `over` have ended the run has been told,
 * and could not write down yet.
 */
export function openChildBefore(
  records: readonly JournalRecord[],
  from: CommandId,
  over: ReadonlySet<CommandId> = new Set(),
): RunId | undefined {
  const open = new Map<CommandId, RunId>();
  const end = records.findIndex((record) => record.type === "scheduled" && record.command === from);
  const ended = endedCommands(records.slice(0, end));
  const closing = new Set<CommandId>();
  for (const record of records) {
    if (record.type === "scheduled" && record.kind === "start" && ended.has(record.command)) {
      const { wait, parentClose } = record.args as { wait?: boolean; parentClose?: string };
      if (wait === false && parentClose !== "abandon") closing.add(record.command);
    }
    if (record.type !== "noted" || record.command === undefined) continue;
    if (record.note === "child_called" && closing.has(record.command))
      open.set(record.command, record.data.run as RunId);
    if (record.note === "child_finished") open.delete(record.command);
  }
  // One that was refused, or was ended by hand as it began, is nobody's child.
  for (const record of records) {
    if (record.type === "completed" && "error" in record.outcome) open.delete(record.command);
  }
  for (const command of over) open.delete(command);
  return open.values().next().value;
}

function endedCommands(records: readonly JournalRecord[]): Set<CommandId> {
  return new Set(
    records.flatMap((record) => {
      if (record.type === "completed") return [record.command];
      return record.type === "noted" && record.note === "withdrawn"
        ? (record.data.commands as CommandId[])
        : [];
    }),
  );
}

/**
 * What was done about commands that begin again is not part of the new run; nor is a pause, nor that a lock was taken
 * away from the other. What was said to be a secret stays one.
 */
function isKept({ command, note }: NotedRecord, ended: ReadonlySet<CommandId>): boolean {
  if (note === "inputs_sensitive") return true;
  if (note === "lock_revoked") return false;
  return command === undefined ? note !== "operator" : ended.has(command);
}

/** Whoever sent a signal was told that it counts; a runner says only once that inputs are secrets. */
function isKeptFromLater({ command, note }: NotedRecord, called: ReadonlySet<CommandId>): boolean {
  if (note === "signalled") return true;
  return note === "inputs_sensitive" && command !== undefined && called.has(command);
}

function withOrigin(record: JournalRecord, from: CommandId, origin: ForkOrigin): JournalRecord {
  if (record.type !== "noted" || record.note !== "started") return record;
  const { digest, ...forked } = origin;
  return { ...record, data: { ...record.data, digest, forked: { command: from, ...forked } } };
}
