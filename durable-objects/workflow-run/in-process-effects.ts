// The effects of a run that its own object performs: questions to policy, and calls of builtins.
//
// 1. What can be answered in the turn that asks for it is answered there, see answers-at-once.ts. Policy is asked before
//    the commit, since that changes nothing; all else is performed after it.
// 2. While an effect has no result yet, a timer row watches it: if the object dies, the alarm performs the effect again;
//    if the effect cannot be performed, the same timer is its next try.
// 3. A result is an input like any other. One that comes when nobody wants it any more changes nothing.
import type {
  LocalBuiltin,
  Outbound,
  OutboundBuiltin,
  RunRequest,
  RunsBuiltin,
} from "../../src/builtins/builtin.ts";
import { outcomeOf } from "../../src/builtins/runs.ts";
import type { RunId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import { atMost } from "../../src/storage/patience.ts";
import type { Timer, Timers } from "../../src/storage/timers.ts";
import {
  type Changes,
  type Effect,
  type InProcessEffect,
  isInProcess,
  type Moment,
  type PolicyAnswer,
  type RunInput,
  type RunMachine,
} from "../../src/workflow/machine-types.ts";
import { maskedRequest } from "../../src/workflow/secrets/masked-effects.ts";
import type { RunSecrets } from "../../src/workflow/secrets/run-secrets.ts";
import { answerAtOnce } from "./answers-at-once.ts";
import { builtinOf, type CallBuiltin, callOf, performLocal } from "./builtin-calls.ts";
import { type AlsoWrite, undecided } from "./feeding.ts";
import type { LogStore } from "./log-store.ts";
import { emitMessage } from "./messages.ts";
import type { StoredStart } from "./parts.ts";

type Decide = Extract<Effect, { kind: "decide" }>;

/** Whom effects ask, and how they wait. */
export interface EffectPorts {
  /** Throws when somebody could not be asked: it will be asked again. */
  decide(run: StoredStart, call: Decide): Promise<Result<PolicyAnswer>>;
  /** The same in this turn; undefined where somebody has to be asked. */
  decideAtOnce(run: StoredStart, call: Decide): PolicyAnswer | undefined;
  /** Finds out what it takes to decide the call at once, where that can be. Throws as `decide` does. */
  learn(run: StoredStart, call: Decide): Promise<void>;
  outbound: Outbound;
  /** Asks another run, or the one that goes on in its place. Throws where there is no answer yet. */
  askRun(run: StoredStart, request: RunRequest): Promise<Result<RunId>>;
  /** Lets everybody else who shares the thread have a turn, and the clock go on. */
  rest(): Promise<void>;
  now(): number;
}

/** The run that asks for the effects, and takes what comes of them. */
export interface EffectOwner {
  run(): StoredStart;
  /** What has no result yet; nothing where the engine does not start. */
  pendingEffects(): InProcessEffect[];
  /** Also where the engine does not start. */
  secrets(): RunSecrets;
  /** Decides an input and commits it, in the midst of performing: what follows is performed there. */
  take(input: RunInput, also?: AlsoWrite): void;
  /** The same in a turn of its own, and performs what follows. */
  feed(input: RunInput, also?: AlsoWrite): void;
}

/** Watches in-process effects. No timer of the engine has this id. */
const WATCH = "host:effects";
const FIRST_LOOK_MS = 2000;
const LATER_LOOKS_MS = 15_000;
const MAX_RETRY_MS = 60_000;

/** Questions that a run asks one after another until it lets others go first. */
const ASKED_IN_A_ROW = 50;

function keyOf(effect: InProcessEffect): string {
  const n = effect.kind === "decide" ? effect.round : effect.attempt;
  return `${effect.kind} ${effect.command} ${n}`;
}

export class InProcessEffects {
  readonly #owner: EffectOwner;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #log: LogStore;
  readonly #ports: EffectPorts;

  /** What is to begin after the commit, what is under way, and how often each has failed. */
  readonly #toPerform = new Map<string, InProcessEffect>();
  readonly #performing = new Set<string>();
  readonly #failures = new Map<string, number>();
  #nextLookAt = Number.POSITIVE_INFINITY;
  /** The last turn has taken all that one may, or many have followed each other: the next waits for others. */
  #needsRest = false;
  #asked = 0;

  constructor(options: {
    owner: EffectOwner;
    timers: Timers;
    outbox: Outbox;
    log: LogStore;
    ports: EffectPorts;
  }) {
    this.#owner = options.owner;
    this.#timers = options.timers;
    this.#outbox = options.outbox;
    this.#log = options.log;
    this.#ports = options.ports;
  }

  // ---------------------------------------------------------- in the turn that decides

  /** Adds to `changes` what can be answered in this turn. Throws what the engine throws. */
  answer(machine: RunMachine, changes: Changes, moment: Moment): void {
    this.#needsRest = answerAtOnce(machine, changes, {
      moment,
      decide: (call) => this.#ports.decideAtOnce(this.#owner.run(), call),
      perform: (call) => {
        const builtin = builtinOf(call.name);
        if (builtin.kind !== "local") return undefined;
        return performLocal(builtin, callOf(this.#owner.run(), call, moment.now), machine.secrets);
      },
    });
  }

  /** What `answer` has left for policy, and not because the turn has taken all that one may. */
  undecided(changes: Changes): Decide[] {
    return this.#needsRest ? [] : changes.effects.filter((effect) => effect.kind === "decide");
  }

  /**
   * Finds out what it takes to decide these calls in this turn, for `patienceMs` at most. Whoever could not be asked is
   * asked again by `ask`, and what goes wrong there is seen to.
   */
  async learn(calls: readonly Decide[], patienceMs: number): Promise<void> {
    const asked = Promise.allSettled(calls.map((call) => this.#ports.learn(this.#owner.run(), call)));
    await atMost(
      patienceMs,
      asked.then(() => {}),
    );
  }

  /**
   * Asks policy what is left: before the commit, because nothing leaves the object between a write and its
   * confirmation. Asking changes nothing anywhere; the answer is an input of a later turn, when the question is in the
   * journal.
   */
  ask(changes: Changes): void {
    for (const effect of changes.effects) if (effect.kind === "decide") this.#ask(effect);
  }

  /** Keeps, in the commit of these effects, that those of them that are performed here are looked after. */
  watch(effects: readonly Effect[]): void {
    if (effects.some(isInProcess)) this.#lookAt(this.#ports.now() + FIRST_LOOK_MS);
  }

  /** The timer is gone: dropped with all others, or never committed. */
  unwatched(): void {
    this.#nextLookAt = Number.POSITIVE_INFINITY;
  }

  /** To be performed next, now that they are committed. */
  queue(effects: readonly Effect[]): void {
    for (const effect of effects) if (isInProcess(effect)) this.#toPerform.set(keyOf(effect), effect);
  }

  /** To be performed next instead of what was queued. */
  queueOnly(effects: readonly Effect[]): void {
    this.#toPerform.clear();
    this.queue(effects);
  }

  // ------------------------------------------------------------------ after the commit

  performQueued(): void {
    for (const [key, effect] of this.#toPerform) {
      this.#toPerform.delete(key);
      // A local builtin adds to what is iterated here: its outcome may lead to further effects.
      if (!this.#performing.has(key)) this.#perform(key, effect);
    }
  }

  #perform(key: string, effect: InProcessEffect): void {
    if (effect.kind === "decide") {
      this.#ask(effect);
      return;
    }
    const builtin = builtinOf(effect.name);
    if (builtin.kind !== "local") this.#feedLater(key, () => this.#performElsewhere(effect, builtin));
    else if (this.#needsRest) this.#feedLater(key, async () => this.#performLocal(effect, builtin));
    else this.#owner.take(...this.#performLocal(effect, builtin));
  }

  #ask(effect: Decide): void {
    const { command, round } = effect;
    this.#asked += 1;
    if (this.#asked % ASKED_IN_A_ROW === 0) this.#needsRest = true;
    this.#feedLater(keyOf(effect), async () => {
      const result = await this.#ports.decide(this.#owner.run(), effect);
      return [{ type: "policy_decided", command, round, result }];
    });
  }

  async #performElsewhere(effect: CallBuiltin, builtin: OutboundBuiltin | RunsBuiltin): Promise<[RunInput]> {
    const { command, attempt } = effect;
    const call = callOf(this.#owner.run(), effect, this.#ports.now());
    const outcome =
      builtin.kind === "outbound"
        ? await builtin.perform(call, this.#ports.outbound)
        : await this.#askRun(builtin.request(call));
    return [{ type: "builtin_finished", command, attempt, outcome }];
  }

  async #askRun(asked: ReturnType<RunsBuiltin["request"]>): Promise<JobOutcome> {
    if ("outcome" in asked) return asked.outcome;
    const request = maskedRequest(asked.request, this.#owner.secrets());
    return outcomeOf(request, await this.#ports.askRun(this.#owner.run(), request));
  }

  /** The builtin's outcome and what it writes are one commit: it happens exactly once. */
  #performLocal(effect: CallBuiltin, builtin: LocalBuiltin): [RunInput, AlsoWrite] {
    const { command, attempt } = effect;
    const run = this.#owner.run();
    const now = this.#ports.now();
    const performed = performLocal(builtin, callOf(run, effect, now), this.#owner.secrets());
    const { outcome, events = [], log = [] } = performed;
    const also: AlsoWrite = (changes) => {
      // Nobody wants it any more: another builtin that was begun with it has won a race, say.
      if (changes !== undecided && changes.records.length === 0) return;
      if (events.length > 0) this.#outbox.add(emitMessage(run, events));
      this.#log.appendScript(log.map((text) => ({ at: now, command, text })));
    };
    return [{ type: "builtin_finished", command, attempt, outcome }, also];
  }

  /** Feeds what `work` finds out. When it throws, the effect keeps its place and is tried again, less and less often. */
  #feedLater(key: string, work: () => Promise<[RunInput, AlsoWrite?]>): void {
    this.#performing.add(key);
    // What is asked of other objects on the same thread is no rest: their answers come before anything from outside.
    const rested = this.#needsRest ? this.#ports.rest().then(work) : work();
    const performed = rested
      .finally(() => this.#performing.delete(key))
      .then(([input, also]) => {
        this.#failures.delete(key);
        this.#owner.feed(input, also);
      });
    performed
      .catch((error) => this.#tryAgain(key, error))
      // When not even that can be written, the timer that watches this effect is still there.
      .catch((error) => {
        console.error({ message: "storage failed", run: this.#owner.run().id, error: String(error) });
      });
  }

  #tryAgain(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    console.error({
      message: "effect failed, will be tried again",
      run: this.#owner.run().id,
      effect: key,
      failures,
      error: String(error),
    });
    this.#lookAt(this.#ports.now() + Math.min(250 * 2 ** failures, MAX_RETRY_MS));
  }

  // ----------------------------------------------------------------------- the timer

  isWatch(timer: Timer): boolean {
    return timer.id === WATCH;
  }

  /** The timer that watches them is due: what has no result yet is performed again. */
  look(): void {
    this.#nextLookAt = Number.POSITIVE_INFINITY;
    this.#timers.drop(WATCH);
    const pending = this.#owner.pendingEffects();
    this.queue(pending);
    if (pending.length > 0) this.#lookAt(this.#ports.now() + LATER_LOOKS_MS);
  }

  /** Makes sure that effects are looked after at `dueAt` or before. */
  #lookAt(dueAt: number): void {
    if (this.#nextLookAt <= dueAt) return;
    this.#nextLookAt = dueAt;
    this.#timers.set({ id: WATCH, kind: "effects", dueAt, data: null });
  }
}
