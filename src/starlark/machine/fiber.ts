/**
 * One line of execution: runs a function until it is done, fails, or waits for its host.
 *
 * 1. All state is in frames and registers. A suspended fiber is plain data: nothing of it is on the
 *    JavaScript stack, and it costs nothing but its memory.
 * 2. Every active iteration is in a register of a frame, so that leaving the frame in any way ends it.
 */
import { Budget } from "../budget.ts";
import { EvaluationError, type Position, StarlarkError, type Frame as TracebackFrame } from "../errors.ts";
import {
  type CallResult,
  type Continuation,
  Deferred,
  type DeferredAction,
  type KeywordArgument,
  type Outcome,
} from "../value/call.ts";
import { Builtin, StarlarkFunction } from "../value/function.ts";
import type { CallPlan } from "../value/function-code.ts";
import { HostObject } from "../value/host-object.ts";
import { Iteration } from "../value/iterate.ts";
import { typeName, type Value } from "../value/value.ts";
import { bindParameters } from "./bind-parameters.ts";
import { bindPositional, followPlan } from "./call-plan.ts";
import { clearLocals } from "./clear-locals.ts";
import { execute } from "./execute.ts";
import { Frame, type Native, nextFrame, refuseRecursion, type Slot } from "./frame.ts";
import type { RunningFiber } from "./running-fiber.ts";
import { calledBuiltin, tracebackOf } from "./traceback.ts";

/** Where a fiber is after it has moved. */
export type FiberState =
  | { readonly kind: "suspended"; readonly request: unknown }
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed"; readonly error: StarlarkError };

export interface FiberOptions {
  /** Default: no limit but that of depth. */
  readonly budget?: Budget;
  /** Receives what `print` prints; default: nothing happens. */
  readonly print?: (text: string, position: Position) => void;
  /** What builtins see as `ctx.hostData`. */
  readonly hostData?: unknown;
}

interface Ready {
  readonly kind: "ready";
}

const READY: Ready = { kind: "ready" };

export class Fiber implements RunningFiber {
  readonly budget: Budget;
  readonly hostData: unknown;
  /** The registers of all frames. For the machine only. */
  readonly registers: Slot[] = [];
  /** The innermost frame. For the machine only. */
  frame: Frame | undefined = undefined;
  private readonly rootFrame = new Frame(undefined);
  private readonly printLine: ((text: string, position: Position) => void) | undefined;
  private readonly start: Deferred;
  private current: FiberState | Ready = READY;
  /** Where the value that the host resumes with goes. */
  private resumeTarget = -1;

  constructor(
    fn: Value,
    args: readonly Value[] = [],
    kwargs: readonly KeywordArgument[] = [],
    options: FiberOptions = {},
  ) {
    this.budget = options.budget ?? new Budget();
    this.printLine = options.print;
    this.hostData = options.hostData;
    this.start = this.call(fn, args, kwargs);
  }

  /** Where the fiber is: `ready` before the first `run`. */
  get state(): FiberState | Ready {
    return this.current;
  }

  /** Starts the fiber; it runs until it is done, fails or is suspended. */
  run(): FiberState {
    if (this.current.kind !== "ready") throw new TypeError(`cannot run a fiber that is ${this.current.kind}`);
    return this.proceed(this.start, -1);
  }

  /** Goes on where the fiber was suspended; the value becomes the result of the suspended call. */
  resume(value: Value): FiberState {
    this.requireSuspended("resume");
    return this.proceed(value, this.resumeTarget);
  }

  /** Raises an error at the suspended call. */
  fail(error: StarlarkError): FiberState {
    this.requireSuspended("fail");
    this.current = READY;
    this.raise(error);
    return this.runFrames();
  }

  private requireSuspended(action: string): void {
    if (this.current.kind !== "suspended") {
      throw new TypeError(`cannot ${action} a fiber that is ${this.current.kind}`);
    }
  }

  /** The active calls, outermost first; of a suspended fiber, where it waits. */
  get callStack(): TracebackFrame[] {
    return tracebackOf(this.frame);
  }

  // What builtins see (CallContext).

  charge(steps: number, bytes: number): void {
    this.budget.charge(steps, bytes);
  }

  call(
    callee: Value,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[] = [],
    then?: Continuation,
  ): Deferred {
    return new Deferred({ kind: "call", callee, args, kwargs, next: then });
  }

