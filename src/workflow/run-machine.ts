// One run's engine: inputs in, changes out. Puts together what the journal says (journal-state.ts), what the script
// does (execution.ts) and what happens to each command (commands/).
//
// 1. Whatever is decided becomes a record first. The script moves only by records (`#pump`), and only when the fold
//    of the journal has taken them.
// 2. `#pump` follows docs/replay.md: run what can run, schedule what was issued, deliver the next outcome.
// 3. A stuck run takes nothing that may move its script: on the program that fits, the script calls something between two
//    outcomes, which the journal would then lack for ever. See `isTakenWhileStuck`.
import type { Form } from "../protocol/form.ts";
import { type ApprovalId, type CommandId, type FormId, parseCompoundId } from "../protocol/ids.ts";
import { JOURNAL_FORMAT, type JournalRecord } from "../protocol/journal.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Approval } from "../protocol/policy.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { Activity, RunState, RunSummary } from "../protocol/run.ts";
import type { PlaceAnswer } from "../protocol/start.ts";
import { type FormCommand, formOf } from "./commands/form.ts";
import type { CommandInput } from "./commands/kind.ts";
import { claimAnew, notFree } from "./commands/lock.ts";
import { kindOf } from "./commands/registry.ts";
import { childFinished } from "./commands/start.ts";
import { waitOver } from "./commands/wait-for-event.ts";
import { receiveSignal } from "./commands/wait-for-signal.ts";
import { endRun, successorOf } from "./end-run.ts";
import { Execution } from "./execution.ts";
import { cancelledNote, finishedNote } from "./finish.ts";
import { claimedLock, endWait, lacksLocks, locksToCome, waitForLocks } from "./inherited-locks.ts";
import { endInWords, type FinishedNote, JournalState, successorIn } from "./journal-state.ts";
import type { Workflow } from "./load-workflow.ts";
import {
  type Changes,
  type InProcessEffect,
  type InspectableRun,
  isTakenWhileStuck,
  type Moment,
  type RunEnding,
  type RunInput,
  type RunMachineOptions,
  type RunOptions,
  type Waiting,
} from "./machine-types.ts";
import { operate } from "./operate.ts";
import { parentOfRun } from "./parent.ts";
import { isPausedForPlace, KEEPER, placeGranted } from "./place.ts";
import { type RunEventName, runEvent } from "./run-events.ts";
import { maskedEffect } from "./secrets/masked-effects.ts";
import { maskedApproval, maskedEnding, maskedForm, maskedSummary } from "./secrets/masked-views.ts";
import type { RunSecrets } from "./secrets/run-secrets.ts";
import { startTimeLimit, TIME_LIMIT, timedOut, timeIsOver } from "./time-limit.ts";
import { OpenTurn, parseTimerId } from "./turn.ts";
import { activitiesOf, runStateOf, summaryOf, withShortError } from "./views.ts";
import { waitsOnOf } from "./waits-on.ts";

/**
 * The engine of a run, at the end of its journal. Without a workflow it moves no script: enough to look at a run that
 * is over, and to terminate one whose program cannot be loaded. Throws when the journal cannot be read: a record of a
 * later version, or one that contradicts those before it.
 */
export function loadRun(workflow: Workflow | undefined, options: RunMachineOptions): InspectableRun {
  return new Machine(workflow, options);
}

const nothing = (refused?: ErrorData): Changes => ({
  records: [],
  timers: new Map(),
  effects: [],
  log: [],
  ...(refused ? { refused } : {}),
});

const noProgram: ErrorData = {
  code: "no_program",
  message: "the run's program cannot be loaded, so its script moves no more",
};

const runStuck: ErrorData = {
  code: "run_stuck",
  message: "the run is stuck, and takes nothing but its termination: its error says why",
};

const notStarted: ErrorData = { code: "run_not_started", message: "the run has not started yet" };

function runFinished(note: FinishedNote): ErrorData {
  const successor = successorIn(note);
  const next = successor === undefined ? "" : `, and goes on as ${successor}`;
  return {
    code: "run_finished",
    message: `the run has ${endInWords(note)} already${next}`,
    ...(successor === undefined ? {} : { details: { run: successor } }),
  };
}

/** Why an input is turned down that no command is there for. */
function unheard(input: CommandInput, id: CommandId): ErrorData | undefined {
  switch (input.type) {
    case "event":
      return waitOver({ id });
    case "form_filled":
      return { code: "unknown_form", message: `this run has no form of command ${id}` };
    case "lock_granted":
      return { code: "not_wanted", message: `the run has no command ${id}` };
    default:
      return undefined;
  }
}

