// `w.wait_for_signal`: what people and other systems tell this run, and a timer where it has a timeout.

import { isWithinDepth } from "../../events/json-depth.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { ErrorData } from "../../protocol/result.ts";
import { decodeValue, encodeValue, fromJson, toJson } from "../../starlark/index.ts";
import { MAX_KEPT_SIGNALS_BYTES, MAX_OUTCOME_DEPTH, MAX_SIGNALS } from "../limits.ts";
import { bytesOfSignal, type Signal } from "../signals.ts";
import type { Command, Kind, Turn } from "./kind.ts";
import type { ResultByHand } from "./result-by-hand.ts";
import { type Patient, patient, setTimeoutOf, shownWaiting, TIMEOUT, timeoutTimers } from "./timeout.ts";

export const waitForSignalKind: Kind<Patient> = {
  opened: patient,
  begin(turn, command) {
    const kept = turn.state.signals.oldest(command.name);
    if (kept) take(turn, command, kept);
    else setTimeoutOf(turn, command);
  },
  due(turn, command, kind) {
    if (kind === TIMEOUT) turn.complete(command, { ok: encodeValue(null) });
  },
  closed({ name, end }, _at, { signals }) {
    if (end?.kind !== "completed" || !("ok" in end.outcome)) return;
    const value = toJson(decodeValue(end.outcome.ok));
    // What an operator completes it with is no signal.
    if (isJsonObject(value) && typeof value.id === "string") signals.taken(name, value.id);
  },
  resultByHand: signalByHand,
  timers: timeoutTimers,
  waitsOn: ({ name }) => [{ kind: "signal", name }],
  isWaiting: () => true,
  reasonToWait: ({ name }) => `waiting for the signal ${name}`,
  shown: shownWaiting,
};

function take(turn: Turn, command: Command, { id, name, data, by }: Signal): void {
  turn.complete(command, { ok: encodeValue(fromJson({ id, name, data, by })) });
}

function signalByHand({ name }: Command, value: JsonValue): ResultByHand {
  if (value === null || (isSignal(value) && value.name === name)) return { value };
  return {
    fault: `returns a signal, or null: send it one, or give it an object of id, name ("${name}"), data and by`,
  };
}

function isSignal(value: JsonValue): value is JsonObject {
  if (!isJsonObject(value) || !("data" in value)) return false;
  return ["id", "name", "by"].every((member) => typeof value[member] === "string");
}

/**
 * Keeps a signal, and hands it to the first of the commands that waits for one of its name. The same id again changes
 * nothing. Refuses `too_many_signals` and `invalid_signal`.
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
  const waiting = [...begun].find(({ kind, name }) => kind === "wait_for_signal" && name === signal.name);
  if (!waiting && signals.keptBytes + bytesOfSignal(signal) > MAX_KEPT_SIGNALS_BYTES) {
    return {
      code: "too_many_signals",
      message: `the signals that the run has not waited for would have more than ${MAX_KEPT_SIGNALS_BYTES} bytes of JSON`,
    };
  }
  turn.note("signalled", { ...signal } satisfies JsonObject);
  if (waiting) take(turn, waiting, signal);
  return undefined;
}
