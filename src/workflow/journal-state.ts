// What the journal says about a run, folded record by record. Live and after a load it is the same function of the
// same records; nothing else changes it. The script's side is execution.ts.
import type { ApprovalId, CommandId } from "../protocol/ids.ts";
import { approvalId } from "../protocol/ids.ts";
import type { CompletedRecord, JournalRecord, NotedRecord, ScheduledRecord } from "../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { ErrorData } from "../protocol/result.ts";
import type { CallProgress, Command, ImmediateCommand, KnownApproval, RunCommand } from "./command.ts";
import { isImmediate } from "./immediate.ts";
import type { RunMachineOptions } from "./machine-types.ts";

export interface FinishedNote {
  state: "succeeded" | "failed" | "cancelled";
  output?: JsonValue;
  error?: ErrorData;
  traceback?: string;
}

type StateOptions = Pick<RunMachineOptions, "start" | "scaleDueAt" | "mask">;

export class JournalState {
  readonly #options: StateOptions;
  readonly commands = new Map<CommandId, Command>();
  /** Commands that have not ended, in the order they were scheduled. */
  readonly open = new Map<CommandId, Command>();
  /** Of those, the ones the host can answer at once. */
  readonly immediate = new Set<ImmediateCommand>();
  readonly approvals = new Map<ApprovalId, KnownApproval>();
  /** Names of environments that governed a call. */
  readonly environments = new Set<string>();
  lastSeq = 0;
  createdAt = 0;
  updatedAt = 0;
  isStarted = false;
  cancelRequested: { by: string; reason: string } | undefined;
  finished: FinishedNote | undefined;
  finishedAt: number | undefined;

  constructor(options: StateOptions) {
    this.#options = options;
  }

  apply(record: JournalRecord): void {
    if (this.lastSeq === 0) this.createdAt = record.at;
    this.lastSeq = record.seq;
    this.updatedAt = record.at;
    switch (record.type) {
      case "scheduled":
        this.#schedule(record);
        break;
      case "completed":
        this.#complete(record);
        break;
      case "noted":
        this.#note(record);
        break;
    }
  }

  /** The `run` command of this id, if it is open. */
  openCall(id: CommandId): RunCommand | undefined {
    const command = this.open.get(id);
    return command?.kind === "run" ? command : undefined;
  }

