/** The frames of a fiber: a chain of objects that are reused, so that a call allocates nothing. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import type { CallResult, Continuation, Outcome } from "../value/call.ts";
import type { Cell, StarlarkFunction } from "../value/function.ts";
import type { Iteration } from "../value/iterate.ts";
import type { Value } from "../value/value.ts";

/** What a register holds: a value, or what only the machine sees. */
export type Slot = Value | Cell | Iteration | undefined;

/** What a builtin wants done with the result of a call it asked for. */
export type Native =
  | { readonly kind: "then"; readonly next: Continuation }
  | { readonly kind: "attempt"; readonly next: (outcome: Outcome) => CallResult }
  | {
      readonly kind: "each";
      readonly callee: Value;
      readonly items: readonly Value[];
      readonly results: Value[];
      readonly next: (results: Value[]) => CallResult;
    };

export class Frame {
  readonly parent: Frame | undefined;
  /** Number of frames below. */
  readonly depth: number;
  /** The frame for calls made from here, kept for the next one. */
  next: Frame | undefined = undefined;
  /** The function that runs here; undefined in the frame of a builtin that waits for a call. */
  fn: StarlarkFunction | undefined = undefined;
  native: Native | undefined = undefined;
  /** Index of the next instruction. */
  pc = 0;
  /** Index of the frame's first register. */
  base = 0;
  /** Where the result goes: an index into the registers of the fiber. */
  result = -1;

  constructor(parent: Frame | undefined) {
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }
}

/** The frame for a call from a frame; throws when that is too deep. */
export function nextFrame(frame: Frame, budget: Budget): Frame {
  if (frame.next !== undefined) return frame.next;
  if (frame.depth + 1 >= budget.maxDepth) throw budget.depthExceeded();
  frame.next = new Frame(frame);
  return frame.next;
}

/** Throws when a function that must not be called recursively is active already. */
export function refuseRecursion(fn: StarlarkFunction, frame: Frame | undefined): void {
  if (fn.code.allowsRecursion) return;
  for (let active = frame; active !== undefined; active = active.parent) {
    if (active.fn?.code === fn.code) {
      throw new EvaluationError(`function ${fn.name} called recursively`);
    }
  }
}
