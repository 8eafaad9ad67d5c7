// `w.wait_for_signal`: what people and other systems tell this run, and a timer where it has a timeout.

import { isWithinDepth } from "../../events/json-depth.ts";
import { isJsonObject, type JsonObject } from "../../protocol/json.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { decodeValue, encodeValue, fromJson, toJson } from "../../starlark/index.ts";
import { MAX_OUTCOME_DEPTH, MAX_SIGNALS } from "../limits.ts";
import type { Signal } from "../signals.ts";
import type { Command, Kind, Turn } from "./kind.ts";

interface SignalWait extends Command {
  /** When it gives up; undefined when it never does. */
  dueAt: number | undefined;
}

export const waitForSignalKind: Kind<SignalWait> = {
  opened(command, run) {
    const { timeoutMs } = command.args;
    const dueAt = timeoutMs === undefined ? undefined : run.dueAt(Number(timeoutMs), command.scheduledAt);
    return { ...command, dueAt };
  },
  begin(turn, command) {
    const kept = turn.state.signals.oldest(command.name);
    if (kept) take(turn, command, kept);
    else if (command.dueAt !== undefined) turn.setTimer("wait_timeout", command.id, command.dueAt);
  },
  due(turn, command, kind) {
    if (kind === "wait_timeout") turn.complete(command, { ok: encodeValue(null) });
  },
  closed({ name, end }, _at, { signals }) {
    if (end?.kind !== "completed" || !("ok" in end.outcome)) return;
    const value = toJson(decodeValue(end.outcome.ok));
    // What an operator completes it with is no signal.
    if (isJsonObject(value) && typeof value.id === "string") signals.taken(name, value.id);
  },
  resultFault: (value) =>
    value === null || isJsonObject(value) ? undefined : "returns a signal: give it a JSON object, or null",
  timers: ({ dueAt }) => (dueAt === undefined ? [] : [{ kind: "wait_timeout" }]),
  waitsOn: ({ name }) => [{ kind: "signal", name }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for the signal ${name}`,
  shown: ({ dueAt }) => ({ state: "waiting", ...(dueAt === undefined ? {} : { dueAt }) }),
};

function take(turn: Turn, command: Command, { id, name, data, by }: Signal): void {
  turn.complete(command, { ok: encodeValue(fromJson({ id, name, data, by })) });
}

/**
 * Keeps a signal, and hands it to the first of the commands that waits for one of its name. The same id again changes nothing.
 * Refuses `too_many_signals` and `invalid_signal`.
 */
export function receiveSignal(turn: Turn, begun: Iterable<Command>, signal: Signal): ErrorData | undefined {
  const { signals } = turn.state;
  if (signals.isKnown(signal.id)) return undefined;
  if (signals.size >= MAX_SIGNALS) {
    return { code: "too_many_signals", message: `a run takes at most ${MAX_SIGNALS} signals` };
  }
  if (!isWithinDepth(signal.data, MAX_OUTCOME_DEPTH)) {
    return {
      code: "invalid_signal",
      message: `its data is nested more than ${MAX_OUTCOME_DEPTH} levels deep`,
    };
  }
  turn.note("signalled", { ...signal } satisfies JsonObject);
  for (const command of begun) {
    if (command.kind !== "wait_for_signal" || command.name !== signal.name) continue;
    take(turn, command, signal);
    break;
  }
  return undefined;
}
