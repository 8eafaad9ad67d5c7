// What runs of one test ask of each other, by `builtin://signal` and `builtin://cancel`.
import type { RunRequest } from "../builtins/builtin.ts";
import { MAX_SUCCESSORS, tooManySuccessors } from "../builtins/runs.ts";
import type { RunId } from "../protocol/ids.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { isWaiting, neverBegan } from "../protocol/start.ts";
import type { Stage } from "./stage.ts";
import type { TestedBus } from "./tested-bus.ts";
import type { TestedRun } from "./tested-run.ts";

/** The call that asks. */
export interface Asker {
  /** Whether its answer is still wanted: its timeout may be over, or its run. */
  isWaiting(): boolean;
  /** Which run it was that took the request, or why it is refused. */
  answer(answer: Result<RunId>): void;
}

export class TestedRequests {
  readonly #stage: Stage;
  readonly #bus: TestedBus;
  readonly #runs: readonly TestedRun[];

  constructor(stage: Stage, bus: TestedBus, runs: readonly TestedRun[]) {
    this.#stage = stage;
    this.#bus = bus;
    this.#runs = runs;
  }

  /** Asks the run, or the one that goes on in its place; one that has not begun as soon as it has. */
  ask(request: RunRequest, asker: Asker, passed = 0): void {
    const { run: id, ...input } = request;
    const run = this.#runs.find(({ start }) => start.id === id);
    if (!run) {
      this.#askStart(request, asker);
      return;
    }
    const refused = this.#stage.feed(run, input.type === "cancel" ? { ...input, terminate: false } : input);
    const successor = refused?.details?.run;
    if (!refused) asker.answer(ok(id));
    else if (refused.code === "run_not_started") this.#askAgain(request, asker, passed);
    else if (successor === undefined) asker.answer({ ok: false, error: refused });
    else if (passed === MAX_SUCCESSORS) asker.answer(tooManySuccessors(id));
    // It may be about to begin.
    else this.#askAgain({ ...request, run: successor as RunId }, asker, passed + 1);
  }

  /** A start that waits its turn can be taken back; a signal waits with it. */
  #askStart(request: RunRequest, asker: Asker): void {
    const { run, ...input } = request;
    const start = this.#bus.startOf(run);
    if (!start) asker.answer(refuse("unknown_run", "no run has this id"));
    else if (start.state === "started") this.#askAgain(request, asker);
    else if (!isWaiting(start)) {
      asker.answer(input.type === "cancel" && start.state === "cancelled" ? ok(run) : neverBegan(start));
    } else if (input.type === "cancel") {
      this.#bus.takeBack(run, input);
      asker.answer(ok(run));
    } else this.#bus.whenDecided(run, () => this.#askAgain(request, asker));
  }

  #askAgain(request: RunRequest, asker: Asker, passed = 0): void {
    this.#stage.soon(() => {
      if (asker.isWaiting()) this.ask(request, asker, passed);
    });
  }
}
