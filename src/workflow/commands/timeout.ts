// What commands have in common that wait for somebody, and may give up.
import type { Activity } from "../../protocol/run.ts";
import type { Command, CommandTimer, RunFold, Turn } from "./kind.ts";

export interface Patient extends Command {
  /** When it gives up; undefined when it never does. */
  dueAt: number | undefined;
}

export function patient(command: Command, run: RunFold): Patient {
  return patientSince(command, run, command.scheduledAt);
}

/** Waits since `at`. */
export function patientSince(command: Command, run: RunFold, at: number): Patient {
  const { timeoutMs } = command.args;
  return { ...command, dueAt: timeoutMs === undefined ? undefined : run.dueAt(Number(timeoutMs), at) };
}

export const TIMEOUT = "wait_timeout";

export function setTimeoutOf(turn: Turn, { id, dueAt }: Patient): void {
  if (dueAt !== undefined) turn.setTimer(TIMEOUT, id, dueAt);
}

export function timeoutTimers({ dueAt }: Patient): CommandTimer[] {
  return dueAt === undefined ? [] : [{ kind: TIMEOUT }];
}

export function shownWaiting({ dueAt }: Patient): Pick<Activity, "state" | "dueAt"> {
  return { state: "waiting", ...(dueAt === undefined ? {} : { dueAt }) };
}
