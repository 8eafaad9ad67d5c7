// A run that begins where another one was: the journal of the first up to a command, as the beginning of the second's.
import type { CommandId, RunId } from "../protocol/ids.ts";
import type { JournalRecord, NotedRecord, ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";

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
 * comes before all of them. Refuses `unknown_command`, and `already_cancelled` where the run was being cancelled by then,
 * `lock_held` where it held a lock.
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
  const lock = heldLock(before);
  if (lock !== undefined) {
    return refuse(
      "lock_held",
      `the run held the lock ${lock} when it came to ${from}, which another run cannot take over: fork it earlier`,
    );
  }
  const ended = endedCommands(before);
  const called = new Set(before.flatMap((record) => (record.type === "scheduled" ? [record.command] : [])));
  const [started, ...rest] = before
    .filter((record) => record.type !== "noted" || isKept(record, ended))
    .map((record) =>
      record.type === "scheduled" && !ended.has(record.command) ? { ...record, at } : record,
    );
  const kept = [
    ...(started ? [started] : []),
    ...(pause ? [{ type: "noted", seq: 0, at, note: "operator", data: pause } as const] : []),
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

/** A lock that was granted and not let go of. */
function heldLock(records: readonly JournalRecord[]): string | undefined {
  const held = new Map<string, string>();
  const calls = new Map<CommandId, ScheduledRecord>();
  for (const record of records) {
    if (record.type === "scheduled") calls.set(record.command, record);
    if (record.type !== "completed" || !("ok" in record.outcome)) continue;
    const call = calls.get(record.command);
    // Each lock is held by a fiber of its own.
    const fiber = record.command.slice(0, record.command.indexOf("#"));
    if (call?.kind === "lock") held.set(fiber, call.name);
    if (call?.kind === "unlock") held.delete(fiber);
  }
  return held.values().next().value;
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
 * What was done about commands that begin again is not part of the new run; nor is a pause. What was said to be a secret
 * stays one.
 */
function isKept({ command, note }: NotedRecord, ended: ReadonlySet<CommandId>): boolean {
  if (note === "inputs_sensitive") return true;
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
