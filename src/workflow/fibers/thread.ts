// One fiber of a run: a function that runs, the fibers it has started, and the cleanup that was deferred on it.
//
// 1. A thread moves only when it is its turn (`run`), and then until it is blocked or done. What happens to it
//    meanwhile (an outcome, the end of what it waits for, a cancellation) is what it does at its next turn.
// 2. When its function has ended, the fibers it has started and that still run are cancelled. When they are done,
//    cleanup runs, last in first out; then it is done itself. So nothing outlives the one that started it.
// 3. Cancelling does nothing to a thread whose function has ended: cleanup goes on undisturbed.
import type { CommandId } from "../../protocol/ids.ts";
import type { JsonValue } from "../../protocol/json.ts";
import {
  type Budget,
  Fiber,
  type FiberState,
  type Frame,
  StarlarkError,
  type Value,
} from "../../starlark/index.ts";
import { CANCELLED, CONTINUE_AS_NEW } from "../error-data.ts";
import type { IssuedCommand } from "../issued-command.ts";
import { MAX_FIBER_DEPTH } from "../limits.ts";
import type { CallingFiber, CommandRequest, FunctionCall } from "../w/issue.ts";
import type { FiberNumber } from "./ready-queue.ts";

const BUDGET_EXCEEDED = "BudgetExceeded";

/** How the function a thread was made for ended, before its deferred functions. */
export type ThreadEnding =
  | { kind: "returned"; value: Value }
  | { kind: "failed"; error: StarlarkError }
  /** It asked for a new run in the place of this one. */
  | { kind: "continued"; data: JsonValue | undefined }
  | { kind: "cancelled" };

/** What a thread waits for that is not a command: the end of others. */
export interface Join {
  /** The thread waits from now on: sooner or later, maybe at once, `goOn` of it is called. */
  begin(waiter: Thread): void;
  /** One of those it watches is done. */
  memberDone(member: Thread): void;
  /** The waiter waits no longer. */
  leave(): void;
}

/** What a thread's Starlark fiber is suspended with. */
type Suspension = CommandRequest | { join: Join };

type BlockedOn =
  /** It has not had its first turn. */
  | { kind: "start" }
  /** It runs, or waits for its turn. */
  | { kind: "nothing" }
  | { kind: "command"; command: CommandId }
  | { kind: "join"; join: Join }
  /** Its function has ended, and fibers that it started have not. */
  | { kind: "children" };

export interface ThreadHost {
  readonly budget: Budget;
  /** Gives what follows a whole budget, where that is in order. */
  renewBudget(): void;
  /** Throws `TooManyCommands`. */
  claimCommand(thread: Thread): void;
  /** Throws `TooManyDeferred`. */
  claimDeferred(): void;
  /** Throws `TooManyFibers`. `idLength`: characters of the longest of their ids. */
  claimFibers(count: number, idLength: number): void;
  info(): Value;
  issue(command: IssuedCommand, thread: Thread): void;
  withdraw(command: CommandId): void;
  /** The thread has something to do at its turn. */
  ready(thread: Thread): void;
  started(thread: Thread): void;
  done(thread: Thread): void;
  /** The thread waits for others, or no longer does. */
  joins(thread: Thread, isWaiting: boolean): void;
  print(text: string): void;
}

export class Thread implements CallingFiber {
  readonly number: FiberNumber;
  readonly id: string;
  /** Where it was started; undefined for the handler. */
  readonly startedAt: Frame | undefined;
  readonly #host: ThreadHost;
  readonly #parent: Thread | undefined;
  #fiber: Fiber | undefined;
  #turn: (() => FiberState) | undefined;
  #blockedOn: BlockedOn = { kind: "start" };
  #commands = 0;
  readonly #deferred: FunctionCall[] = [];
  #children: Set<Thread> | undefined;
  #started = 0;
  /** Those that failed before anybody waited for them. */
  #unseenFailures: Thread[] | undefined;
  #watchers: Set<Join> | undefined;
  /** Somebody has waited, or waits, for its end. */
  isSeen = false;
  /** Set when the function has ended: from then on deferred functions run. */
  ending: ThreadEnding | undefined;
  isDone = false;

