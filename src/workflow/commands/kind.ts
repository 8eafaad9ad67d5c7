// What every kind of command has in common, and what a kind has to say for itself. To add one: a file here that
// exports a `Kind`, a line in registry.ts, its function in w/.
//
// 1. What the journal says (`opened`, `noted`, `closed`) is folded from records alone, live and after a load.
// 2. What happens (`begin`, `take`, `due`, `abandon`) is decided in a turn, and changes the run by records only.
// 3. While it is open, `timers` and `waitsOn` name what it waits for: together never nothing.
import type { ApprovalId, CommandId, RunId } from "../../protocol/ids.ts";
import type {
  CommandKind,
  CompletedRecord,
  NotedRecord,
  NoteKind,
  Outcome,
  ScheduledRecord,
} from "../../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import type { Approval } from "../../protocol/policy.ts";
import type { ErrorData } from "../../protocol/result.ts";
import type { Activity } from "../../protocol/run.ts";
import type { Annotations } from "../annotations.ts";
import type {
  Effect,
  InProcessEffect,
  Moment,
  RunInput,
  RunOptions,
  RunTimer,
  Waiting,
} from "../machine-types.ts";
import type { Signals } from "../signals.ts";
import type { ResultByHand } from "./result-by-hand.ts";

export type CommandEnd =
  | { kind: "completed"; outcome: Outcome; at: number }
  | { kind: "cancelled"; at: number };

/** A command as the journal tells it. Each kind adds what it has come through. */
export interface Command {
  id: CommandId;
  kind: CommandKind;
  name: string;
  args: JsonObject;
  scheduledAt: number;
  position: ScheduledRecord["position"];
  /** Undefined while it is open. */
  end: CommandEnd | undefined;
  /** Whether work of it is under way; kept by journal-state.ts. */
  isBusy: boolean;
  /** The last thing an operator did to it. */
  operated?: { action: string; by: string; reason: string };
}

/** Approvals with the command they belong to. */
export type KnownApproval = Approval & { id: ApprovalId; command: CommandId };

/** What the journal says about the run, as far as kinds of commands read and fold it. */
export interface RunFold {
  readonly options: Pick<RunOptions, "start">;
  readonly commands: ReadonlyMap<CommandId, Command>;
  readonly approvals: Map<ApprovalId, KnownApproval>;
  /** Names of environments that governed a call. */
  readonly environments: Set<string>;
  readonly annotations: Annotations;
  readonly signals: Signals;
  /** The locks that the run holds: their keys, by the commands that got them. */
  readonly locks: Map<CommandId, string>;
  /** Inputs that have turned out to be sensitive, by the name of the function that they are of. */
  readonly sensitiveInputs: Map<string, Set<string>>;
  /** The children that run without anybody waiting for them. */
  readonly children: Map<CommandId, { run: RunId; close: "cancel" | "terminate" | "abandon" }>;
  /** When something that takes so long from `at` is due, in the host's time. */
  dueAt(delayMs: number, at: number): number;
}

/** What a record keeps of an outcome that the script does not see. */
export type OutcomeFacts = Pick<CompletedRecord, "resolved" | "arrival" | "sensitive">;

/** One input being decided: see turn.ts. */
export interface Turn {
  readonly state: RunFold;
  readonly options: RunOptions;
  readonly now: number;
  note(note: NoteKind, data: JsonObject, command?: CommandId): void;
  /** Ends a command with its outcome, and drops its timers. */
  complete(command: Command, outcome: Outcome, facts?: OutcomeFacts): void;
  /** Ends a command that may still be at work somewhere: that is let go of. */
  end(command: Command, outcome: Outcome, facts?: OutcomeFacts): void;
  /** The same, with an error. */
  giveUp(command: Command, error: ErrorData): void;
  effect(effect: Effect): void;
  setTimer(kind: RunTimer["kind"], command: CommandId, dueAt: number, attempt?: number): void;
  dropTimer(kind: RunTimer["kind"], command: CommandId, attempt?: number): void;
}

export interface CommandTimer {
  kind: RunTimer["kind"];
  /** For a timer of one attempt: of which. */
  attempt?: number;
}

/** An input that names the command it is for. */
export type CommandInput = Extract<RunInput, { command: CommandId } | { type: "approval_resolved" }>;

type WaitingState = Pick<Activity, "state"> & Partial<Activity>;

export interface Kind<C extends Command = Command> {
  /** The command when it has been scheduled. */
  opened(command: Command, run: RunFold): C;
  /** Folds a note about the command. */
  noted?(command: C, record: NotedRecord, run: RunFold): void;
  /** Folds that it ended. */
  closed?(command: C, at: number, run: RunFold): void;

  /** Begins its work, once it is in the journal. */
  begin?(turn: Turn, command: C): void;
  /** For what the host knows at once: its outcome. Such commands are completed when no fiber can run. */
  outcomeAtOnce?(command: C, moment: Moment, run: RunFold): Outcome;
  /** Decides an input for it. What it returns is why the input is turned down. */
  take?(turn: Turn, command: C, input: CommandInput): ErrorData | undefined;
  /** The same when the command is over. Default: the input means nothing any more. */
  takeLate?(command: C, input: CommandInput): ErrorData | undefined;
  /** One of its timers is due. Not called when it is over. */
  due?(turn: Turn, command: C, kind: string, attempt: number): void;
  /** It ended while it was at work elsewhere: lets go of that. Timers are dropped without it. */
  abandon?(turn: Turn, command: C): void;
  /** It ended in any way, and the journal says so. */
  ended?(turn: Turn, command: C): void;

  /** Whether it waits for a next attempt that could be made now. */
  canRetry?(command: C): boolean;
  /** Makes the next attempt, for which its time has not come. */
  retryNow?(turn: Turn, command: C): void;
  /** Its outcome when an operator skips it. Default null. */
  skippedAs?: JsonValue;
  /** The result that an operator (`by`) gives it, held to what its call returns. Default: any value, as it is. */
  resultByHand?(command: C, value: JsonValue, by: string): ResultByHand;

  /** The timers that are set for it while it is open. */
  timers?(command: C): CommandTimer[];
  /** What else it waits on while it is open. */
  waitsOn?(command: C, run: RunFold): Waiting[];
  /** The effect of the host's own that it waits for. */
  pendingEffect?(command: C): InProcessEffect | undefined;

  /** Whether it waits for time or for somebody, rather than for work that is under way. Default false. */
  isWaiting?(command: C): boolean;
  /** In words, what keeps it from ending; "" while something is at work. Default "". */
  reasonToWait?(command: C, run: RunFold): string;
  /** What an open command shows as. Default: it waits. */
  shown?(command: C): WaitingState;
  /** What it has to show in any state. */
  details?(command: C, run: RunFold): Partial<Activity>;
}
