// The first turn of a run, before anything of it is written. Nobody has heard of the run, so nothing can come in between,
// and the turn may wait for others: for what the catalog says of the functions that it calls. So a run whose calls need
// no more than that is one write. See docs/decisions/0025-asked-before-beginning.md.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Changes, Effect, Moment, RunMachine } from "../../src/workflow/machine-types.ts";
import type { InProcessEffects } from "./in-process-effects.ts";

/** How long a run waits before it begins, and how often it asks: for calls that follow from the first ones, too. */
const PATIENCE_MS = 1000;
const ROUNDS = 8;

interface FirstTurnOptions {
  program: ProgramSource;
  /** The journal of the run that it is forked from. */
  records: JournalRecord[];
  /** May throw: the run then begins stuck. */
  load(): RunMachine;
  effects: Pick<InProcessEffects, "answer" | "undecided" | "learn">;
  moment(): Moment;
}

export class FirstTurn {
  readonly program: ProgramSource;
  readonly records: JournalRecord[];
  readonly #effects: FirstTurnOptions["effects"];
  readonly #moment: () => Moment;
  #decided: { machine: RunMachine; changes: Changes } | { failure: unknown };

  constructor({ program, records, load, effects, moment }: FirstTurnOptions) {
    this.program = program;
    this.records = records;
    this.#effects = effects;
    this.#moment = moment;
    this.#decided = attempt(() => {
      const machine = load();
      const at = moment();
      const changes = machine.handle({ type: records.length === 0 ? "start" : "begin_again" }, at);
      effects.answer(machine, changes, at);
      return { machine, changes };
    });
  }

  /** What the engine has decided, or why it could not. */
  get decided(): { machine: RunMachine; changes: Changes } | { failure: unknown } {
    return this.#decided;
  }

  /** Whether it may get further by `complete`. */
  get isOpen(): boolean {
    return this.#undecided().length > 0;
  }

  #undecided(): ReturnType<InProcessEffects["undecided"]> {
    return "changes" in this.#decided ? this.#effects.undecided(this.#decided.changes) : [];
  }

  /** Goes on with what the catalog says, as far as that leads. What is open then is asked when the run has begun. */
  async complete(): Promise<void> {
    const until = this.#moment().now + PATIENCE_MS;
    const asked = new Set<Effect>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const open = this.#undecided().filter((call) => !asked.has(call));
      const patience = until - this.#moment().now;
      if (open.length === 0 || patience <= 0) return;
      for (const call of open) asked.add(call);
      await this.#effects.learn(open, patience);
      this.#goOn();
    }
  }

  #goOn(): void {
    const before = this.#decided;
    if ("failure" in before) return;
    this.#decided = attempt(() => {
      this.#effects.answer(before.machine, before.changes, this.#moment());
      return before;
    });
  }
}

function attempt<T>(act: () => T): T | { failure: unknown } {
  try {
    return act();
  } catch (failure) {
    return { failure };
  }
}
