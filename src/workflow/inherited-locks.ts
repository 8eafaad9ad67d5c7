// A run that begins inside a lock of the run before it does not hold that lock. It claims it anew, and waits as it does
// for a place: paused, so that nothing begins before the lock is its own. Of several it claims one after the other.
import type { CommandId } from "../protocol/ids.ts";
import type { JournalRecord, ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RunSummary } from "../protocol/run.ts";
import type { Turn } from "./commands/kind.ts";
import { claimAnew, releaseLock } from "./commands/lock.ts";
import { TIMEOUT } from "./commands/timeout.ts";
import { KEEPER } from "./place.ts";

type Paused = RunSummary["paused"];

/** A lock by the command that got it. */
interface Held {
  id: CommandId;
  name: string;
}

/**
 * The locks that a run holds after `records`, in the order in which to claim them: the outer before the inner, those
 * beside each other by their keys, so that runs of the same workflow that all do so never wait for each other.
 */
export function heldLocks(records: readonly JournalRecord[]): Held[] {
  // By fiber: each lock is held by one of its own.
  const held = new Map<string, Held>();
  const calls = new Map<CommandId, ScheduledRecord>();
  for (const record of records) {
    if (record.type === "scheduled") calls.set(record.command, record);
    if (record.type !== "completed" || !("ok" in record.outcome)) continue;
    const call = calls.get(record.command);
    const fiber = record.command.slice(0, record.command.indexOf("#"));
    if (call?.kind === "lock") held.set(fiber, { id: record.command, name: call.name });
    if (call?.kind === "unlock") held.delete(fiber);
  }
  const depthOf = (fiber: string) => {
    const steps = fiber.split(".");
    return steps.filter((_, index) => held.has(steps.slice(0, index).join("."))).length;
  };
  return [...held]
    .map(([fiber, lock]) => ({ depth: depthOf(fiber), lock }))
    .sort((a, b) => a.depth - b.depth || (a.lock.name < b.lock.name ? -1 : 1))
    .map(({ lock }) => lock);
}

/** The data of the note that pauses a run until it holds these locks, of which it claims the first. */
export function pauseForLocks(locks: readonly Held[]): JsonObject {
  return {
    action: "pause",
    by: KEEPER,
    reason: `waiting for the lock ${locks[0]?.name}`,
    locks: locks.map(({ id }) => id),
  };
}

/** The data of the note that ends its wait for one of them. */
function resumed(name: string, isGranted: boolean): JsonObject {
  const reason = isGranted ? `it holds the lock ${name}` : `it wants the lock ${name} no more`;
  return { action: "resume", by: KEEPER, reason };
}

/** Whether it waits for locks, or will when it has its place. */
export function lacksLocks(paused: Paused): boolean {
  return paused?.locks !== undefined;
}

/** The command whose lock is claimed and was not granted yet. */
export function claimedLock(paused: Paused): CommandId | undefined {
  return paused?.place ? undefined : lackedLocks(paused)[0];
}

/** The commands whose locks the run waits for after the one that it claims, or after its place. */
export function locksToCome(paused: Paused): CommandId[] {
  return paused?.place ? lackedLocks(paused) : lackedLocks(paused).slice(1);
}

function lackedLocks(paused: Paused): CommandId[] {
  return (paused?.locks ?? []) as CommandId[];
}

/** Claims the first of the locks, if the run has not let go of them all, and has it wait. Whether it does. */
export function waitForLocks(turn: Turn, ids: readonly CommandId[]): boolean {
  const { commands, locks } = turn.state;
  const lacked = ids.flatMap((id) => (locks.has(id) ? (commands.get(id) ?? []) : []));
  const [next] = lacked;
  if (!next) return false;
  turn.note("operator", pauseForLocks(lacked));
  claimAnew(turn, next);
  return true;
}

/** The wait for the lock that is claimed is over: it was granted, or the run has let go of it before. */
export function endWait(turn: Turn, paused: Paused): void {
  const id = claimedLock(paused);
  const command = id === undefined ? undefined : turn.state.commands.get(id);
  if (!command) return;
  turn.dropTimer(TIMEOUT, command.id);
  turn.note("operator", resumed(command.name, turn.state.locks.has(command.id)));
}

/** The run goes on without the locks that it waits for. */
export function doWithoutLocks(
  turn: Turn,
  paused: Paused,
  { by, reason }: { by: string; reason: string },
): void {
  for (const id of lackedLocks(paused)) {
    const key = turn.state.locks.get(id);
    if (key === undefined) continue;
    turn.note("lock_revoked", { by, reason }, id);
    releaseLock(turn, id, key);
    turn.dropTimer(TIMEOUT, id);
  }
}
