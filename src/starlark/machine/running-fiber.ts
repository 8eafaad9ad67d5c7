/** What the instructions need of the fiber they run in. */
import type { CallContext, CallResult, KeywordArgument } from "../value/call.ts";
import type { StarlarkFunction } from "../value/function.ts";
import type { CallPlan } from "../value/function-code.ts";
import type { Value } from "../value/value.ts";
import type { Frame, Slot } from "./frame.ts";

export interface RunningFiber extends CallContext {
  /** The registers of all frames. */
  readonly registers: Slot[];
  /** The innermost frame. */
  frame: Frame | undefined;
  /** Whether the innermost frame has instructions to execute. */
  readonly isRunning: boolean;

  /**
   * Calls a value. A Starlark function gets a frame, to be executed, and the result is undefined;
   * anything else is called at once.
   */
  invoke(
    callee: Value,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
    target: number,
  ): CallResult | undefined;

  /**
   * As `invoke`, of a Starlark function whose arguments lie in registers from `base` on, above those of
   * the innermost frame that are in use.
   */
  enterInPlace(fn: StarlarkFunction, base: number, count: number, target: number): void;

  /** As `enterInPlace`, for a call that has a plan. */
  enterPlanned(fn: StarlarkFunction, plan: CallPlan, base: number, target: number): void;

  /**
   * Takes what a call resulted in to whoever asked for it: into a register of the innermost frame, to
   * a builtin that waits for it, or, without frames, to the host. On return the innermost frame has
   * instructions to execute, or the fiber is no longer running.
   */
  complete(result: CallResult, target: number): void;
}