  constructor(
    host: ThreadHost,
    call: FunctionCall,
    origin?: { parent: Thread; number: FiberNumber; startedAt: Frame | undefined },
  ) {
    this.#host = host;
    this.#parent = origin?.parent;
    this.number = origin?.number ?? [0];
    this.id = this.number.join(".");
    this.startedAt = origin?.startedAt;
    const fiber = this.#newFiber(call);
    this.#fiber = fiber;
    this.#turn = () => fiber.run();
    host.started(this);
    host.ready(this);
  }

  /** The active calls, outermost first. */
  get callStack(): Frame[] {
    return this.#fiber?.callStack ?? [];
  }

  /** Commands that end when this thread is cancelled: what it waits for, and what its children do. */
  *cancellable(): Generator<CommandId> {
    if (this.ending) return;
    if (this.#blockedOn.kind === "command") yield this.#blockedOn.command;
    for (const child of this.#children ?? []) yield* child.cancellable();
  }

  // ------------------------------------------------------------ what moves it

  /** Its turn: runs to where it is blocked, through as many deferred functions as end without waiting. */
  run(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (this.isDone) return;
    this.#blockedOn = { kind: "nothing" };
    for (let state = turn?.(); ; ) {
      if (state?.kind === "suspended") {
        this.#block(state.request as Suspension);
        return;
      }
      if (state) this.#functionEnded(state);
      if (!this.#childrenAreDone()) return;
      const next = this.#deferred.pop();
      if (next === undefined) {
        this.#end();
        return;
      }
      this.#fiber = this.#newFiber(next);
      state = this.#fiber.run();
    }
  }

  /** What it waits for has come. */
  resume(value: Value): void {
    this.#atNextTurn((fiber) => fiber.resume(value));
  }

  /** What it waits for has failed. */
  fail(error: StarlarkError): void {
    this.#atNextTurn((fiber) => fiber.fail(error));
  }

  /** Raises `error` where it waits for others. */
  failWait(error: StarlarkError): void {
    if (this.#blockedOn.kind === "join") this.#blockedOn.join.leave();
    this.fail(error);
  }

  /** Raises `error` where it is blocked, unless its function has ended. */
  cancel(error: StarlarkError): void {
    if (this.ending) return;
    switch (this.#blockedOn.kind) {
      case "start":
        this.ending = { kind: "cancelled" };
        this.#end();
        return;
      case "command":
        this.#host.withdraw(this.#blockedOn.command);
        break;
      default:
        break;
    }
    this.failWait(error);
  }

  /** The end of `join`'s wait: `outcome` gives what the call returns, or throws what it raises. */
  goOn(outcome: () => Value): void {
    this.#atNextTurn((fiber) => {
      let value: Value;
      try {
        value = outcome();
      } catch (error) {
        if (error instanceof StarlarkError) return fiber.fail(error);
        throw error;
      }
      return fiber.resume(value);
    });
  }

  #atNextTurn(turn: (fiber: Fiber) => FiberState): void {
    const fiber = this.#fiber;
    if (!fiber) return;
    if (this.#blockedOn.kind === "join") this.#host.joins(this, false);
    this.#blockedOn = { kind: "nothing" };
    // A cancellation takes the place of an outcome that has come and was not delivered yet.
    const isReady = this.#turn !== undefined;
    this.#turn = () => turn(fiber);
    if (!isReady) this.#host.ready(this);
  }

  #block(request: Suspension): void {
    if ("join" in request) {
      this.#blockedOn = { kind: "join", join: request.join };
      this.#host.joins(this, true);
      request.join.begin(this);
      return;
    }
    this.#commands += 1;
    const command = `${this.id}#${this.#commands}` as CommandId;
    this.#blockedOn = { kind: "command", command };
    this.#host.issue({ ...request, command }, this);
  }

  // ------------------------------------------------------------ how it ends

  /** The first ending counts. A deferred function that fails turns a success into a failure, else it is told. */
  #functionEnded(state: Exclude<FiberState, { kind: "suspended" }>): void {
    const ending = this.#withUnseenFailures(this.#endingOf(state));
    const isOverrun = ending.kind === "failed" && ending.error.code === BUDGET_EXCEEDED;
    // What the function has used is not taken from its cleanup.
    if (isOverrun || (this.ending === undefined && this.#deferred.length > 0)) this.#host.renewBudget();
    if (this.ending === undefined) {
      this.ending = ending;
      return;
    }
    if (ending.kind !== "failed") return;
    this.#host.print(`a deferred function failed: ${ending.error.format()}`);
    if (isSuccess(this.ending)) this.ending = ending;
  }

  #endingOf(state: Exclude<FiberState, { kind: "suspended" }>): ThreadEnding {
    if (state.kind === "failed") {
      const { error } = state;
      if (error.code === CONTINUE_AS_NEW && error.uncatchable) {
        return { kind: "continued", data: (error.details as { data?: JsonValue }).data };
      }
      return error.code === CANCELLED && error.uncatchable
        ? { kind: "cancelled" }
        : { kind: "failed", error };
    }
    return { kind: "returned", value: state.value };
  }

  /** Failures that nobody has waited for must not pass for a success: the first turns it into one, others are told. */
  #withUnseenFailures(ending: ThreadEnding): ThreadEnding {
    let result = ending;
    for (const { id, isSeen, ending: failure } of this.#unseenFailures ?? []) {
      if (isSeen || failure?.kind !== "failed") continue;
      if (isSuccess(result)) result = failure;
      else this.#host.print(`fiber ${id} failed, and nobody waited for it: ${failure.error.format()}`);
    }
    this.#unseenFailures = undefined;
    return result;
  }