  #dueAt(delayMs: number, at: number): number {
    const { scaleDueAt } = this.#options;
    return scaleDueAt ? scaleDueAt(at + delayMs, at) : at + delayMs;
  }

  #schedule(record: ScheduledRecord): void {
    const command = this.#commandOf(record);
    this.commands.set(command.id, command);
    this.open.set(command.id, command);
    if (hasOutcomeAtOnce(command)) this.immediate.add(command);
  }

  #commandOf(record: ScheduledRecord): Command {
    const { command: id, kind, name, at, position } = record;
    const args = record.args as JsonObject;
    const base = { id, name, args, scheduledAt: at, position, end: undefined };
    switch (kind) {
      case "run":
        return { ...base, kind, call: newCall() };
      case "sleep":
        return { ...base, kind, dueAt: this.#dueAt(Number(args.ms), at) };
      case "wait_for_event":
        return {
          ...base,
          kind,
          dueAt: args.timeoutMs === undefined ? undefined : this.#dueAt(Number(args.timeoutMs), at),
        };
      case "now":
      case "uuid":
      case "random":
        return { ...base, kind };
      default:
        throw new Error(`the journal has a command "${kind}", which this version does not know`);
    }
  }

  #complete({ command: id, outcome, at }: CompletedRecord): void {
    const command = this.open.get(id);
    if (!command) throw new Error(`the journal has an outcome of command ${id}, which is not open`);
    this.#close(command, { kind: "completed", outcome, at }, at);
  }

  #close(command: Command, end: Command["end"], at: number): void {
    command.end = end;
    this.open.delete(command.id);
    if (hasOutcomeAtOnce(command)) this.immediate.delete(command);
    if (command.kind !== "run" || command.call.phase.is !== "held") return;
    const approval = this.approvals.get(command.call.phase.approval);
    if (approval?.state === "pending") Object.assign(approval, { state: "withdrawn", resolvedAt: at });
  }

  #note({ note, command: id, data, at }: NotedRecord): void {
    const call = id === undefined ? undefined : this.commands.get(id);
    if (call?.kind === "run") {
      this.#noteCall(call, note, data, at);
      return;
    }
    switch (note) {
      case "started":
        this.isStarted = true;
        break;
      case "cancel_requested":
        this.cancelRequested = { by: String(data.by), reason: String(data.reason) };
        this.#cancel(data.commands as CommandId[], at);
        break;
      case "finished":
        this.#cancel([...this.open.keys()], at);
        this.finished = data as unknown as FinishedNote;
        this.finishedAt = at;
        break;
      default:
        break;
    }
  }

  #cancel(ids: readonly CommandId[], at: number): void {
    for (const id of ids) {
      const command = this.open.get(id);
      if (command) this.#close(command, { kind: "cancelled", at }, at);
    }
  }

  #noteCall(command: RunCommand, note: NotedRecord["note"], data: JsonObject, at: number): void {
    const { call } = command;
    switch (note) {
      case "policy_decision":
        call.environment = (data.environment ?? null) as string | null;
        call.trustScore = Number(data.trustScore);
        if (call.environment !== null) this.environments.add(call.environment);
        break;
      case "approval_opened":
        this.#openApproval(command, data, at);
        break;
      case "approval_resolved":
        this.#resolveApproval(command, data, at);
        break;
      case "attempt_started":
        call.attempt = Number(data.attempt);
        call.phase = { is: "attempting", startedAt: at, takenAt: undefined };
        // A builtin waits for no runner.
        if (data.as === "builtin") this.#taken(call, at);
        break;
      case "job_taken":
        this.#taken(call, at);
        break;
      case "attempt_failed":
        call.lastError = data.error as unknown as ErrorData;
        if (data.lost === true) call.losses += 1;
        else call.failures += 1;
        break;
      case "retry_scheduled":
        call.phase = { is: "retrying", dueAt: this.#dueAt(Number(data.delayMs), at) };
        break;
      default:
        break;
    }
  }

  #taken(call: CallProgress, at: number): void {
    if (call.phase.is !== "attempting") return;
    call.phase.takenAt = at;
    call.startedAt ??= at;
  }

  #openApproval(command: RunCommand, data: JsonObject, at: number): void {
    const { start, mask } = this.#options;
    const id = approvalId(start.id, command.id, Number(data.round));
    const { environment, trustScore } = command.call;
    const inputs = command.args.inputs ?? {};
    this.approvals.set(id, {
      id,
      run: start.id,
      workflow: start.workflow,
      command: command.id,
      function: command.name,
      inputs: mask
        ? mask({ command: command.id, reference: command.name, side: "inputs", value: inputs })
        : inputs,
      ...(environment === null ? {} : { environment }),
      reasons: data.reasons as string[],
      trustScore,
      initiator: start.initiator,
      openedAt: at,
      state: "pending",
    });
    command.call.phase = { is: "held", approval: id };
  }

  #resolveApproval({ call }: RunCommand, data: JsonObject, at: number): void {
    const by = String(data.by);
    const comment = String(data.comment);
    const decision = data.decision === "approve" ? "approve" : "deny";
    const approval = this.approvals.get(data.approval as ApprovalId);
    if (approval) {
      const state = decision === "approve" ? "approved" : "denied";
      Object.assign(approval, { state, resolvedBy: by, resolvedAt: at, comment });
    }
    call.approvals.push({ decision, by, comment, at: new Date(at).toISOString() });
    call.round += 1;
    call.phase = { is: "deciding" };
  }
}

function hasOutcomeAtOnce(command: Command): command is ImmediateCommand {
  return isImmediate(command.kind);
}

function newCall(): CallProgress {
  return {
    phase: { is: "deciding" },
    round: 1,
    approvals: [],
    environment: null,
    trustScore: 0,
    attempt: 0,
    failures: 0,
    losses: 0,
    lastError: undefined,
    startedAt: undefined,
  };
}
