// What runs of one test ask of each other, by `builtin://signal` and `builtin://cancel`.
import type { RunRequest } from "../builtins/builtin.ts";
import type { RunId } from "../protocol/ids.ts";
import { ok, type Result, refuse } from "../protocol/result.ts";
import { isWaiting, neverBegan } from "../protocol/start.ts";
import type { Stage } from "./stage.ts";
import type { TestedBus } from "./tested-bus.ts";
import type { TestedRun } from "./tested-run.ts";

export class TestedRequests {
  readonly #stage: Stage;
  readonly #bus: TestedBus;
  readonly #runs: readonly TestedRun[];

  constructor(stage: Stage, bus: TestedBus, runs: readonly TestedRun[]) {
    this.#stage = stage;
    this.#bus = bus;
    this.#runs = runs;
  }

  /** Asks the run, or the one that goes on in its place. `then` gets which that was, or why it is refused. */
  ask(request: RunRequest, then: (answer: Result<RunId>) => void): void {
    const { run: id, ...input } = request;
    const run = this.#runs.find(({ start }) => start.id === id);
    if (!run) {
      this.#askStart(request, then);
      return;
    }
    const refused = this.#stage.feed(run, input.type === "cancel" ? { ...input, terminate: false } : input);
    const successor = refused?.details?.run;
    if (!refused) then(ok(id));
    else if (successor === undefined) then({ ok: false, error: refused });
    // It may be about to begin.
    else this.#stage.soon(() => this.ask({ ...request, run: successor as RunId }, then));
  }

  /** A start that waits its turn can be taken back; nothing in a test waits until it can be signalled. */
  #askStart({ run, ...input }: RunRequest, then: (answer: Result<RunId>) => void): void {
    const start = this.#bus.startOf(run);
    if (!start) then(refuse("unknown_run", "no run has this id"));
    else if (!isWaiting(start)) {
      then(input.type === "cancel" && start.state === "cancelled" ? ok(run) : neverBegan(start));
    } else if (input.type === "cancel") {
      this.#bus.takeBack(run, input);
      then(ok(run));
    } else {
      this.#stage.fail(
        "RunNotStarted",
        `a run signals ${run}, whose start waits its turn: let it begin first`,
      );
    }
  }
}
