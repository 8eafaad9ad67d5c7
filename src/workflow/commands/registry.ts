// All kinds of commands that this version knows.
import type { CommandKind } from "../../protocol/journal.ts";
import { setLabelKind, setOutputKind, setProgressKind, setStatusKind } from "./annotate.ts";
import { formKind } from "./form.ts";
import type { Command, Kind } from "./kind.ts";
import { lockKind, unlockKind } from "./lock.ts";
import { runKind } from "./run/kind.ts";
import { sleepKind } from "./sleep.ts";
import { startKind } from "./start.ts";
import { nowKind, randomKind, uuidKind } from "./value.ts";
import { waitForEventKind } from "./wait-for-event.ts";
import { waitForSignalKind } from "./wait-for-signal.ts";

// A kind is only ever given the commands that it has opened.
const kinds: Readonly<Partial<Record<CommandKind, Kind>>> = {
  run: runKind,
  sleep: sleepKind,
  wait_for_event: waitForEventKind,
  wait_for_signal: waitForSignalKind,
  form: formKind,
  start: startKind,
  lock: lockKind,
  unlock: unlockKind,
  set_status: setStatusKind,
  set_label: setLabelKind,
  set_progress: setProgressKind,
  set_output: setOutputKind,
  now: nowKind,
  uuid: uuidKind,
  random: randomKind,
};

export const commandKinds: readonly string[] = Object.keys(kinds);

/** The kind of a command. Throws when this version does not know it. */
export function kindOf({ kind }: Pick<Command, "kind">): Kind {
  const known = kinds[kind];
  if (!known) throw new Error(`the journal has a command "${kind}", which this version does not know`);
  return known;
}
