// The script's side of a run: its fibers, moved by the journal and by nothing else.
//
// 1. `feed` takes every record of the journal, in order. Live and on replay it is the same path: live, the record
//    was made a moment ago from what `issued` and `withdrawn` hold.
// 2. After each record, every fiber that can run does, the one with the lowest number first, until all are blocked.
// 3. What fibers withdrew must be in the next record, then what they issued: same id, kind, name and digest.
// 4. A `completed` record resumes the fiber that waits for it.
// 5. When every fiber waits for another one, the last that began to gets an error: nothing waits on nothing.
// 6. The first difference makes the execution stuck: from then on it moves no more. What it is stuck on is derived,
//    never recorded, so the same journal goes on where the program fits again.
import type { CommandId } from "../protocol/ids.ts";
import type { CompletedRecord, JournalRecord, NotedRecord, ScheduledRecord } from "../protocol/journal.ts";
import type { JsonValue } from "../protocol/json.ts";
import {
  type Budget,
  decodeValue,
  fromJson,
  makeStruct,
  StarlarkError,
  type Value,
} from "../starlark/index.ts";
import { canonicalJson, isSameJson } from "./canonical-json.ts";
import { kindOf } from "./commands/registry.ts";
import { cancelledError, raisedError } from "./error-data.ts";
import { PendingCommands } from "./fibers/pending-commands.ts";
import { ReadyQueue } from "./fibers/ready-queue.ts";
import { SliceBudget } from "./fibers/slice-budget.ts";
import { Thread, type ThreadEnding, type ThreadHost } from "./fibers/thread.ts";
import { handlerArgument } from "./handler-argument.ts";
import type { IssuedCommand, NewCommand } from "./issued-command.ts";
import {
  ADVISED_COMMANDS,
  MAX_CLEANUP_COMMANDS,
  MAX_COMMANDS,
  MAX_DEFERRED,
  MAX_FIBER_IDS_LENGTH,
  MAX_FIBERS,
  MAX_LINE_LENGTH,
  MAX_LINES,
} from "./limits.ts";
import type { Workflow } from "./load-workflow.ts";
import type { RunStart, Sha256Hex } from "./machine-types.ts";
import {
  type Difference,
  differentCall,
  differentCancellation,
  nonDeterminism,
  unknownCall,
} from "./nondeterminism.ts";
import { isSameButMasked } from "./secrets/same-but-masked.ts";
import { w } from "./w/w.ts";

const START_OVER = "w.continue_as_new() starts it over with an empty journal";

export class Execution implements ThreadHost {
  readonly #workflow: Workflow;
  readonly #start: RunStart;
  readonly #sha256Hex: Sha256Hex;
  readonly #slice = new SliceBudget();
  readonly #ready = new ReadyQueue<Thread>();
  readonly #pending = new PendingCommands<Thread>();
  /** Fibers that wait for others, in the order they began to. */
  readonly #joining = new Set<Thread>();
  #root: Thread | undefined;
  /** Fibers that are not done. */
  #fibers = 0;
  /** Characters of their ids. */
  #idsLength = 0;
  #commands = 0;
  #deferred = 0;
  #lines: string[] = [];
  #omittedLines = 0;
  #lastDigest = { text: "", digest: "" };
  #stuck: Difference | undefined;

  constructor(workflow: Workflow, start: RunStart, sha256Hex: Sha256Hex) {
    this.#workflow = workflow;
    this.#start = start;
    this.#sha256Hex = sha256Hex;
  }

