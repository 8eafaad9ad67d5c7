// The life of each command, as the journal tells it.
//
//     run:   deciding ─▶ attempting ─▶ finished        sleep, wait_for_event, now, uuid, random:
//              │  ▲         │  ▲                            open ─▶ finished
//              ▼  │         ▼  │
//              held       retrying                     every open command can be cancelled
import type { ApprovalId, CommandId } from "../protocol/ids.ts";
import type { Outcome, ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Approval } from "../protocol/policy.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { ApprovalGiven } from "./machine-types.ts";

export type CommandEnd =
  | { kind: "completed"; outcome: Outcome; at: number }
  | { kind: "cancelled"; at: number };

interface CommandBase {
  id: CommandId;
  name: string;
  args: JsonObject;
  scheduledAt: number;
  position: ScheduledRecord["position"];
  /** Undefined while it is open. */
  end: CommandEnd | undefined;
}

export type CallPhase =
  | { is: "deciding" }
  | { is: "held"; approval: ApprovalId }
  /** `takenAt`: when a runner took the job, or the builtin began. */
  | { is: "attempting"; startedAt: number; takenAt: number | undefined }
  | { is: "retrying"; dueAt: number };

/** What `run` has come through so far. */
export interface CallProgress {
  phase: CallPhase;
  /** Times policy was asked, the current one included. */
  round: number;
  approvals: ApprovalGiven[];
  /** Of the last decision. */
  environment: string | null;
  trustScore: number;
  /** Number of the current or last attempt; 0 before the first. */
  attempt: number;
  /** Attempts that failed and count. */
  failures: number;
  /** Attempts that ended because their runner died, which do not count. */
  losses: number;
  lastError: ErrorData | undefined;
  /** When the first attempt was taken. */
  startedAt: number | undefined;
}

export type RunCommand = CommandBase & { kind: "run"; call: CallProgress };
export type SleepCommand = CommandBase & { kind: "sleep"; dueAt: number };
/** `dueAt`: when it gives up; undefined when it never does. */
export type WaitCommand = CommandBase & { kind: "wait_for_event"; dueAt: number | undefined };
export type ImmediateCommand = CommandBase & { kind: "now" | "uuid" | "random" };
export type Command = RunCommand | SleepCommand | WaitCommand | ImmediateCommand;

/** Approvals with the command they belong to. */
export type KnownApproval = Approval & { id: ApprovalId; command: CommandId };