class Machine implements InspectableRun {
  readonly #workflow: Workflow | undefined;
  readonly #options: RunOptions;
  readonly #state: JournalState;
  /** Undefined before the start and after the end. */
  #execution: Execution | undefined;
  /** Everything fed to the execution; kept only to replay every time. */
  readonly #history: JournalRecord[] = [];
  /** Commands of this turn that are scheduled and not begun. */
  #toBegin: CommandId[] = [];

  constructor(workflow: Workflow | undefined, options: RunMachineOptions) {
    this.#workflow = workflow;
    const { records, ...kept } = options;
    this.#options = kept;
    this.#state = new JournalState(kept);
    // In one pass, so that a record is garbage as soon as it has been taken.
    for (const record of records) {
      this.#state.apply(record);
      if (record.type === "noted" && record.note === "started") this.#execution ??= this.#newExecution();
      this.#move(record);
    }
    this.#execution?.takeLines();
    if (this.#state.finished) this.#execution = undefined;
  }

  get stuck(): ErrorData | undefined {
    if (this.#state.finished) return undefined;
    return this.#workflow ? this.#execution?.stuck?.(this.secrets.isEmpty) : noProgram;
  }

  get secrets(): RunSecrets {
    return this.#state.secrets;
  }

  get lastSeq(): number {
    return this.#state.lastSeq;
  }

  get spentSteps(): number {
    return this.#execution?.spentSteps ?? 0;
  }

  handle(input: RunInput, moment: Moment): Changes {
    const turn = new OpenTurn({ state: this.#state, options: this.#options, moment, kindOf });
    const before = runStateOf(this.#state, this.stuck !== undefined);
    const refused = this.stuck && !isTakenWhileStuck(input) ? runStuck : this.#decide(turn, input);
    if (refused) return nothing(this.secrets.error(refused));
    this.#pump(turn);
    this.#tell(turn, before);
    return this.#masked(turn.changes);
  }

  pendingEffects(): InProcessEffect[] {
    // It would not take what they come to.
    if (this.stuck) return [];
    return [...this.#state.open.values()].flatMap((command) => {
      if (this.#state.unbegun.has(command.id)) return [];
      const effect = kindOf(command).pendingEffect?.(command);
      return effect ? [effect] : [];
    });
  }

  summary(): RunSummary {
    const summary = summaryOf(this.#state, this.#options.start, this.stuck);
    // Cut last: a mask does not know a secret by a part of it.
    return withShortError(maskedSummary(summary, this.secrets));
  }

  activities(range?: { from: number; to: number }): Activity[] {
    return activitiesOf(this.#state, range);
  }

  form(id: FormId): Form | undefined {
    const parts = parseCompoundId(id);
    const command = parts && this.#state.commands.get(parts.command);
    const isBegun = command?.kind === "form" && !this.#state.unbegun.has(command.id);
    if (!isBegun || parts?.n !== 1) return undefined;
    return maskedForm(formOf(command as FormCommand, this.#state), this.secrets);
  }

  outputs(): JsonObject {
    return this.secrets.mask.value(Object.fromEntries(this.#state.annotations.outputs));
  }

  approval(id: ApprovalId): Approval | undefined {
    const approval = this.#state.approvals.get(id);
    return approval && { ...maskedApproval(approval, this.secrets) };
  }

  waitsOn(): Map<CommandId, Waiting[]> {
    return waitsOnOf(this.#state);
  }

  ending(): RunEnding {
    const { stuck } = this;
    return maskedEnding(stuck ? { error: stuck } : (this.#state.finished ?? {}), this.secrets);
  }

  /** Nothing is in clear that leaves the run for anybody but those it is meant for; the records stay in it. */
  #masked(changes: Changes): Changes {
    const { secrets } = this;
    if (secrets.isEmpty) return changes;
    changes.effects = changes.effects.map((effect) => maskedEffect(effect, secrets));
    changes.log = changes.log.map((line) => ({ ...line, text: secrets.mask.text(line.text) }));
    return changes;
  }

  /** Decides the input itself; the script follows in `#pump`. Returns why it is turned down, if it is. */
  #decide(turn: OpenTurn, input: RunInput): ErrorData | undefined {
    switch (input.type) {
      case "start":
        this.#begin(turn);
        return undefined;
      case "resume":
        return undefined;
      case "begin_again":
        this.#toBegin.push(...[...this.#state.open.keys()].filter((id) => !this.#state.unbegun.has(id)));
        if (!isPausedForPlace(this.#state.paused)) startTimeLimit(turn);
        this.#claimFirstLock(turn);
        return undefined;
      case "approval_resolved":
        return this.#resolveApproval(turn, input);
      case "timer":
        this.#timer(turn, input.id);
        return undefined;
      case "signal":
        return this.#signal(turn, input);
      case "child_finished":
        return this.#childFinished(turn, input);
      case "lock_granted":
        if (input.command !== this.#claimed) return this.#hand(turn, input.command, input);
        this.#nextLock(turn);
        return undefined;
      case "lock_revoked":
        this.#revokeLock(turn, input);
        return undefined;
      case "cancel":
        return this.#cancel(turn, input);
      case "operate":
        return this.#operate(turn, input);
      case "place_answered":
        this.#placeAnswered(turn, input.answer);
        return undefined;
      default:
        return this.#hand(turn, input.command, input);
    }
  }

  #begin(turn: OpenTurn): void {
    if (this.#state.isStarted) return;
    const { workflow, program, trigger, event, eventSeq, initiator, signals = [] } = this.#options.start;
    this.#execution = this.#newExecution();
    turn.note("started", {
      format: JOURNAL_FORMAT,
      workflow,
      digest: program.digest,
      trigger: trigger.id,
      handler: trigger.handler,
      event: { source: event.source, id: event.id, type: event.type },
      eventSeq,
      initiator,
    });
    for (const signal of signals) turn.note("signalled", { ...signal });
    startTimeLimit(turn);
  }

  /** Hands an input to the command it is for. */
  #hand(turn: OpenTurn, id: CommandId, input: CommandInput): ErrorData | undefined {
    const command = this.#state.commands.get(id);
    const { take, takeLate } = command ? kindOf(command) : {};
    if (command && take) {
      return command.end ? takeLate?.(command, input) : take(turn, command, input);
    }
    return unheard(input, id);
  }

  #resolveApproval(
    turn: OpenTurn,
    input: Extract<RunInput, { type: "approval_resolved" }>,
  ): ErrorData | undefined {
    const { approval: id, decision, by } = input;
    const approval = this.#state.approvals.get(id);
    if (!approval) return { code: "approval_not_found", message: `this run has no approval ${id}` };
    if (approval.state !== "pending") {
      const who = approval.resolvedBy === undefined ? "" : ` by ${approval.resolvedBy}`;
      return { code: "already_resolved", message: `the approval was ${approval.state}${who} before` };
    }
    if (decision === "approve" && by === this.#options.start.initiator) {
      return {
        code: "self_approval",
        message: `${by} started the run and cannot approve its calls: ask somebody else`,
      };
    }
    return this.#hand(turn, approval.command, input);
  }

  #timer(turn: OpenTurn, id: string): void {
    if (id === TIME_LIMIT) {
      this.#timeOut(turn);
      return;
    }
    const { kind, command: commandId, attempt } = parseTimerId(id);
    const command = this.#state.open.get(commandId);
    if (command) kindOf(command).due?.(turn, command, kind, attempt);
    else if (commandId === this.#claimed) this.#lockTimedOut(turn, commandId);
  }

  // ------------------------------------------------- locks of the run before, see inherited-locks.ts

  get #claimed(): CommandId | undefined {
    return this.#state.finished ? undefined : claimedLock(this.#state.paused);
  }

  #claimFirstLock(turn: OpenTurn): void {
    const command = this.#claimed === undefined ? undefined : this.#state.commands.get(this.#claimed);
    if (command) claimAnew(turn, command);
  }

  /** Of the lock that is claimed it knows enough: it waits for the next one, or begins. */
  #nextLock(turn: OpenTurn): void {
    const { paused, unbegun } = this.#state;
    const begins = [...unbegun];
    endWait(turn, paused);
    this.#goOn(turn, begins, paused);
  }

  /** After a pause: what was left for later begins, unless the run waits for a lock first. */
  #goOn(turn: OpenTurn, commands: readonly CommandId[], paused: RunSummary["paused"]): void {
    if (!waitForLocks(turn, locksToCome(paused))) this.#toBegin.push(...commands);
    if (isPausedForPlace(paused)) startTimeLimit(turn);
  }

  #lockTimedOut(turn: OpenTurn, id: CommandId): void {
    const command = this.#state.commands.get(id);
    if (command) this.#failUnbegun(turn, notFree(command));
  }

  /** Nothing has begun, so that nothing has to be cleaned up; and that would act without the lock. */
  #failUnbegun(turn: OpenTurn, error: ErrorData): void {
    turn.note("terminated", { by: KEEPER, reason: error.message });
    this.#finish(turn, { state: "failed", error, command: this.#state.forkedFrom ?? null });
  }

  #childFinished(
    turn: OpenTurn,
    input: Extract<RunInput, { type: "child_finished" }>,
  ): ErrorData | undefined {
    if (this.#state.open.has(input.command)) return this.#hand(turn, input.command, input);
    const isDetached = !this.#state.finished && this.#state.children.has(input.command);
    if (isDetached) childFinished(turn, input.command, input.outcome);
    return undefined;
  }

  /** The script goes on as before; whoever reads the journal sees that it held the lock no more. */
  #revokeLock(turn: OpenTurn, { command, by, reason }: Extract<RunInput, { type: "lock_revoked" }>): void {
    const { locks, finished } = this.#state;
    if (!finished && locks.has(command)) turn.note("lock_revoked", { by, reason }, command);
  }

  #signal(
    turn: OpenTurn,
    { id, name, data, by }: Extract<RunInput, { type: "signal" }>,
  ): ErrorData | undefined {
    const { finished, isStarted, open, unbegun, signals } = this.#state;
    // Whoever sends it again has lost the answer.
    if (finished) return signals.isKnown(id) ? undefined : runFinished(finished);
    if (!isStarted) return notStarted;
    const begun = [...open.values()].filter((command) => !unbegun.has(command.id));
    return receiveSignal(turn, begun, { id, name, data, by });
  }

  #cancel(
    turn: OpenTurn,
    { by, reason, terminate, parent, successor }: Extract<RunInput, { type: "cancel" }>,
  ): ErrorData | undefined {
    // A fork, or a run that asked for a child under an id of its choice, may name a run that is another's child.
    if (parent !== undefined && parentOfRun(this.#options.start)?.run !== parent) return undefined;
    const { finished, cancelRequested } = this.#state;
    if (finished) {
      // What was asked for has happened: whoever asks again has lost the answer.
      const isAsked = cancelRequested !== undefined && cancelRequested.timeoutMs === undefined;
      const isStopped = isAsked || finished.state === "cancelled";
      return isStopped && successorIn(finished) === undefined ? undefined : runFinished(finished);
    }
    if (terminate) this.#begin(turn);
    if (!this.#state.isStarted) return notStarted;
    // Without its lock it must not clean up either, and it has begun nothing.
    if (terminate || lacksLocks(this.#state.paused)) {
      turn.note("terminated", { by, reason });
      const note = cancelledNote(by, reason);
      this.#finish(turn, successor === undefined ? note : { ...note, restarted: { run: successor } });
      return undefined;
    }
    if (!cancelRequested) this.#stop(turn, { by, reason });
    return undefined;
  }

  #timeOut(turn: OpenTurn): void {
    const { finished, cancelRequested, paused } = this.#state;
    const { timeoutMs } = this.#options.start.trigger;
    // Its cleanup takes the time that it takes.
    if (timeoutMs === undefined || finished || cancelRequested) return;
    if (lacksLocks(paused)) this.#failUnbegun(turn, timedOut(timeoutMs));
    else this.#stop(turn, timeIsOver(timeoutMs));
  }

  /** Asks the script to stop: what it waits for ends, and its cleanup runs, also where it was paused. */
  #stop(turn: OpenTurn, why: JsonObject): void {
    const unbegun = [...this.#state.unbegun];
    const commands = this.#execution?.cancellable() ?? [];
    const cancelled = commands.flatMap((id) => this.#state.open.get(id) ?? []);
    turn.cancel(cancelled, () => turn.note("cancel_requested", { ...why, commands }));
    this.#toBegin.push(...unbegun);
  }

  #operate(
    turn: OpenTurn,
    { operation, by, reason, toMany = false }: Extract<RunInput, { type: "operate" }>,
  ): ErrorData | undefined {
    const { finished, isStarted, unbegun: notBegun, paused } = this.#state;
    if (finished) return runFinished(finished);
    if (!isStarted) return notStarted;
    const unbegun = [...notBegun];
    const refused = operate(turn, this.#state, { operation, toMany }, { by, reason });
    if (refused || operation.action !== "resume") return refused;
    this.#goOn(turn, unbegun, paused);
    return undefined;
  }

  #placeAnswered(turn: OpenTurn, answer: PlaceAnswer): void {
    const { finished, paused } = this.#state;
    // Somebody may have let it begin without a place, or had it end.
    if (finished || !isPausedForPlace(paused)) return;
    if (answer.isGranted) {
      const begins = [...this.#state.unbegun];
      turn.note("operator", placeGranted);
      this.#goOn(turn, begins, paused);
      return;
    }
    this.#cancel(turn, { type: "cancel", by: paused?.by ?? "", reason: answer.reason, terminate: true });
  }

  /** Moves the script as far as it goes. */
  #pump(turn: OpenTurn): void {
    for (let fed = 0; ; ) {
      const record = turn.changes.records[fed];
      if (record) {
        fed += 1;
        this.#move(record);
        for (const text of this.#execution?.takeLines() ?? []) turn.changes.log.push({ at: turn.now, text });
        continue;
      }
      const execution = this.#execution;
      if (!execution || execution.stuck) return;
      if (this.#recordCalls(turn, execution)) continue;
      // One at a time: one that is over as it begins may lead to the withdrawal of the next.
      if (this.#beginNext(turn)) continue;
      const immediate = this.#state.nextImmediate;
      const outcome = immediate && kindOf(immediate).outcomeAtOnce?.(immediate, turn.moment, this.#state);
      if (immediate && outcome) turn.complete(immediate, outcome);
      else if (execution.ending)
        this.#finish(
          turn,
          finishedNote(execution.ending, this.#state.cancelRequested, successorOf(this.#options)),
        );
      else if (this.#claimed !== undefined && !this.#state.locks.has(this.#claimed)) this.#nextLock(turn);
      else return;
    }
  }

  /** Records what the fibers have withdrawn and issued. Whether there was anything. */
  #recordCalls(turn: OpenTurn, { withdrawn, issued }: Execution): boolean {
    if (withdrawn.length > 0) {
      const commands = withdrawn.flatMap((id) => this.#state.open.get(id) ?? []);
      turn.cancel(commands, () => turn.note("withdrawn", { commands: [...withdrawn] }));
    }
    for (const command of issued) turn.schedule(command);
    for (const { command } of issued) {
      // While the run is paused, the journal keeps what takes time for later.
      if (!this.#state.unbegun.has(command)) this.#toBegin.push(command);
    }
    return withdrawn.length > 0 || issued.length > 0;
  }

  /** Begins the next command that was scheduled. Whether there was one. */
  #beginNext(turn: OpenTurn): boolean {
    const id = this.#toBegin.shift();
    const command = id === undefined ? undefined : this.#state.open.get(id);
    if (command) kindOf(command).begin?.(turn, command);
    return id !== undefined;
  }

  /** Hands a record to the script. */
  #move(record: JournalRecord): void {
    if (this.#options.replayEveryTime) {
      const resumes =
        record.type === "completed" || (record.type === "noted" && record.note === "cancel_requested");
      if (resumes && this.#execution) this.#execution = this.#replay();
      this.#history.push(record);
    }
    this.#execution?.feed(record);
  }

  #replay(): Execution | undefined {
    const execution = this.#newExecution();
    for (const record of this.#history) execution?.feed(record);
    execution?.takeLines();
    return execution;
  }

  #newExecution(): Execution | undefined {
    const { start, sha256Hex } = this.#options;
    return this.#workflow && new Execution(this.#workflow, start, sha256Hex);
  }

  #finish(turn: OpenTurn, note: FinishedNote): void {
    endRun(turn, this.#state, note);
    this.#execution = undefined;
  }

  /** Tells the workspace what has become of the run, where that has changed. */
  #tell(turn: OpenTurn, before: RunState): void {
    const { start } = this.#options;
    const emit = (name: RunEventName, seq: number) =>
      turn.effect({ kind: "emit", event: runEvent(start, name, seq, this.summary()) });
    const first = turn.changes.records[0];
    if (first?.type === "noted" && first.note === "started") emit("started", first.seq);
    const after = runStateOf(this.#state, this.stuck !== undefined);
    if (after !== before && after !== "running" && after !== "stuck") emit(after, this.#state.lastSeq);
  }
}
