// One fiber of a run as the engine sees it: the Starlark fiber that is on, the functions deferred on it, and the
// commands it has issued.
import type { CommandId } from "../protocol/ids.ts";
import { Budget, Fiber, type FiberState, type StarlarkError, type Value } from "../starlark/index.ts";
import { CANCELLED } from "./error-data.ts";
import type { IssuedCommand } from "./issued-command.ts";
import { MAX_OVERRUNS, sliceLimits } from "./limits.ts";
import type { CallingFiber, CommandRequest } from "./w/issue.ts";

const BUDGET_EXCEEDED = "BudgetExceeded";

/** How the function a thread was made for ended, before its deferred functions. */
export type ThreadEnding =
  | { kind: "returned"; value: Value }
  | { kind: "failed"; error: StarlarkError }
  | { kind: "cancelled" };

export interface ThreadHost {
  /** What `w` needs of the run, for a thread. */
  callingFiber(thread: Thread): CallingFiber;
  issue(command: IssuedCommand, thread: Thread): void;
  print(text: string): void;
}

interface DeferredCall {
  fn: Value;
  args: readonly Value[];
}

export class Thread {
  readonly id: string;
  readonly #host: ThreadHost;
  readonly #budget = new Budget(sliceLimits);
  readonly #deferred: DeferredCall[] = [];
  #fiber: Fiber;
  #commands = 0;
  #overruns = 0;
  /** The command it is blocked on. */
  waitingFor: CommandId | undefined;
  /** Set when the function has ended: from then on deferred functions run. */
  ending: ThreadEnding | undefined;
  isDone = false;

  constructor(id: string, host: ThreadHost, fn: Value, args: readonly Value[]) {
    this.id = id;
    this.#host = host;
    this.#fiber = this.#newFiber(fn, args);
  }

  start(): void {
    this.#slice(() => this.#fiber.run());
  }

  /** `freshSlice`: the fiber has really waited, so it gets a budget of its own for what follows. */
  resume(value: Value, freshSlice: boolean): void {
    if (freshSlice) this.#budget.reset();
    this.#slice(() => this.#fiber.resume(value));
  }

  fail(error: StarlarkError): void {
    this.#budget.reset();
    this.#slice(() => this.#fiber.fail(error));
  }

  defer(call: DeferredCall): void {
    this.#deferred.push(call);
  }

  #newFiber(fn: Value, args: readonly Value[]): Fiber {
    return new Fiber(fn, args, [], {
      budget: this.#budget,
      print: (text) => this.#host.print(text),
      hostData: this.#host.callingFiber(this),
    });
  }

  /** Runs to the next command, through as many deferred functions as end without one. */
  #slice(go: () => FiberState): void {
    this.waitingFor = undefined;
    let state = go();
    for (;;) {
      switch (state.kind) {
        case "suspended":
          this.#issue(state.request as CommandRequest);
          return;
        case "done":
          this.#ended({ kind: "returned", value: state.value });
          break;
        case "failed":
          this.#ended(
            state.error.code === CANCELLED && state.error.uncatchable
              ? { kind: "cancelled" }
              : { kind: "failed", error: state.error },
          );
          break;
      }
      const next = this.#deferred.pop();
      if (next === undefined) {
        this.isDone = true;
        return;
      }
      this.#fiber = this.#newFiber(next.fn, next.args);
      state = this.#fiber.run();
    }
  }

  #issue(request: CommandRequest): void {
    this.#commands += 1;
    const command = `${this.id}#${this.#commands}` as CommandId;
    this.waitingFor = command;
    this.#host.issue({ ...request, command }, this);
  }

  /** The first ending counts. A deferred function that fails turns a success into a failure, else it is told. */
  #ended(ending: ThreadEnding): void {
    const isOverrun = ending.kind === "failed" && ending.error.code === BUDGET_EXCEEDED;
    if (isOverrun) this.#overruns += 1;
    // What the handler has used is not taken from its cleanup. Cleanup shares one budget, unless a function used it up.
    if ((isOverrun || this.ending === undefined) && this.#overruns <= MAX_OVERRUNS) this.#budget.reset();
    if (this.ending === undefined) {
      this.ending = ending;
      return;
    }
    if (ending.kind !== "failed") return;
    this.#host.print(`a deferred function failed: ${ending.error.format()}`);
    if (this.ending.kind === "returned") this.ending = ending;
  }
}
