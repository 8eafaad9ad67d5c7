/**
 * What a builtin is given when it is called, and how it calls back into Starlark or waits.
 *
 * A builtin never calls Starlark through the JavaScript stack: it returns a `Deferred` that it got
 * from its context, and the machine goes on from there. So a fiber can be suspended under any number
 * of builtins, and no nesting of calls can exhaust the JavaScript stack.
 */
import type { Budget } from "../budget.ts";
import type { Position, StarlarkError } from "../errors.ts";
import type { Value } from "./value.ts";

/** A keyword argument: its name and value. */
export type KeywordArgument = readonly [name: string, value: Value];

/** How a protected call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: StarlarkError };

/** What a builtin returns: its value, or what has to happen before there is one. */
export type CallResult = Value | Deferred;

/** Turns the value that was waited for into the result of the builtin; may defer again. */
export type Continuation = (value: Value) => CallResult;

/** Made by `CallContext` only; a builtin returns it at once. */
export class Deferred {
  readonly action: DeferredAction;

  constructor(action: DeferredAction) {
    this.action = action;
  }
}

export type DeferredAction =
  | {
      readonly kind: "call";
      readonly callee: Value;
      readonly args: readonly Value[];
      readonly kwargs: readonly KeywordArgument[];
      readonly next: Continuation | undefined;
    }
  | {
      readonly kind: "attempt";
      readonly callee: Value;
      readonly args: readonly Value[];
      readonly kwargs: readonly KeywordArgument[];
      readonly next: (outcome: Outcome) => CallResult;
    }
  | {
      readonly kind: "each";
      readonly callee: Value;
      readonly items: readonly Value[];
      readonly next: (results: Value[]) => CallResult;
    }
  | { readonly kind: "suspend"; readonly request: unknown; readonly next: Continuation | undefined };

export interface CallContext {
  /** The budget of the fiber; pass it to operations that ask for one. */
  readonly budget: Budget;

  /** Takes steps and bytes from the budget; call it before the work or the allocation. */
  charge(steps: number, bytes: number): void;

  /** Calls a value; what it returns goes through `then`, or is the builtin's result without it. */
  call(
    callee: Value,
    args: readonly Value[],
    kwargs?: readonly KeywordArgument[],
    then?: Continuation,
  ): Deferred;

  /**
   * Calls a function once per item, in order, then hands all results to `then`. For `sorted(key=)`
   * and the like. Do not keep the results array.
   */
  callEach(callee: Value, items: readonly Value[], then: (results: Value[]) => CallResult): CallResult;

  /** Calls a value and hands its value or its error to `then`; uncatchable errors pass by. */
  attempt(
    callee: Value,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
    then: (outcome: Outcome) => CallResult,
  ): Deferred;

  /**
   * Suspends the fiber until the host resumes it with a value, which goes through `then`, or is the
   * builtin's result without it. `request` reaches the host untouched.
   */
  suspend(request: unknown, then?: Continuation): Deferred;

  /** Hands a line of text to whoever runs the program. */
  print(text: string): void;

  /** Where in the Starlark source the builtin is being called. */
  position(): Position;

  /** Anything a host attached to the fiber, for its own builtins. */
  readonly hostData: unknown;
}