  /** Moves the script by one record. */
  feed(record: JournalRecord): void {
    if (this.#stuck) return;
    this.#stuck = this.#move(record);
  }

  /** Why it moves no more. */
  get stuck(): Difference | undefined {
    return this.#stuck;
  }

  /** Steps that its fibers have taken. */
  get spentSteps(): number {
    return this.#slice.spentSteps;
  }

  /** Commands that ended because their fibers were cancelled, and that no record names. They come before `issued`. */
  get withdrawn(): readonly CommandId[] {
    return this.#stuck ? [] : this.#pending.withdrawn;
  }

  /** Commands without a `scheduled` record, in the order the fibers issued them. */
  get issued(): NewCommand[] {
    return this.#stuck ? [] : this.#pending.issued.map((command) => this.#withDigest(command));
  }

  /** How the handler ended, its deferred functions included; undefined while it runs. */
  get ending(): ThreadEnding | undefined {
    return this.#root?.isDone ? this.#root.ending : undefined;
  }

  /** Commands a cancellation of the run ends: those the handler's fibers wait for, not those of cleanup. */
  cancellable(): CommandId[] {
    return [...(this.#root?.cancellable() ?? [])];
  }

  /** What was printed since the last call, as much of it as anybody will read. */
  takeLines(): string[] {
    const lines = this.#lines;
    if (this.#omittedLines > 0) lines.push(`[${this.#omittedLines} more lines]`);
    this.#lines = [];
    this.#omittedLines = 0;
    return lines;
  }

  // ------------------------------------------------------------ what the journal moves

  #move(record: JournalRecord): Difference | undefined {
    switch (record.type) {
      case "scheduled":
        return this.#compare(record);
      case "completed":
        return this.#complete(record);
      case "noted":
        if (record.note === "started") return this.#begin();
        if (record.note === "cancel_requested") return this.#cancel(record);
        if (record.note === "withdrawn") return this.#compareWithdrawn(record);
        return undefined;
    }
  }

  #begin(): Difference | undefined {
    const name = this.#start.trigger.handler;
    const handler = this.#workflow.handler(name);
    if (handler === undefined) return () => nonDeterminism(`the program has no handler ${name}`);
    this.#root = new Thread(this, { fn: handler, args: [w, fromJson(handlerArgument(this.#start))] });
    this.#runReady();
    return undefined;
  }

  #compare(record: ScheduledRecord): Difference | undefined {
    const cancelled = this.#pending.withdrawn;
    if (cancelled.length > 0) return differentCancellation([], cancelled);
    const got = this.#pending.firstIssued;
    const isSame =
      got !== undefined &&
      got.command === record.command &&
      got.kind === record.kind &&
      (got.name === record.name || this.#fits(record.name, got.name)) &&
      // The same arguments have the same digest, which is then not worth computing.
      (isSameJson(got.args, record.args) ||
        this.#withDigest(got).digest === record.digest ||
        this.#fits(record.args, got.args));
    if (!isSame) return differentCall(record, got && this.#withDigest(got), this.#whatElse());
    this.#pending.scheduled();
    return undefined;
  }

  /** Of a journal without its secrets: where one was, anything may be. */
  #fits(recorded: JsonValue, got: JsonValue): boolean {
    return this.#start.masked === true && isSameButMasked(recorded, got);
  }

  #compareWithdrawn({ data }: NotedRecord): Difference | undefined {
    const expected = data.commands as CommandId[];
    const got = this.#pending.withdrawn;
    if (!isSameJson(expected, [...got])) return differentCancellation(expected, got);
    this.#pending.forgetWithdrawn(expected);
    return undefined;
  }

  #complete({ command: id, outcome }: CompletedRecord): Difference | undefined {
    const untold = this.#untold(`the outcome of ${id}`);
    if (untold) return untold;
    const taken = this.#pending.take(id);
    if (taken === undefined) {
      const message = `the journal has an outcome of command ${id}, ${this.#whatElse()}`;
      return () => nonDeterminism(message, { command: id });
    }
    const { fiber, command } = taken;
    if ("ok" in outcome) {
      // What the host answers at once is no waiting.
      if (!kindOf(command).outcomeAtOnce) this.#slice.begin();
      fiber.resume(decodeValue(outcome.ok));
    } else {
      this.#slice.begin();
      fiber.fail(raisedError(outcome.error, id));
    }
    this.#runReady();
    return undefined;
  }

  #cancel({ data }: NotedRecord): Difference | undefined {
    const untold = this.#untold("the cancellation");
    if (untold) return untold;
    const expected = data.commands as CommandId[];
    const got = this.cancellable();
    if (!isSameJson(expected, got)) return differentCancellation(expected, got);
    this.#slice.begin();
    this.#root?.cancel(cancelledError(String(data.by), String(data.reason)));
    this.#runReady();
    this.#pending.forgetWithdrawn(expected);
    return undefined;
  }

  /** What the script has done and the journal does not have, where it should have. */
  #untold(before: string): Difference | undefined {
    const cancelled = this.#pending.withdrawn;
    if (cancelled.length > 0) return differentCancellation([], cancelled);
    const unexpected = this.#pending.firstIssued;
    return unexpected && unknownCall(this.#withDigest(unexpected), before);
  }

