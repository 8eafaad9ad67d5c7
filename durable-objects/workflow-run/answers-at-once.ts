// What the engine asks of its host and gets in the same turn: decisions of policy that need nobody else, and the calls
// of builtins that touch nothing but the run's own storage. All of it becomes one commit.
//
// 1. Nothing is told to anybody before that commit, and what is written for the answers is part of it: a run that is
//    cut off before it has asked nothing, one that is cut off after it has all the answers.
// 2. A turn lets nothing else in, and the platform stops one that takes too long. So it is bounded in everything that
//    a script decides; what is left over is asked after the commit, when others have had their turn.
import type { CloudEvent } from "../../src/protocol/cloud-event.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { JobOutcome } from "../../src/protocol/job.ts";
import { ok } from "../../src/protocol/result.ts";
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

export interface LocalOutcome {
  outcome: JobOutcome;
  events?: CloudEvent[];
  log?: string[];
}

export interface AtOnce {
  moment: Moment;
  /** Undefined when somebody else has to be asked. */
  decide(call: Extract<Effect, { kind: "decide" }>): PolicyAnswer | undefined;
  /** Undefined when it reaches outside. */
  perform(call: Extract<Effect, { kind: "call_builtin" }>): LocalOutcome | undefined;
}

const MAX_ANSWERS = 2000;
/** Steps of Starlark: a quarter of what one slice may take. */
const MAX_STEPS = 5_000_000;
/** UTF-16 units of the inputs of all calls. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Answers what can be answered, adds what follows to `changes`, and leaves the other effects there. Whether that was
 * all that a turn may.
 */
export function answerAtOnce(machine: RunMachine, changes: Changes, host: AtOnce): boolean {
  if (!changes.effects.some(isInProcess)) return false;
  const before = machine.spentSteps;
  const left: Effect[] = [];
  let answers = 0;
  let length = 0;
  let isFull = false;
  // Grows meanwhile: what an answer leads to is added at its end.
  for (const effect of changes.effects) {
    isFull ||= answers >= MAX_ANSWERS || length >= MAX_LENGTH || machine.spentSteps - before >= MAX_STEPS;
    const answer = !isFull && isInProcess(effect) ? answerTo(effect, host) : undefined;
    if (!answer) {
      left.push(effect);
      continue;
    }
    answers += 1;
    length += answer.length;
    take(changes, machine.handle(answer.input, host.moment), answer, host.moment.now);
  }
  changes.effects = left;
  return isFull;
}

interface Answer extends Pick<LocalOutcome, "events" | "log"> {
  command: CommandId;
  input: RunInput;
  /** Of the call's inputs. */
  length: number;
}

function answerTo(effect: InProcessEffect, host: AtOnce): Answer | undefined {
  const { command } = effect;
  if (effect.kind === "decide") {
    const value = host.decide(effect);
    if (!value) return undefined;
    const { round, inputs } = effect;
    const input = { type: "policy_decided", command, round, result: ok(value) } as const;
    return { command, input, length: JSON.stringify(inputs).length };
  }
  const performed = host.perform(effect);
  if (!performed) return undefined;
  const { outcome, ...written } = performed;
  const { attempt } = effect;
  const input = { type: "builtin_finished", command, attempt, outcome } as const;
  return { command, input, length: 0, ...written };
}

/** Adds what an answer led to. */
function take(changes: Changes, more: Changes, answer: Answer, at: number): void {
  const { command, events = [], log = [] } = answer;
  // Nobody wants it any more: another builtin that was begun with it has won a race, say.
  if (more.records.length === 0) return;
  for (const record of more.records) changes.records.push(record);
  for (const event of events) changes.effects.push({ kind: "emit", event });
  for (const effect of more.effects) changes.effects.push(effect);
  for (const text of log) changes.log.push({ at, command, text });
  for (const line of more.log) changes.log.push(line);
  for (const [id, timer] of more.timers) changes.timers.set(id, timer);
  if (more.finished) changes.finished = more.finished;
}
