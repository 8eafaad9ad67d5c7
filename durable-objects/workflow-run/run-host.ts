// Hosts the engine of one run: feeds it, commits what it decides, performs what it asks for.
//
// 1. An input is decided and committed in one synchronous turn: records, timers, outbox rows and log lines are
//    one atomic write, and no other input comes in between.
// 2. The machine in memory is a cache of the journal. Whenever a commit fails, the machine is thrown away and the
//    next input loads it anew from what was committed.
// 3. Effects are performed after the commit; the question to policy is asked before, since it changes nothing.
// 4. While an in-process effect has no result yet, a timer row watches it: if the object dies, the alarm performs
//    the effect again; if the effect cannot be performed, the same timer is its next try.
// 5. An engine that throws makes the run stuck, not lost: the failure is kept, what arrives meanwhile goes to the
//    inbox, and each start of the object (after a deploy, say) tries once more. It never tries in a loop.
import {
  failure,
  type LocalBuiltin,
  type Outbound,
  type OutboundBuiltin,
} from "../../src/builtins/builtin.ts";
import { builtinNames, findBuiltin } from "../../src/builtins/registry.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { Result } from "../../src/protocol/result.ts";
import type { RunDetail, RunSummary } from "../../src/protocol/run.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Alarm } from "../../src/storage/alarm.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import { RowTooLarge } from "../../src/storage/row-size.ts";
import type { Timer, Timers } from "../../src/storage/timers.ts";
import { endOf } from "../../src/workflow/journal-state.ts";
import type {
  Changes,
  Effect,
  InProcessEffect,
  PolicyAnswer,
  RunInput,
  RunMachine,
} from "../../src/workflow/machine-types.ts";
import { runEvent } from "../../src/workflow/run-events.ts";
import { maskedConsequence } from "../../src/workflow/secrets/masked-effects.ts";
import { maskedSummary } from "../../src/workflow/secrets/masked-views.ts";
import { type RunSecrets, secretsOf } from "../../src/workflow/secrets/run-secrets.ts";
import type { StartRun } from "../rpc/workflow-run.ts";
import { type ActivityPage, newestOf, pageOf } from "./activity-pages.ts";
import { answerAtOnce } from "./answers-at-once.ts";
import { Inbox } from "./inbox.ts";
import type { JournalStore } from "./journal.ts";
import type { LogStore } from "./log-store.ts";
import { consumedMessage, effectMessages, emitMessage, forgetMessage, summaryMessage } from "./messages.ts";
import type { Parts, Standstill, StoredStart } from "./parts.ts";
import { stuckSummary } from "./stuck-summary.ts";

/** What the host cannot do by itself. */
export interface RunPorts {
  /** Without a program the engine moves no script. */
  loadMachine(
    program: ProgramSource | null,
    start: StoredStart,
    records: Iterable<JournalRecord>,
  ): RunMachine;
  /** Throws when somebody could not be asked: it will be asked again. */
  decide(run: StoredStart, call: Extract<Effect, { kind: "decide" }>): Promise<Result<PolicyAnswer>>;
  /** The same in this turn; undefined where somebody has to be asked. */
  decideAtOnce(run: StoredStart, call: Extract<Effect, { kind: "decide" }>): PolicyAnswer | undefined;
  outbound: Outbound;
  /** Something was committed: whoever watches may look again. */
  changed(): void;
  /** Lets everybody else who shares the thread have a turn, and the clock go on. */
  rest(): Promise<void>;
  now(): number;
  entropy(): Uint8Array;
}

/** What became of an input: the engine took it (and may have turned it down), or it waits for a working engine. */
export type Fed = { kept: false; refused?: NonNullable<Changes["refused"]> } | { kept: true };

/** What the engine cannot take now, and what is not to be kept for later either. */
const notNow: Fed = {
  kept: false,
  refused: {
    code: "run_stuck",
    message: "the engine cannot go on with this run: its error says why, and nothing was done",
  },
};

/** Writes of the host's own, in the commit of an input, before what the engine decided. */
type AlsoWrite = (changes: Changes) => void;