  callEach(callee: Value, items: readonly Value[], then: (results: Value[]) => CallResult): CallResult {
    this.charge(0, items.length * 8);
    return items.length === 0 ? then([]) : new Deferred({ kind: "each", callee, items, next: then });
  }

  attempt(
    callee: Value,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
    then: (outcome: Outcome) => CallResult,
  ): Deferred {
    return new Deferred({ kind: "attempt", callee, args, kwargs, next: then });
  }

  suspend(request: unknown, then?: Continuation): Deferred {
    return new Deferred({ kind: "suspend", request, next: then });
  }

  print(text: string): void {
    this.printLine?.(text, this.position());
  }

  position(): Position {
    let frame = this.frame;
    while (frame !== undefined && frame.fn === undefined) frame = frame.parent;
    if (frame?.fn === undefined) return { file: "<host>", line: 0, column: 0 };
    const { code } = frame.fn;
    return code.source.position(code.offsets[(frame.pc - 4) >> 2] ?? code.start);
  }

  // How the fiber moves.

  private proceed(result: CallResult, target: number): FiberState {
    this.current = READY;
    try {
      this.complete(result, target);
    } catch (error) {
      this.raise(error);
    }
    return this.runFrames();
  }

  private runFrames(): FiberState {
    for (;;) {
      // Read again in each turn: execution changes it.
      const state = this.state;
      if (state.kind !== "ready") return state;
      try {
        execute(this);
      } catch (error) {
        this.raise(error);
      }
    }
  }

  get isRunning(): boolean {
    return this.current.kind === "ready";
  }

  // What the machine sees (RunningFiber).

  complete(result: CallResult, target: number): void {
    let current = result;
    let register = target;
    for (;;) {
      if (current instanceof Deferred) {
        const { action } = current;
        const native = nativeFor(action);
        if (native !== undefined) {
          this.pushNative(native, register);
          register = -1;
        }
        if (action.kind === "suspend") {
          this.suspendAt(action.request, register);
          return;
        }
        const args = action.kind === "each" ? action.items.slice(0, 1) : action.args;
        const kwargs = action.kind === "each" ? [] : action.kwargs;
        const immediate = this.invoke(action.callee, args, kwargs, register);
        if (immediate === undefined) return;
        current = immediate;
        continue;
      }
      const frame = this.frame;
      if (frame === undefined) {
        this.current = { kind: "done", value: current };
        return;
      }
      const { native } = frame;
      if (native === undefined) {
        this.registers[register] = current;
        return;
      }
      if (native.kind === "each") {
        native.results.push(current);
        const item = native.items[native.results.length];
        if (item !== undefined) {
          const immediate = this.invoke(native.callee, [item], [], -1);
          if (immediate === undefined) return;
          current = immediate;
          continue;
        }
      }
      register = frame.result;
      this.popFrame(frame);
      current = continuation(native, current);
    }
  }

  invoke(
    callee: Value,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
    target: number,
  ): CallResult | undefined {
    if (callee instanceof StarlarkFunction) {
      this.enter(callee, args, kwargs, target);
      return undefined;
    }
    this.budget.charge(1 + args.length + kwargs.length, 0);
    if (callee instanceof Builtin) return callee.invoke(this, args, kwargs);
    if (callee instanceof HostObject && callee.callable) return callee.invoke(this, args, kwargs);
    throw new EvaluationError(`invalid call of non-function (${typeName(callee)})`);
  }

  private enter(
    fn: StarlarkFunction,
    args: readonly Value[],
    kwargs: readonly KeywordArgument[],
    target: number,
  ): void {
    const { code } = fn;
    this.budget.charge(1 + (args.length + kwargs.length) / 8, 0);
    const base = this.firstFreeRegister();
    this.prepareCall(fn, base);
    if (code.isSimple && kwargs.length === 0 && args.length === code.positionalCount) {
      for (let i = 0; i < args.length; i++) this.registers[base + i] = args[i];
    } else bindParameters(fn, args, kwargs, this.registers as (Value | undefined)[], base, this.budget);
    this.pushCall(fn, base, target);
  }

  enterInPlace(fn: StarlarkFunction, base: number, count: number, target: number): void {
    this.prepareCall(fn, base);
    if (bindPositional(fn, this.registers, base, count, this.budget)) this.pushCall(fn, base, target);
    else this.enter(fn, this.registers.slice(base, base + count) as Value[], [], target);
  }

