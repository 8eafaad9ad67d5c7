// `w.run`: policy, approval, attempts. What can happen to it is in attempts.ts.
import { jobId } from "../../../protocol/ids.ts";
import { isJsonObject } from "../../../protocol/json.ts";
import type { CommandTimer, Kind, RunFold } from "../kind.ts";
import {
  abandon,
  approvalResolved,
  beginCall,
  builtinFinished,
  callTimer,
  inputsSensitive,
  jobFinished,
  jobTaken,
  pendingEffect,
  policyDecided,
  putApproval,
} from "./attempts.ts";
import { closed, noted, opened, type RunCommand } from "./command.ts";
import { builtinName } from "./options.ts";
import { details, isWaiting, reasonToWait, shown } from "./view.ts";

export const runKind: Kind<RunCommand> = {
  opened,
  noted,
  closed,
  begin: beginCall,
  take(turn, command, input) {
    switch (input.type) {
      case "policy_decided":
        policyDecided(turn, command, input.round, input.result);
        break;
      case "approval_resolved":
        approvalResolved(turn, command, input);
        break;
      case "job_taken":
        jobTaken(turn, command, input.attempt, input.runner);
        break;
      case "inputs_sensitive":
        inputsSensitive(turn, command, input);
        break;
      case "job_finished":
        jobFinished(turn, command, input);
        break;
      case "builtin_finished":
        builtinFinished(turn, command, input.attempt, input.outcome);
        break;
      default:
        break;
    }
    return undefined;
  },
  due: callTimer,
  canRetry: ({ call }) => call.phase.is === "retrying",
  retryNow(turn, command) {
    const attempt = command.call.attempt + 1;
    turn.dropTimer("retry", command.id, attempt);
    callTimer(turn, command, "retry", attempt);
  },
  skippedAs: {},
  resultByHand: (_command, value) =>
    isJsonObject(value) ? { value } : { fault: "returns its outputs: give it a JSON object" },
  abandon,
  ended(turn, { call }) {
    if (call.phase.is === "held") putApproval(turn, call.phase.approval);
  },
  timers,
  waitsOn,
  pendingEffect,
  isWaiting,
  reasonToWait,
  shown,
  details,
};

function timers({ name, args, call }: RunCommand): CommandTimer[] {
  const { phase, attempt } = call;
  const timers: CommandTimer[] = args.deadlineMs === undefined ? [] : [{ kind: "deadline" }];
  if (phase.is === "retrying") timers.push({ kind: "retry", attempt: attempt + 1 });
  if (phase.is === "attempting" && builtinName(name) !== undefined) {
    timers.push({ kind: "attempt_timeout", attempt });
  }
  return timers;
}

function waitsOn(command: RunCommand, { options }: RunFold): ReturnType<NonNullable<typeof runKind.waitsOn>> {
  const { phase, attempt } = command.call;
  const effect = pendingEffect(command);
  if (effect) return [{ kind: "effect", effect }];
  if (phase.is === "held") return [{ kind: "approval", id: phase.approval }];
  return phase.is === "attempting" ? [{ kind: "job", id: jobId(options.start.id, command.id, attempt) }] : [];
}