/** Watches in-process effects. No timer of the engine has this id. */
const WATCH = "host:effects";
const FIRST_LOOK_MS = 2000;
const LATER_LOOKS_MS = 15_000;
const MAX_RETRY_MS = 60_000;
/** Long enough to take in a burst of changes, short enough for a person who watches. */
const SUMMARY_DELAY_MS = 50;

/** Questions that a run asks one after another until it lets others go first. */
const ASKED_IN_A_ROW = 50;

const BUILTIN = "builtin://";
const ENGINE_FAILURE = "engine_failure";

function isInProcess(effect: Effect): effect is InProcessEffect {
  return effect.kind === "decide" || effect.kind === "call_builtin";
}

function keyOf(effect: InProcessEffect): string {
  const n = effect.kind === "decide" ? effect.round : effect.attempt;
  return `${effect.kind} ${effect.command} ${n}`;
}

export class RunHost {
  readonly #parts: Parts;
  readonly #journal: JournalStore;
  readonly #log: LogStore;
  readonly #inbox: Inbox;
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #ports: RunPorts;

  #run: StoredStart | undefined;
  #machine: RunMachine | undefined;
  /** This instance has found that the engine cannot go on; the next one tries again. */
  #engineFailed = false;
  /** In-process effects to begin after the commit, those under way, and how often each has failed. */
  readonly #toPerform = new Map<string, InProcessEffect>();
  readonly #performing = new Set<string>();
  readonly #failures = new Map<string, number>();
  #nextLookAt = Number.POSITIVE_INFINITY;
  /** The last turn has taken all that one may, or many have followed each other: the next waits for others. */
  #needsRest = false;
  #asked = 0;
  #summaryQueued = false;
  /** What is stored of it; undefined until it was looked at. */
  #standstill: Standstill | null | undefined;

  constructor(options: {
    sql: SqlStorage;
    alarm: Alarm;
    timers: Timers;
    outbox: Outbox;
    ports: RunPorts;
    parts: Parts;
    journal: JournalStore;
    log: LogStore;
  }) {
    this.#alarm = options.alarm;
    this.#timers = options.timers;
    this.#outbox = options.outbox;
    this.#ports = options.ports;
    this.#parts = options.parts;
    this.#journal = options.journal;
    this.#log = options.log;
    this.#inbox = new Inbox(options.sql);
  }