  #withDigest(command: IssuedCommand): NewCommand {
    const text = canonicalJson(command.args);
    // A loop calls the same again and again.
    if (text !== this.#lastDigest.text) this.#lastDigest = { text, digest: this.#sha256Hex(text) };
    return { ...command, digest: this.#lastDigest.digest };
  }

  /** What the script does instead of what the journal has. */
  #whatElse(): string {
    if (this.#root?.isDone) return "the script has ended";
    const command = this.#pending.any;
    return command === undefined ? "the script has not begun" : `the script waits for command ${command}`;
  }

  #runReady(): void {
    for (;;) {
      const next = this.#ready.take();
      if (next) next.run();
      else if (!this.#endDeadlock()) return;
    }
  }

  /** Whether there was one. */
  #endDeadlock(): boolean {
    if (this.#pending.size > 0) return false;
    const last = [...this.#joining].at(-1);
    if (!last) return false;
    const fibers = [...this.#joining].slice(0, MAX_NAMED).map(({ id }) => id);
    const error = new StarlarkError(
      `every fiber of the run waits for another one, so nothing would ever go on: ${fibers.join(", ")}`,
      { code: "Deadlock", details: { fibers } },
    );
    last.failWait(error);
    return true;
  }

  // ------------------------------------------------------------ what its fibers ask of it

  get budget(): Budget {
    return this.#slice.budget;
  }

  renewBudget(): void {
    this.#slice.renew();
  }

  issue(command: IssuedCommand, thread: Thread): void {
    this.#pending.issue(command, thread);
  }

  withdraw(command: CommandId): void {
    this.#pending.withdraw(command);
  }

  ready(thread: Thread): void {
    this.#ready.add(thread);
  }

  started({ id }: Thread): void {
    this.#fibers += 1;
    this.#idsLength += id.length;
  }

  done({ id }: Thread): void {
    this.#fibers -= 1;
    this.#idsLength -= id.length;
  }

  joins(thread: Thread, isWaiting: boolean): void {
    if (isWaiting) this.#joining.add(thread);
    else this.#joining.delete(thread);
  }

  print(text: string): void {
    if (this.#lines.length >= MAX_LINES) this.#omittedLines += 1;
    else if (text.length <= MAX_LINE_LENGTH) this.#lines.push(text);
    else this.#lines.push(`${text.slice(0, MAX_LINE_LENGTH)}… (${text.length} characters)`);
  }

  claimCommand({ ending }: Thread): void {
    const limit = MAX_COMMANDS + (ending === undefined ? 0 : MAX_CLEANUP_COMMANDS);
    if (this.#commands >= limit) {
      throw new StarlarkError(`a run has at most ${MAX_COMMANDS} commands: ${START_OVER}`, {
        code: "TooManyCommands",
        details: { limit: MAX_COMMANDS },
        uncatchable: true,
      });
    }
    this.#commands += 1;
    if (this.#commands === ADVISED_COMMANDS) {
      this.print(
        `the run has made ${ADVISED_COMMANDS} of the ${MAX_COMMANDS} commands of a run: ${START_OVER}`,
      );
    }
  }

  claimDeferred(): void {
    if (this.#deferred >= MAX_DEFERRED) {
      throw new StarlarkError(`defer: a run defers at most ${MAX_DEFERRED} functions`, {
        code: "TooManyDeferred",
        details: { limit: MAX_DEFERRED },
      });
    }
    this.#deferred += 1;
  }

  claimFibers(count: number, idLength: number): void {
    if (this.#fibers + count > MAX_FIBERS) {
      throw new StarlarkError(`a run has at most ${MAX_FIBERS} fibers at a time: give w.parallel a limit`, {
        code: "TooManyFibers",
        details: { limit: MAX_FIBERS },
      });
    }
    if (this.#idsLength + count * idLength > MAX_FIBER_IDS_LENGTH) {
      throw new StarlarkError(
        `${count} more fibers, so deep inside of others, are too many: start fewer at a time, or less deep`,
        { code: "TooManyFibers", details: { limit: MAX_FIBER_IDS_LENGTH } },
      );
    }
  }

  info(): Value {
    const { id, workflow, program, trigger, initiator } = this.#start;
    return makeStruct(
      {
        run: id,
        workflow,
        digest: program.digest,
        trigger: trigger.id,
        initiator,
        commands: this.#commands,
        max_commands: MAX_COMMANDS,
      },
      "info",
    );
  }
}

/** Fibers that a message names. */
const MAX_NAMED = 20;
