// Hosts the engine of one run: feeds it, commits what it decides, has performed what it asks for.
//
// 1. An input is decided and committed in one synchronous turn: records, timers, outbox rows and log lines are
//    one atomic write, and no other input comes in between.
// 2. The machine in memory is a cache of the journal. Whenever a commit fails, the machine is thrown away and the
//    next input loads it anew from what was committed.
// 3. Effects that are messages are rows of that commit. Those that the object performs itself follow it, see
//    in-process-effects.ts.
// 4. An engine that throws makes the run stuck, not lost: the failure is kept, what arrives meanwhile goes to the
//    inbox, and each start of the object (after a deploy, say) tries once more, and so does an hourly timer. It never
//    tries in a loop. What somebody asks for is not kept: they hear that it was not done, and what the engine fails on
//    does not come back to it. A run whose program does not fit its journal is stuck in the same way.
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { ErrorData } from "../../src/protocol/result.ts";
import type { RunDetail, RunSummary } from "../../src/protocol/run.ts";
import type { PlaceClaim } from "../../src/protocol/start.ts";
import type { ProgramSource } from "../../src/protocol/workflow.ts";
import type { Alarm } from "../../src/storage/alarm.ts";
import type { Outbox } from "../../src/storage/outbox.ts";
import { RowTooLarge } from "../../src/storage/row-size.ts";
import type { Timer, Timers } from "../../src/storage/timers.ts";
import { arrivalsIn, endOf } from "../../src/workflow/journal-state.ts";
import {
  type Changes,
  isAskedAgain,
  isInProcess,
  isTakenWhileStuck,
  type Moment,
  type RunInput,
  type RunMachine,
} from "../../src/workflow/machine-types.ts";
import { runEvent } from "../../src/workflow/run-events.ts";
import { type RunSecrets, secretsOf } from "../../src/workflow/secrets/run-secrets.ts";
import { message } from "../deliver.ts";
import type { StartRun } from "../rpc/workflow-run.ts";
import { type ActivityPage, newestOf, pageOf } from "./activity-pages.ts";
import { type AlsoWrite, type Fed, notNow, type Taken, undecided } from "./feeding.ts";
import { FirstTurn } from "./first-turn.ts";
import { type EffectPorts, InProcessEffects } from "./in-process-effects.ts";
import { Inbox } from "./inbox.ts";
import type { JournalStore } from "./journal.ts";
import type { LogStore } from "./log-store.ts";
import { consumedMessage, effectMessages, emitMessage, forgetMessage, summaryMessage } from "./messages.ts";
import type { Parts, StoredStart } from "./parts.ts";
import { Standstills } from "./standstill.ts";
import { stuckSummary } from "./stuck-summary.ts";

/** What the host cannot do by itself. */
export interface RunPorts extends EffectPorts {
  /** Without a program the engine moves no script. */
  loadMachine(
    program: ProgramSource | null,
    start: StoredStart,
    records: Iterable<JournalRecord>,
  ): RunMachine;
  /** Something was committed: whoever watches may look again. */
  changed(): void;
  entropy(): Uint8Array;
}

/** Long enough to take in a burst of changes, short enough for a person who watches. */
const SUMMARY_DELAY_MS = 50;

const ENGINE_FAILURE = "engine_failure";

export class RunHost {
  readonly #parts: Parts;
  readonly #journal: JournalStore;
  readonly #log: LogStore;
  readonly #inbox: Inbox;
  readonly #alarm: Alarm;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #ports: RunPorts;
  readonly #effects: InProcessEffects;
  readonly #standstills: Standstills;