  /** What the run began with. Throws before that. */
  get run(): StoredStart {
    this.#run ??= this.#parts.get("start");
    if (!this.#run) throw new Error("this run has not begun");
    return this.#run;
  }

  /**
   * Begins the run. Its tables, its own copy of the program, the journal of the run it is forked from and its first
   * steps are one write. `prepareTables` answers whether nothing can be in them yet. Where the start `isRepeated` until it
   * is answered, what a run that is over at once tells others is entrusted to who asked for it.
   */
  begin(
    { program, ...run }: StartRun,
    prepareTables: () => boolean,
    { records = [], isRepeated = false }: { records?: JournalRecord[]; isRepeated?: boolean } = {},
  ): void {
    const start: StoredStart = { ...run, program: { digest: program.digest } };
    this.#run = start;
    let changes: Changes | undefined;
    let failure: unknown;
    try {
      this.#machine = this.#ports.loadMachine(program, start, records);
      const first = records.length === 0 ? "start" : "begin_again";
      changes = this.#decide(this.#machine, { type: first });
    } catch (error) {
      failure = error;
    }
    let isNew = false;
    const write = () => {
      this.#alarm.transaction(() => {
        isNew = prepareTables();
        if (isNew) this.#standstill = null;
        this.#parts.put("start", start);
        this.#parts.put("program", program);
        this.#journal.append(records);
        // Before whatever else the bus is told: its messages arrive in order.
        if (start.consumed?.length) this.#outbox.add(consumedMessage(start, start.consumed));
      });
      if (changes) this.#commit(changes);
      else this.#giveUp(failure);
    };
    // One that goes on as another would have its start answered after that one's: a chain of them without an end.
    const endsHere = changes?.finished !== undefined && changes.finished.successor === undefined;
    if (isRepeated && endsHere) this.#outbox.entrust(write);
    else write();
    if (!isNew) this.#drainInbox();
    this.#afterCommit();
  }

  /** Keeps an input for a run that has not begun. */
  keepUntilBegun(input: RunInput, prepareTables: () => boolean): void {
    this.#alarm.transaction(() => {
      prepareTables();
      this.#inbox.add(input);
    });
  }

  /** Goes on where the run is, when this is the first call after a restart. */
  resume(): void {
    this.#loadToRead();
  }

  /** Gives the engine an input, and commits and performs what follows. */
  feed(input: RunInput, also?: AlsoWrite): Fed {
    const fed = this.#feed(input, also);
    this.#afterCommit();
    return fed;
  }

  /** A timer of this run is due. */
  fire(timer: Timer): void {
    if (timer.id === WATCH) this.#look();
    else this.#feed({ type: "timer", id: timer.id }, () => this.#timers.drop(timer.id));
    this.#afterCommit();
  }

  summary(): RunSummary {
    const machine = this.#loadToRead();
    const standstill = this.#knownStandstill() ?? undefined;
    if (!machine) return this.#stuckSummary(standstill);
    // A standstill and its end change what people see without a record: the version must still grow.
    return { ...machine.summary(), version: machine.lastSeq + (standstill?.changes ?? 0) };
  }

  /** What is secret in the run; also while its engine does not start. */
  secrets(): RunSecrets {
    return this.#loadToRead()?.secrets ?? secretsOf(this.run, this.#journal.all());
  }

  /** The run as people see it, without what its functions report of their progress. */
  detail(): RunDetail {
    const summary = this.summary();
    if (!this.#machine) return { ...summary, activities: [] };
    const { activities, earlier } = newestOf(this.#machine, summary.commands);
    const { output, traceback } = this.#machine.ending();
    const outputs = this.#machine.outputs();
    return {
      ...summary,
      activities,
      ...(earlier === 0 ? {} : { earlierActivities: earlier }),
      ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
      ...(output === undefined ? {} : { output }),
      ...(traceback === undefined ? {} : { traceback }),
    };
  }

  activities(page: { after: number; limit: number }): ActivityPage {
    const machine = this.#loadToRead();
    return machine ? pageOf(machine, page) : { activities: [] };
  }

  #stuckSummary(standstill: Standstill | undefined): RunSummary {
    const records = this.#journal.all();
    return maskedSummary(stuckSummary(this.run, records, standstill), secretsOf(this.run, records));
  }

  /** The summary for a message that is about to go out: what changes from now on needs another one. */
  summaryToSend(): RunSummary {
    this.#summaryQueued = false;
    return this.summary();
  }

  form(id: Parameters<RunMachine["form"]>[0]): ReturnType<RunMachine["form"]> {
    return this.#loadToRead()?.form(id);
  }

  approval(id: Parameters<RunMachine["approval"]>[0]): ReturnType<RunMachine["approval"]> {
    return this.#loadToRead()?.approval(id);
  }

  /** Reading, too, may be the first call after a crash: what is pending goes on. */
  #loadToRead(): RunMachine | undefined {
    if (this.#machine || this.#engineFailed) return this.#machine;
    this.#load();
    this.#afterCommit();
    return this.#machine;
  }

  #load(): RunMachine | undefined {
    if (this.#machine || this.#engineFailed) return this.#machine;
    const program = this.#parts.get("program");
    if (!program) throw new Error("this run has no program");
    let machine: RunMachine;
    let isOver: boolean;
    try {
      const { last, records } = this.#journal.load();
      isOver = endOf(last) !== undefined;
      machine = this.#ports.loadMachine(isOver ? null : program, this.run, records);
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
    this.#machine = machine;
    const pending = machine.pendingEffects();
    if (pending.length > 0) this.#lookAt(this.#ports.now() + FIRST_LOOK_MS);
    this.#queue(pending);
    this.#step(machine, machine.lastSeq === 0 ? { type: "start" } : { type: "resume" });
    this.#drainInbox();
    return this.#machine;
  }

  #drainInbox(): void {
    for (let next = this.#inbox.oldest(); next && this.#machine; next = this.#inbox.oldest()) {
      const { id, input } = next;
      this.#step(this.#machine, input, () => this.#inbox.remove(id));
    }
  }

  #feed(input: RunInput, also?: AlsoWrite): Fed {
    const machine = this.#load() ?? this.#loadToTerminate(input);
    const fed = machine && this.#step(machine, input, also);
    if (fed) return fed;
    // What begins in the place of the run follows from the run as it is now: that is decided now, or not at all.
    if (input.type === "cancel" && input.successor !== undefined) return notNow;
    this.#alarm.transaction(() => {
      also?.(nothingYet);
      this.#inbox.add(input);
    });
    return { kept: true };
  }

  /** A run that cannot go on can still be ended, and what it has under way elsewhere let go of. */
  #loadToTerminate(input: RunInput): RunMachine | undefined {
    if (input.type !== "cancel" || !input.terminate) return undefined;
    try {
      this.#machine = this.#ports.loadMachine(null, this.run, this.#journal.load().records);
    } catch (error) {
      // Its journal cannot be read either: as stuck as before.
      console.error({ message: "cannot terminate", run: this.run.id, error: String(error) });
      return undefined;
    }
    this.#engineFailed = false;
    return this.#machine;
  }

  /** Decides and commits; undefined when the engine could not, and the input is still to be kept. */
  #step(machine: RunMachine, input: RunInput, also?: AlsoWrite): Fed | undefined {
    let changes: Changes;
    try {
      changes = this.#decide(machine, input);
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
    return this.#commit(changes, also);
  }

  /** Throws what the engine throws. */
  #decide(machine: RunMachine, input: RunInput): Changes {
    const now = this.#ports.now();
    const moment = { now, entropy: this.#ports.entropy };
    const changes = machine.handle(input, moment);
    this.#needsRest = answerAtOnce(machine, changes, {
      moment,
      decide: (call) => this.#ports.decideAtOnce(this.run, call),
      perform: (call) => {
        const builtin = localBuiltin(call.name);
        return builtin && this.#localResult(machine.secrets, builtin, call, now);
      },
    });
    // Policy is asked before the commit, because nothing leaves the object between a write and its confirmation.
    // Asking changes nothing anywhere; the answer is an input of a later turn, when the question is in the journal.
    for (const effect of changes.effects) if (effect.kind === "decide") this.#ask(effect);
    return changes;
  }

  #commit(changes: Changes, also?: AlsoWrite): Fed | undefined {
    try {
      this.#alarm.transaction(() => {
        also?.(changes);
        this.#write(changes);
      });
    } catch (error) {
      // What is in memory was not committed.
      this.#machine = undefined;
      this.#nextLookAt = Number.POSITIVE_INFINITY;
      this.#summaryQueued = false;
      this.#standstill = undefined;
      if (!(error instanceof RowTooLarge)) throw error;
      this.#giveUp(error);
      return undefined;
    }
    this.#queue(changes.effects.filter(isInProcess));
    return changes.refused ? { kept: false, refused: changes.refused } : { kept: false };
  }

  #write(changes: Changes): void {
    this.#journal.append(changes.records);
    this.#timers.dropEach(changes.timers.drop);
    for (const timer of changes.timers.set) this.#timers.set({ ...timer, data: null });
    this.#log.appendScript(changes.log);
    if (changes.effects.some(isInProcess)) this.#lookAt(this.#ports.now() + FIRST_LOOK_MS);
    const outgoing = changes.effects.filter((effect) => !isInProcess(effect));
    for (const message of effectMessages(this.run, outgoing)) this.#outbox.add(message);
    // Nothing changes any more in a run that is over.
    if (changes.records.length > 0) this.#queueSummary(changes.finished ? 0 : SUMMARY_DELAY_MS);
    this.#noteStandstill(this.#machine?.stuck);
    if (changes.finished) {
      // No timer is left: the directory asks it, once it has been kept for long enough, whether it may go.
      this.#timers.dropAll();
      this.#nextLookAt = Number.POSITIVE_INFINITY;
      if (changes.finished.hasWaitedForEvents || this.#isKnownToBus())
        this.#outbox.add(forgetMessage(this.run, changes.finished.successor));
    }
  }

  /** It may hold a place that others wait for, its own or that of the run before it, or has events that are consumed. */
  #isKnownToBus(): boolean {
    const { trigger, continues, consumed } = this.run;
    return trigger.concurrency !== undefined || continues !== undefined || (consumed ?? []).length > 0;
  }

  #knownStandstill(): Standstill | null {
    if (this.#standstill === undefined) this.#standstill = this.#parts.get("standstill") ?? null;
    return this.#standstill;
  }

  /** Keeps that the run is stuck, or goes on: no record says so, and it must still be seen. Whether that is news. */
  #noteStandstill(stuck: { code: string; message: string } | undefined): boolean {
    const known = this.#knownStandstill();
    const standing = known?.isOver === false ? known : undefined;
    if (standing?.code === stuck?.code) return false;
    this.#standstill = {
      code: stuck?.code ?? standing?.code ?? "",
      message: stuck?.message ?? standing?.message ?? "",
      at: this.#ports.now(),
      changes: (known?.changes ?? 0) + 1,
      isOver: stuck === undefined,
    };
    this.#parts.put("standstill", this.#standstill);
    this.#queueSummary();
    return true;
  }

  /** At most one summary waits to be sent: it is filled in when it goes out. */
  #queueSummary(delayMs = SUMMARY_DELAY_MS): void {
    if (this.#summaryQueued) return;
    this.#summaryQueued = true;
    this.#outbox.add(summaryMessage, delayMs);
  }

  #giveUp(error: unknown): void {
    this.#machine = undefined;
    this.#engineFailed = true;
    const message = error instanceof Error ? error.message : String(error);
    console.error({
      message: "the engine failed, the run is stuck",
      run: this.run.id,
      error: error instanceof Error ? error.stack : message,
    });
    this.#alarm.transaction(() => {
      if (!this.#noteStandstill({ code: ENGINE_FAILURE, message })) return;
      const summary = this.#stuckSummary(this.#knownStandstill() ?? undefined);
      const event = runEvent(this.run, "stuck", `engine/${summary.version}`, summary);
      this.#outbox.add(emitMessage(this.run, [event]));
    });
  }

  // ------------------------------------------------------------ in-process effects

  #queue(effects: readonly InProcessEffect[]): void {
    for (const effect of effects) this.#toPerform.set(keyOf(effect), effect);
  }

  /** Makes sure that effects are looked after at `dueAt` or before. */
  #lookAt(dueAt: number): void {
    if (this.#nextLookAt <= dueAt) return;
    this.#nextLookAt = dueAt;
    this.#timers.set({ id: WATCH, kind: "effects", dueAt, data: null });
  }

  #look(): void {
    this.#nextLookAt = Number.POSITIVE_INFINITY;
    this.#timers.drop(WATCH);
    const pending = this.#load()?.pendingEffects() ?? [];
    for (const effect of pending) this.#toPerform.set(keyOf(effect), effect);
    if (pending.length > 0) this.#lookAt(this.#ports.now() + LATER_LOOKS_MS);
  }

  #afterCommit(): void {
    for (const [key, effect] of this.#toPerform) {
      this.#toPerform.delete(key);
      // A local builtin adds to what is iterated here: its outcome may lead to further effects.
      if (!this.#performing.has(key)) this.#perform(key, effect);
    }
    this.#ports.changed();
    void this.#outbox.flush();
  }

  #perform(key: string, effect: InProcessEffect): void {
    if (effect.kind === "decide") {
      this.#ask(effect);
      return;
    }
    const { command, attempt } = effect;
    const local = localBuiltin(effect.name);
    if (local && !this.#needsRest) this.#feed(...this.#performLocal(effect, local));
    else if (local) this.#feedLater(key, async () => this.#performLocal(effect, local));
    else {
      const outbound = findBuiltin(effect.name) as OutboundBuiltin;
      this.#feedLater(key, async () => {
        const outcome = await outbound.perform(this.#callOf(effect, this.#ports.now()), this.#ports.outbound);
        return [{ type: "builtin_finished", command, attempt, outcome }];
      });
    }
  }

  #ask(effect: Extract<Effect, { kind: "decide" }>): void {
    const { command, round } = effect;
    this.#asked += 1;
    if (this.#asked % ASKED_IN_A_ROW === 0) this.#needsRest = true;
    this.#feedLater(keyOf(effect), async () => {
      const result = await this.#ports.decide(this.run, effect);
      return [{ type: "policy_decided", command, round, result }];
    });
  }

  /** What it emits and writes is for everybody: no secret of the run is in it. */
  #localResult(
    secrets: RunSecrets,
    builtin: LocalBuiltin,
    call: CallBuiltin,
    now: number,
  ): ReturnType<LocalBuiltin["perform"]> {
    const { outcome, events, log } = builtin.perform(this.#callOf(call, now));
    return {
      outcome,
      ...(events === undefined ? {} : { events: events.map((event) => maskedConsequence(event, secrets)) }),
      ...(log === undefined ? {} : { log: log.map((text) => secrets.mask.text(text)) }),
    };
  }

  /** The builtin's outcome and what it writes are one commit: it happens exactly once. */
  #performLocal(effect: CallBuiltin, builtin: LocalBuiltin): [RunInput, AlsoWrite] {
    const { command, attempt } = effect;
    const now = this.#ports.now();
    // Where the engine has failed meanwhile, what is masked follows from the journal all the same.
    const secrets = this.#load()?.secrets ?? secretsOf(this.run, this.#journal.all());
    const { outcome, events = [], log = [] } = this.#localResult(secrets, builtin, effect, now);
    const also: AlsoWrite = (changes) => {
      // Nobody wants it any more: another builtin that was begun with it has won a race, say.
      if (changes !== nothingYet && changes.records.length === 0) return;
      if (events.length > 0) this.#outbox.add(emitMessage(this.run, events));
      this.#log.appendScript(log.map((text) => ({ at: now, command, text })));
    };
    return [{ type: "builtin_finished", command, attempt, outcome }, also];
  }

  #callOf({ command, attempt, inputs }: CallBuiltin, now: number) {
    const { id: run, workspace, workflow, event: cause } = this.run;
    return { run, workspace, workflow, command, attempt, inputs, cause, now };
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
        this.feed(input, also);
      });
    performed
      .catch((error) => this.#tryAgain(key, error))
      // When not even that can be written, the timer that watches this effect is still there.
      .catch((error) => console.error({ message: "storage failed", run: this.run.id, error: String(error) }));
  }

  #tryAgain(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    console.error({
      message: "effect failed, will be tried again",
      run: this.run.id,
      effect: key,
      failures,
      error: String(error),
    });
    this.#lookAt(this.#ports.now() + Math.min(250 * 2 ** failures, MAX_RETRY_MS));
  }
}

type CallBuiltin = Extract<Effect, { kind: "call_builtin" }>;

const nothingYet: Changes = { records: [], timers: { set: [], drop: [] }, effects: [], log: [] };

/** One that touches nothing but the run's own storage; undefined for one that reaches outside. */
function localBuiltin(name: string): LocalBuiltin | undefined {
  const builtin = findBuiltin(name) ?? unknownBuiltin(name);
  return builtin.kind === "local" ? builtin : undefined;
}

function unknownBuiltin(name: string): LocalBuiltin {
  const known = builtinNames.map((builtin) => BUILTIN + builtin).join(", ");
  const outcome = failure("UnknownFunction", `there is no ${BUILTIN}${name}: there are ${known}`);
  return { kind: "local", perform: () => ({ outcome }) };
}
