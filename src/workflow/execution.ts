// The script's side of a run: its fibers, moved by the journal and by nothing else.
//
// 1. `feed` takes every record of the journal, in order. Live and on replay it is the same path: live, the record
//    was made a moment ago from what `issued` holds.
// 2. A `scheduled` record must be the next command that was issued: same id, kind, name and digest.
// 3. A `completed` record resumes the fiber that waits for it; before that, everything issued must be scheduled.
// 4. The first difference makes the execution stuck: from then on it moves no more. What it is stuck on is derived,
//    never recorded, so the same journal goes on where the program fits again.
import type { CommandId } from "../protocol/ids.ts";
import type {
  CommandKind,
  CompletedRecord,
  JournalRecord,
  NotedRecord,
  ScheduledRecord,
} from "../protocol/journal.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import { decodeValue, fromJson, makeStruct, StarlarkError, type Value } from "../starlark/index.ts";
import { canonicalJson, isSameJson } from "./canonical-json.ts";
import { kindOf } from "./commands/registry.ts";
import { cancelledError, raisedError } from "./error-data.ts";
import type { IssuedCommand, NewCommand } from "./issued-command.ts";
import { MAX_CLEANUP_COMMANDS, MAX_COMMANDS, MAX_DEFERRED, MAX_LINE_LENGTH, MAX_LINES } from "./limits.ts";
import type { Workflow } from "./load-workflow.ts";
import type { RunStart, Sha256Hex } from "./machine-types.ts";
import { differentCall, nonDeterminism, unknownCall } from "./nondeterminism.ts";
import { Thread, type ThreadEnding, type ThreadHost } from "./thread.ts";
import type { CallingFiber } from "./w/issue.ts";
import { w } from "./w/w.ts";

/** The handler's fiber. */
const ROOT = "0";

export class Execution implements ThreadHost {
  readonly #workflow: Workflow;
  readonly #start: RunStart;
  readonly #sha256Hex: Sha256Hex;
  #root: Thread | undefined;
  /** Blocked fibers by the command they wait for, in the order they were blocked. */
  readonly #waiting = new Map<CommandId, { thread: Thread; kind: CommandKind }>();
  readonly #issued: IssuedCommand[] = [];
  #commands = 0;
  #deferred = 0;
  #lines: string[] = [];
  #omittedLines = 0;
  #stuck: { error: ErrorData; seq: number } | undefined;

  constructor(workflow: Workflow, start: RunStart, sha256Hex: Sha256Hex) {
    this.#workflow = workflow;
    this.#start = start;
    this.#sha256Hex = sha256Hex;
  }