  enterPlanned(fn: StarlarkFunction, plan: CallPlan, base: number, target: number): void {
    this.prepareCall(fn, base);
    followPlan(plan, fn, this.registers, base, this.budget);
    this.pushCall(fn, base, target);
  }

  /** Checks that a function may be called, and makes room for the registers of its frame. */
  private prepareCall(fn: StarlarkFunction, base: number): void {
    const { code } = fn;
    if (!code.allowsRecursion) refuseRecursion(fn, this.frame);
    while (this.registers.length < base + code.registerCount) this.registers.push(undefined);
  }

  /** Adds the frame of a call whose parameters have their values. */
  private pushCall(fn: StarlarkFunction, base: number, target: number): void {
    const { code } = fn;
    if (code.hasPrologue) clearLocals(code, this.registers, base);
    const frame = this.pushFrame();
    frame.fn = fn;
    frame.pc = 0;
    frame.base = base;
    frame.result = target;
  }

  private firstFreeRegister(): number {
    const frame = this.frame;
    if (frame === undefined) return 0;
    return frame.base + (frame.fn?.code.registerCount ?? 0);
  }

  private pushNative(native: Native, target: number): void {
    const base = this.firstFreeRegister();
    const frame = this.pushFrame();
    frame.fn = undefined;
    frame.native = native;
    frame.base = base;
    frame.result = target;
  }

  private pushFrame(): Frame {
    const frame = this.frame === undefined ? this.rootFrame : nextFrame(this.frame, this.budget);
    this.frame = frame;
    return frame;
  }

  private popFrame(frame: Frame): void {
    frame.native = undefined;
    frame.fn = undefined;
    this.frame = frame.parent;
  }

  private suspendAt(request: unknown, target: number): void {
    this.current = { kind: "suspended", request };
    this.resumeTarget = target;
    // What lies above the active frames is left over from calls that have returned.
    this.registers.length = this.firstFreeRegister();
    if (this.frame === undefined) this.rootFrame.next = undefined;
    else this.frame.next = undefined;
  }

  /** Takes an error to the innermost `attempt`, or ends the fiber. */
  private raise(cause: unknown): void {
    let error = this.asStarlarkError(cause);
    for (;;) {
      const frame = this.frame;
      if (frame === undefined) {
        this.current = { kind: "failed", error };
        this.registers.length = 0;
        this.rootFrame.next = undefined;
        return;
      }
      const { native, result } = frame;
      this.releaseIterations(frame);
      this.popFrame(frame);
      if (native?.kind !== "attempt" || error.uncatchable) continue;
      try {
        this.complete(native.next({ ok: false, error }), result);
        return;
      } catch (next) {
        error = this.asStarlarkError(next);
      }
    }
  }

  private releaseIterations(frame: Frame): void {
    if (frame.fn === undefined) return;
    const end = Math.min(this.registers.length, frame.base + frame.fn.code.registerCount);
    for (let i = frame.base; i < end; i++) {
      const slot = this.registers[i];
      if (slot instanceof Iteration) slot.release();
    }
  }

  private asStarlarkError(cause: unknown): StarlarkError {
    const error = cause instanceof StarlarkError ? cause : wrapForeignError(cause);
    if (error.traceback.length === 0) {
      error.traceback = [...tracebackOf(this.frame), ...calledBuiltin(this.frame, this.registers)];
    }
    return error;
  }
}

function nativeFor(action: DeferredAction): Native | undefined {
  switch (action.kind) {
    case "attempt":
      return { kind: "attempt", next: action.next };
    case "each":
      return { kind: "each", callee: action.callee, items: action.items, results: [], next: action.next };
    default:
      return action.next === undefined ? undefined : { kind: "then", next: action.next };
  }
}

/** What a builtin makes of the value it waited for. */
function continuation(native: Native, value: Value): CallResult {
  switch (native.kind) {
    case "attempt":
      return native.next({ ok: true, value });
    case "each":
      return native.next(native.results);
    default:
      return native.next(value);
  }
}

/**
 * An error that is not Starlark's: V8 ran into one of its own limits, or a builtin has a fault. It
 * ends the fiber, never the host.
 */
function wrapForeignError(cause: unknown): StarlarkError {
  if (cause instanceof RangeError) {
    return new StarlarkError(`value too large: ${cause.message}`, {
      code: "ResourceExhausted",
      uncatchable: true,
      cause,
    });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StarlarkError(`internal error: ${message}`, { code: "InternalError", uncatchable: true, cause });
}