  /** Cancels the fibers that a function which has ended leaves behind. */
  #childrenAreDone(): boolean {
    const children = this.#children;
    if (!children || children.size === 0) return true;
    const error = new StarlarkError("the function that started this fiber has ended", {
      code: CANCELLED,
      uncatchable: true,
    });
    for (const child of children) child.cancel(error);
    if (children.size === 0) return true;
    this.#blockedOn = { kind: "children" };
    return false;
  }

  #end(): void {
    this.isDone = true;
    this.#fiber = undefined;
    this.#host.done(this);
    for (const join of this.#watchers ?? []) join.memberDone(this);
    this.#watchers = undefined;
    if (this.#parent) this.#parent.#childDone(this);
  }

  #childDone(child: Thread): void {
    this.#children?.delete(child);
    if (child.ending?.kind === "failed" && !child.isSeen) {
      this.#unseenFailures ??= [];
      this.#unseenFailures.push(child);
    }
    if (this.#blockedOn.kind !== "children" || (this.#children?.size ?? 0) > 0) return;
    this.#blockedOn = { kind: "nothing" };
    this.#host.ready(this);
  }

  watch(join: Join): void {
    this.#watchers ??= new Set();
    this.#watchers.add(join);
  }

  unwatch(join: Join): void {
    this.#watchers?.delete(join);
  }

  // ------------------------------------------------------------ what the functions of `w` ask of it

  claimCommand(): void {
    this.#host.claimCommand(this);
  }

  get mayContinue(): boolean {
    return this.#parent === undefined && this.ending === undefined;
  }

  defer(call: FunctionCall): void {
    this.#host.claimDeferred();
    this.#deferred.push(call);
  }

  info(): Value {
    return this.#host.info();
  }

  /** Throws `TooManyFibers` when so many more would be too many. */
  claimFibers(count: number): void {
    if (this.number.length >= MAX_FIBER_DEPTH) {
      throw new StarlarkError(`fibers that start fibers: at most ${MAX_FIBER_DEPTH} deep`, {
        code: "TooManyFibers",
        details: { depth: MAX_FIBER_DEPTH },
      });
    }
    this.#host.claimFibers(count, `${this.id}.${this.#started + count}`.length);
  }

  /** Starts a fiber, which runs at its turn. `startedAt`: the call that asks for it. */
  startChild(call: FunctionCall, startedAt: Frame | undefined): Thread {
    this.#started += 1;
    const number = [...this.number, this.#started];
    const child = new Thread(this.#host, call, { parent: this, number, startedAt });
    this.#children ??= new Set();
    this.#children.add(child);
    return child;
  }

  #newFiber({ fn, args, kwargs = [] }: FunctionCall): Fiber {
    return new Fiber(fn, args, kwargs, {
      budget: this.#host.budget,
      print: (text) => this.#host.print(text),
      hostData: this,
    });
  }
}

function isSuccess({ kind }: ThreadEnding): boolean {
  return kind === "returned" || kind === "continued";
}