  #run: StoredStart | undefined;
  #machine: RunMachine | undefined;
  /** This instance has found that the engine cannot go on; the next one tries again. */
  #engineFailed = false;
  #summaryQueued = false;

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
    this.#standstills = new Standstills(options);
    this.#effects = new InProcessEffects({
      ...options,
      owner: {
        run: () => this.run,
        pendingEffects: () => this.#load()?.pendingEffects() ?? [],
        secrets: () => this.#load()?.secrets ?? this.#secretsOfJournal(),
        take: (input, also) => void this.#feed(input, also),
        feed: (input, also) => void this.feed(input, also),
      },
    });
  }

  /** What the run began with. Throws before that. */
  get run(): StoredStart {
    this.#run ??= this.#parts.get("start");
    if (!this.#run) throw new Error("this run has not begun");
    return this.#run;
  }

  /** Decides the first turn of a run, in memory; of a fork, on the journal that it begins with. */
  decideFirst({ program, ...run }: StartRun, records: JournalRecord[] = []): FirstTurn {
    const start: StoredStart = { ...run, program: { digest: program.digest } };
    this.#run = start;
    return new FirstTurn({
      program,
      records,
      load: () => this.#ports.loadMachine(program, start, records),
      effects: this.#effects,
      moment: () => this.#moment(),
    });
  }

  /**
   * Begins the run with its first turn. Its tables, its own copy of the program, the journal of the run it is forked
   * from, its first steps and its claim for a place are one write. `prepareTables` answers whether nothing can be in them
   * yet. Where the start `isRepeated` until it is answered, what a run that is over at once tells others is entrusted to
   * who asked for it.
   */
  begin(
    { program, records, decided }: FirstTurn,
    prepareTables: () => boolean,
    { claim, isRepeated = false }: { claim?: PlaceClaim; isRepeated?: boolean } = {},
  ): void {
    const start = this.run;
    const changes = "changes" in decided ? decided.changes : undefined;
    this.#machine = "machine" in decided ? decided.machine : undefined;
    let isNew = false;
    const write = () => {
      this.#alarm.transaction(() => {
        isNew = prepareTables();
        if (isNew) this.#standstills.isOfNewRun();
        this.#parts.put("start", start);
        this.#parts.put("program", program);
        this.#journal.append(records);
        // Before whatever else the bus is told: its messages arrive in order.
        const consumed = [...(start.consumed ?? []), ...arrivalsIn(records)];
        if (consumed.length > 0) this.#outbox.add(consumedMessage(start, consumed));
        if (claim) this.#outbox.add(message("bus", "", "claimPlace", [claim]));
      });
      const taken = "changes" in decided ? this.#commit(decided.changes) : undefined;
      if ("failure" in decided) this.#giveUp(decided.failure);
      if (records.length > 0 && (!taken || taken.refused)) this.#parts.put("unbegun", true);
    };
    if (changes) this.#effects.ask(changes);
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

  /**
   * The same for what somebody asks for and is told of: answers why it is refused. What cannot be decided now is not
   * kept.
   */
  ask(input: RunInput, also?: AlsoWrite): ErrorData | undefined {
    const fed = this.#decideNow(input, also) ?? { refused: notNow };
    this.#afterCommit();
    return fed.refused;
  }

  /** A timer of this run is due. */
  fire(timer: Timer): void {
    if (this.#effects.isWatch(timer)) this.#effects.look();
    else if (this.#standstills.isLook(timer)) this.#tryAgain();
    else this.#feed({ type: "timer", id: timer.id }, () => this.#timers.drop(timer.id));
    this.#afterCommit();
  }

  /** Loads the engine anew, from what was committed. */
  #tryAgain(): void {
    this.#machine = undefined;
    this.#engineFailed = false;
    this.#load();
  }

  summary(): RunSummary {
    const machine = this.#loadToRead();
    if (!machine) return this.#stuckSummary();
    const standstill = this.#standstills.last();
    // A standstill and its end change what people see without a record: the version must still grow.
    return { ...machine.summary(), version: machine.lastSeq + (standstill?.changes ?? 0) };
  }

  /** What is secret in the run; also while its engine does not start. */
  secrets(): RunSecrets {
    return this.#loadToRead()?.secrets ?? this.#secretsOfJournal();
  }

  #secretsOfJournal(): RunSecrets {
    // What a runner said to be secret may wait for the engine, too.
    const told = this.told("inputs_sensitive").map(
      ({ command, attempt, inputs }): JournalRecord => ({
        seq: 0,
        at: 0,
        type: "noted",
        command,
        note: "inputs_sensitive",
        data: { attempt, inputs },
      }),
    );
    return secretsOf(this.run, [...this.#journal.all(), ...told]);
  }

  /** Inputs of a type that wait for the engine. */
  told<Type extends RunInput["type"]>(type: Type): Extract<RunInput, { type: Type }>[] {
    return this.#inbox
      .all()
      .map(({ input }) => input)
      .filter((input): input is Extract<RunInput, { type: Type }> => input.type === type);
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

  #stuckSummary(): RunSummary {
    return stuckSummary(this.run, this.#journal.all(), this.#standstills.last());
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
    let isOver = false;
    try {
      const { last, records } = this.#journal.load();
      isOver = endOf(last) !== undefined;
      machine = this.#ports.loadMachine(isOver ? null : program, this.run, records);
    } catch (error) {
      this.#giveUp(error, isOver);
      return undefined;
    }
    this.#machine = machine;
    const pending = machine.pendingEffects();
    this.#effects.watch(pending);
    this.#effects.queue(pending);
    this.#goOn(machine);
    this.#drainInbox();
    return this.#machine;
  }

  #goOn(machine: RunMachine): void {
    if (machine.lastSeq === 0) this.#step(machine, { type: "start" });
    else if (this.#parts.get("unbegun"))
      this.#step(machine, { type: "begin_again" }, ({ refused }) => {
        if (!refused) this.#parts.remove("unbegun");
      });
    else this.#step(machine, { type: "resume" });
  }

  #drainInbox(): void {
    let hasDrained = false;
    while (this.#machine && !this.#machine.stuck) {
      const next = this.#inbox.oldest();
      if (!next) break;
      this.#step(this.#machine, next.input, () => this.#inbox.remove(next.name));
      hasDrained = true;
    }
    if (hasDrained && this.#machine) this.#effects.queueOnly(this.#machine.pendingEffects());
  }

  #feed(input: RunInput, also?: AlsoWrite): Fed {
    const fed = this.#decideNow(input, also);
    if (fed) return fed;
    if (isAskedAgain(input)) return { kept: false };
    this.#alarm.transaction(() => {
      also?.(undecided);
      this.#inbox.add(input);
    });
    return { kept: true };
  }

  /** Undefined when the engine cannot. */
  #decideNow(input: RunInput, also?: AlsoWrite): Taken | undefined {
    const machine = this.#load() ?? this.#loadToTerminate(input);
    if (!machine || (machine.stuck && !isTakenWhileStuck(input))) return undefined;
    return this.#step(machine, input, also);
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
    // Afterwards nobody takes it any more.
    for (const { name, input: told } of this.#inbox.all()) {
      if (told.type !== "inputs_sensitive" || !this.#machine) continue;
      this.#step(this.#machine, told, () => this.#inbox.remove(name));
    }
    return this.#machine;
  }

  /** Decides and commits; undefined when the engine could not, and the input is still to be kept. */
  #step(machine: RunMachine, input: RunInput, also?: AlsoWrite): Taken | undefined {
    let changes: Changes;
    try {
      changes = this.#decide(machine, input);
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
    this.#effects.ask(changes);
    return this.#commit(changes, also);
  }

  #moment(): Moment {
    return { now: this.#ports.now(), entropy: this.#ports.entropy };
  }

  /** Throws what the engine throws. */
  #decide(machine: RunMachine, input: RunInput): Changes {
    const moment = this.#moment();
    const changes = machine.handle(input, moment);
    this.#effects.answer(machine, changes, moment);
    return changes;
  }

  #commit(changes: Changes, also?: AlsoWrite): Taken | undefined {
    try {
      this.#alarm.transaction(() => {
        also?.(changes);
        this.#write(changes);
      });
    } catch (error) {
      // What is in memory was not committed.
      this.#machine = undefined;
      this.#effects.unwatched();
      this.#summaryQueued = false;
      this.#standstills.forget();
      if (!(error instanceof RowTooLarge)) throw error;
      this.#giveUp(error);
      return undefined;
    }
    this.#effects.queue(changes.effects);
    return changes.refused ? { kept: false, refused: changes.refused } : { kept: false };
  }

  #write(changes: Changes): void {
    this.#journal.append(changes.records);
    this.#writeTimers(changes.timers);
    this.#log.appendScript(changes.log);
    this.#effects.watch(changes.effects);
    const outgoing = changes.effects.filter((effect) => !isInProcess(effect));
    for (const message of effectMessages(this.run, outgoing)) this.#outbox.add(message);
    // Nothing changes any more in a run that is over.
    if (changes.records.length > 0) this.#queueSummary(changes.finished ? 0 : SUMMARY_DELAY_MS);
    const stuck = this.#machine?.stuck;
    if (stuck) this.#standstills.lookAgain(this.#ports.now());
    this.#noteStandstill(stuck);
    if (changes.finished) {
      // No timer is left: the directory asks it, once it has been kept for long enough, whether it may go.
      this.#timers.dropAll();
      this.#effects.unwatched();
      if (changes.finished.hasWaitedForEvents || this.#isKnownToBus())
        this.#outbox.add(forgetMessage(this.run, changes.finished.successor));
    }
  }

  #writeTimers(timers: Changes["timers"]): void {
    const dropped: string[] = [];
    for (const [id, timer] of timers) {
      if (timer) this.#timers.set({ ...timer, data: null });
      else dropped.push(id);
    }
    this.#timers.dropEach(dropped);
  }

  /** It may hold a place that others wait for, its own or that of the run before it, or began with consumed events. */
  #isKnownToBus(): boolean {
    const { trigger, continues } = this.run;
    return trigger.concurrency !== undefined || continues !== undefined;
  }

  /** Keeps that the run is stuck, or goes on, and tells of it where that is news. */
  #noteStandstill(stuck: { code: string; message: string } | undefined): void {
    const noted = this.#standstills.note(stuck, this.#ports.now());
    if (!noted) return;
    this.#queueSummary();
    if (!stuck || !noted.isNews) return;
    const summary = this.summary();
    this.#outbox.add(emitMessage(this.run, [runEvent(this.run, "stuck", summary.version, summary)]));
  }

  /** At most one summary waits to be sent: it is filled in when it goes out. */
  #queueSummary(delayMs = SUMMARY_DELAY_MS): void {
    if (this.#summaryQueued) return;
    this.#summaryQueued = true;
    this.#outbox.add(summaryMessage, delayMs);
  }

  #giveUp(error: unknown, isOver = false): void {
    this.#machine = undefined;
    this.#engineFailed = true;
    // Nobody could take its result, nor end it meanwhile: it is pending when the run goes on.
    this.#effects.queueOnly([]);
    const message = error instanceof Error ? error.message : String(error);
    console.error({
      message: "the engine failed, the run is stuck",
      run: this.run.id,
      error: error instanceof Error ? error.stack : message,
    });
    this.#alarm.transaction(() => {
      // One that is over has nothing to go on with.
      if (!isOver) this.#standstills.lookAgain(this.#ports.now());
      this.#noteStandstill({ code: ENGINE_FAILURE, message });
    });
  }

  #afterCommit(): void {
    this.#effects.performQueued();
    this.#ports.changed();
    void this.#outbox.flush();
  }
}
