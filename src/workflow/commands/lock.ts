// `w.lock`: a place among those that hold a lock together, and, when the function in it has ended, its release.
//
// 1. A `lock` command ends when the lock's actor has granted it; from then on the run holds the lock.
// 2. The `unlock` command of the same fiber lets go of it. A run that ends without one lets go of it as it ends.
import type { CommandId } from "../../protocol/ids.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { encodeValue } from "../../starlark/index.ts";
import type { Command, Kind, RunFold, Turn } from "./kind.ts";
import { noResult } from "./result-by-hand.ts";
import {
  type Patient,
  patient,
  patientSince,
  setTimeoutOf,
  shownWaiting,
  TIMEOUT,
  timeoutTimers,
} from "./timeout.ts";

export const lockKind: Kind<Patient> = {
  opened: patient,
  begin(turn, command) {
    const { name } = command;
    const outer = reentered(command, turn.state);
    if (outer !== undefined) {
      const message = `lock: this run holds ${name} already, around this call (command ${outer}), and would wait for itself`;
      turn.complete(command, {
        error: { code: "LockReentered", message, details: { key: name, command: outer } },
      });
      return;
    }
    setTimeoutOf(turn, command);
    claim(turn, command);
  },
  take(turn, command, input) {
    if (input.type === "lock_granted") turn.complete(command, { ok: encodeValue(null) });
    return undefined;
  },
  takeLate: ({ id, end }, input) =>
    input.type === "lock_granted" && !isGranted(end)
      ? { code: "not_wanted", message: `command ${id} waits for no lock, or no longer` }
      : undefined,
  due(turn, command, kind) {
    if (kind !== TIMEOUT) return;
    turn.giveUp(command, notFree(command));
  },
  abandon: release,
  closed({ id, name, end }, _at, { locks }) {
    if (isGranted(end)) locks.set(id, name);
  },
  noted({ id }, { note }, { locks }) {
    if (note === "lock_revoked") locks.delete(id);
  },
  resultByHand: noResult,
  timers: timeoutTimers,
  waitsOn: ({ id }) => [{ kind: "lock", command: id }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for the lock ${name}`,
  shown: shownWaiting,
};

export const unlockKind: Kind<Command> = {
  opened: (command) => command,
  begin: (turn, command) => releaseLock(turn, lockOf(command), command.name),
  outcomeAtOnce: () => ({ ok: encodeValue(null) }),
  closed(command, _at, { locks }) {
    if (command.end?.kind === "completed") locks.delete(lockOf(command));
  },
};

/** The first command of a fiber that holds a lock is the lock. */
function lockOf({ id }: Command): CommandId {
  return `${fiberOf(id)}#1` as CommandId;
}

function fiberOf(id: CommandId): string {
  return id.slice(0, id.indexOf("#"));
}

function isGranted(end: Command["end"]): boolean {
  return end?.kind === "completed" && "ok" in end.outcome;
}

function claim(turn: Turn, { id, name, args }: Command): void {
  turn.effect({ kind: "acquire_lock", key: name, command: id, limit: Number(args.limit ?? 1) });
}

/** Claims the lock of a command that another run has been granted it for; its timeout begins anew. */
export function claimAnew(turn: Turn, command: Command): void {
  setTimeoutOf(turn, patientSince(command, turn.state, turn.now));
  claim(turn, command);
}

export function notFree({ name, args }: Command): ErrorData {
  const message = `lock: ${name} was not free within ${Number(args.timeoutMs) / 1000} s`;
  return { code: "LockTimeout", message, details: { key: name } };
}

function release(turn: Turn, { id, name }: Command): void {
  releaseLock(turn, id, name);
}

/** Tells the lock that its command holds it no more, and waits for it no more. */
export function releaseLock(turn: Turn, command: CommandId, key: string): void {
  turn.effect({ kind: "release_lock", key, command });
}

/** The lock of the same key that one of the fibers holds in which this one was started. */
function reentered({ id, name }: Command, { locks }: RunFold): CommandId | undefined {
  const fiber = fiberOf(id);
  return [...locks].find(([held, key]) => key === name && fiber.startsWith(`${fiberOf(held)}.`))?.[0];
}
