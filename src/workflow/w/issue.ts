// How the functions of `w` reach the engine: what a command asks for, and what they see of the fiber they run in.
import type { CommandKind } from "../../protocol/journal.ts";
import type { JsonObject } from "../../protocol/json.ts";
import type {
  CallContext,
  Continuation,
  Deferred,
  KeywordArgument,
  Position,
  Value,
} from "../../starlark/index.ts";
import { COMMAND_STEPS } from "../limits.ts";

/** What a fiber is suspended with: a command that has no id yet. */
export interface CommandRequest {
  kind: CommandKind;
  /** What it names: a function reference, an event type; "" where there is nothing to name. */
  name: string;
  args: JsonObject;
  position: Position;
}

/** A function of the script, and what it is to be called with. */
export interface FunctionCall {
  fn: Value;
  args: readonly Value[];
  kwargs?: readonly KeywordArgument[];
}

/** The fiber that calls, as the functions of `w` see it. */
export interface CallingFiber {
  /** Throws `TooManyCommands` when the run has none left. */
  claimCommand(): void;
  /** Throws when too many are waiting. */
  defer(call: FunctionCall): void;
  info(): Value;
  /** It is the handler's own fiber, before its cleanup. */
  readonly mayContinue: boolean;
}

export function callingFiber(ctx: CallContext): CallingFiber {
  // Set by fibers/thread.ts, the only place that starts fibers.
  return ctx.hostData as CallingFiber;
}

/**
 * Suspends the fiber with a command; the command's outcome becomes the result of the call, through `then` where
 * it is given. An error outcome is raised at the call.
 */
export function issue(
  ctx: CallContext,
  command: Omit<CommandRequest, "position"> & { position?: Position },
  then?: Continuation,
): Deferred {
  ctx.charge(COMMAND_STEPS, 0);
  callingFiber(ctx).claimCommand();
  const request: CommandRequest = { ...command, position: command.position ?? ctx.position() };
  return ctx.suspend(request, then);
}