  /** Moves the script by one record. */
  feed(record: JournalRecord): void {
    if (this.#stuck) return;
    const difference = this.#move(record);
    if (difference) this.#stuck = { error: difference, seq: record.seq };
  }

  /** Why it moves no more, and the record it could not take. */
  get stuck(): { error: ErrorData; seq: number } | undefined {
    return this.#stuck;
  }

  /** Commands without a `scheduled` record, in the order the fibers issued them. */
  get issued(): NewCommand[] {
    return this.#stuck ? [] : this.#issued.map((command) => this.#withDigest(command));
  }

  /** How the handler ended, its deferred functions included; undefined while it runs. */
  get ending(): ThreadEnding | undefined {
    return this.#root?.isDone ? this.#root.ending : undefined;
  }

  /** Commands a cancellation ends: those the handler's fibers wait for, not those of cleanup. */
  cancellable(): CommandId[] {
    return [...this.#waiting]
      .filter(([, { thread }]) => thread.ending === undefined)
      .map(([command]) => command);
  }

  /** What was printed since the last call, as much of it as anybody will read. */
  takeLines(): string[] {
    const lines = this.#lines;
    if (this.#omittedLines > 0) lines.push(`[${this.#omittedLines} more lines]`);
    this.#lines = [];
    this.#omittedLines = 0;
    return lines;
  }

  callingFiber(thread: Thread): CallingFiber {
    return {
      claimCommand: () => this.#claimCommand(thread),
      defer: (fn, args) => {
        this.#claimDeferred();
        thread.defer({ fn, args });
      },
      info: () => this.#info(),
    };
  }

  issue(command: IssuedCommand, thread: Thread): void {
    this.#waiting.set(command.command, { thread, kind: command.kind });
    this.#issued.push(command);
  }

  print(text: string): void {
    if (this.#lines.length >= MAX_LINES) this.#omittedLines += 1;
    else if (text.length <= MAX_LINE_LENGTH) this.#lines.push(text);
    else this.#lines.push(`${text.slice(0, MAX_LINE_LENGTH)}… (${text.length} characters)`);
  }

  #move(record: JournalRecord): ErrorData | undefined {
    switch (record.type) {
      case "scheduled":
        return this.#compare(record);
      case "completed":
        return this.#complete(record);
      case "noted":
        if (record.note === "started") return this.#begin();
        if (record.note === "cancel_requested") return this.#cancel(record);
        return undefined;
    }
  }

  #begin(): ErrorData | undefined {
    const name = this.#start.trigger.handler;
    const handler = this.#workflow.handler(name);
    if (handler === undefined) return nonDeterminism(`the program has no handler ${name}`);
    this.#root = new Thread(ROOT, this, handler, [w, fromJson(this.#start.event as JsonValue)]);
    this.#root.start();
    return undefined;
  }

  #compare(record: ScheduledRecord): ErrorData | undefined {
    const got = this.#issued.shift();
    const isSame =
      got !== undefined &&
      got.command === record.command &&
      got.kind === record.kind &&
      got.name === record.name &&
      // The same arguments have the same digest, which is then not worth computing.
      (isSameJson(got.args, record.args) || this.#withDigest(got).digest === record.digest);
    return isSame ? undefined : differentCall(record, got && this.#withDigest(got), this.#whatElse());
  }

  #withDigest(command: IssuedCommand): NewCommand {
    return { ...command, digest: this.#sha256Hex(canonicalJson(command.args)) };
  }

  #complete({ command, outcome }: CompletedRecord): ErrorData | undefined {
    const [unexpected] = this.#issued;
    if (unexpected) return unknownCall(this.#withDigest(unexpected), `the outcome of ${command}`);
    const waiting = this.#waiting.get(command);
    if (waiting === undefined) {
      return nonDeterminism(`the journal has an outcome of command ${command}, ${this.#whatElse()}`, {
        command,
      });
    }
    this.#waiting.delete(command);
    const { thread, kind } = waiting;
    if ("ok" in outcome) thread.resume(decodeValue(outcome.ok), !kindOf({ kind }).outcomeAtOnce);
    else thread.fail(raisedError(outcome.error));
    return undefined;
  }

  #cancel({ data }: NotedRecord): ErrorData | undefined {
    const [unexpected] = this.#issued;
    if (unexpected) return unknownCall(this.#withDigest(unexpected), "the cancellation");
    for (const command of data.commands as CommandId[]) {
      const waiting = this.#waiting.get(command);
      this.#waiting.delete(command);
      waiting?.thread.fail(cancelledError(String(data.by), String(data.reason)));
    }
    return undefined;
  }

  /** What the script does instead of what the journal has. */
  #whatElse(): string {
    if (this.#root?.isDone) return "the script has ended";
    const [command] = this.#waiting.keys();
    return command === undefined ? "the script has not begun" : `the script waits for command ${command}`;
  }

  #claimCommand(thread: Thread): void {
    const limit = MAX_COMMANDS + (thread.ending === undefined ? 0 : MAX_CLEANUP_COMMANDS);
    if (this.#commands >= limit) {
      throw new StarlarkError(`a run has at most ${MAX_COMMANDS} commands`, {
        code: "TooManyCommands",
        details: { limit: MAX_COMMANDS },
        uncatchable: true,
      });
    }
    this.#commands += 1;
  }

  #claimDeferred(): void {
    if (this.#deferred >= MAX_DEFERRED) {
      throw new StarlarkError(`defer: a run defers at most ${MAX_DEFERRED} functions`, {
        code: "TooManyDeferred",
        details: { limit: MAX_DEFERRED },
      });
    }
    this.#deferred += 1;
  }

  #info(): Value {
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
