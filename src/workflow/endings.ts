// How a command ends, and what it then lets go of: its timers, its job, its wait, its open approval.
import type { ApprovalId } from "../protocol/ids.ts";
import { jobId } from "../protocol/ids.ts";
import type { Outcome } from "../protocol/journal.ts";
import type { ErrorData } from "../protocol/result.ts";
import { builtinName } from "./call-options.ts";
import type { Command } from "./command.ts";
import type { Turn } from "./turn.ts";

/** Ends a command with its outcome. */
export function completeCommand(
  turn: Turn,
  command: Command,
  outcome: Outcome,
  facts: { resolved?: string } = {},
): void {
  const held = heldApprovals([command]);
  dropTimers(turn, command);
  turn.complete(command.id, outcome, facts);
  for (const approval of held) putApproval(turn, approval);
}

/** Ends a command that is still at work somewhere. */
export function giveUp(turn: Turn, command: Command, error: ErrorData): void {
  abandonWork(turn, command);
  completeCommand(turn, command, { error });
}

/** Lets go of commands that `note` ends all at once. */
export function cancelCommands(turn: Turn, commands: readonly Command[], note: () => void): void {
  const held = heldApprovals(commands);
  for (const command of commands) {
    dropTimers(turn, command);
    abandonWork(turn, command);
  }
  note();
  for (const approval of held) putApproval(turn, approval);
}

/** Sends out an approval as it now is. */
export function putApproval(turn: Turn, id: ApprovalId): void {
  const approval = turn.state.approvals.get(id);
  if (approval) turn.effect({ kind: "put_approval", approval: { ...approval } });
}

function heldApprovals(commands: readonly Command[]): ApprovalId[] {
  return commands.flatMap((command) =>
    command.kind === "run" && command.call.phase.is === "held" ? [command.call.phase.approval] : [],
  );
}

function dropTimers(turn: Turn, command: Command): void {
  switch (command.kind) {
    case "run": {
      const { phase, attempt } = command.call;
      if (phase.is === "retrying") turn.dropTimer("retry", command.id, attempt + 1);
      if (phase.is === "attempting" && builtinName(command.name) !== undefined) {
        turn.dropTimer("attempt_timeout", command.id, attempt);
      }
      if (command.args.deadlineMs !== undefined) turn.dropTimer("deadline", command.id);
      break;
    }
    case "sleep":
      turn.dropTimer("sleep", command.id);
      break;
    case "wait_for_event":
      if (command.dueAt !== undefined) turn.dropTimer("wait_timeout", command.id);
      break;
    default:
      break;
  }
}

function abandonWork(turn: Turn, command: Command): void {
  if (command.kind === "wait_for_event") turn.effect({ kind: "cancel_wait", command: command.id });
  if (command.kind !== "run" || command.call.phase.is !== "attempting") return;
  if (builtinName(command.name) !== undefined) return;
  const { id } = turn.options.start;
  turn.effect({ kind: "cancel_job", job: jobId(id, command.id, command.call.attempt) });
}
