// What follows from the end of a run, in the turn that ends it: what is open ends with it, its locks and children are let
// go of, and those hear of it who wait for it or go on from it.
import type { RunId } from "../protocol/ids.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Lineage } from "../protocol/start.ts";
import { releaseLock } from "./commands/lock.ts";
import { closeChild } from "./commands/start.ts";
import { type FinishedNote, type JournalState, successorIn } from "./journal-state.ts";
import type { RunOptions, RunStart } from "./machine-types.ts";
import { parentOfRun } from "./parent.ts";
import type { OpenTurn } from "./turn.ts";

/** Ends the run of `state` as `note` says. Its script must move no more. */
export function endRun(turn: OpenTurn, state: JournalState, note: FinishedNote): void {
  const open = [...state.open.values()];
  turn.cancel(open, () => turn.note("finished", note as unknown as JsonObject));
  for (const [command, key] of state.locks) releaseLock(turn, command, key);
  for (const [command, child] of state.children) closeChild(turn, command, child);
  tellParent(turn, note);
  const successor = successorIn(note);
  turn.changes.finished = {
    state: note.state,
    hasWaitedForEvents: state.hasWaitedForEvents,
    ...(successor === undefined ? {} : { successor }),
  };
  if (note.continued) continueAs(turn, state, note.continued);
}

/** One that goes on as another run, or begins again as one, leaves that to tell. */
function tellParent(turn: OpenTurn, { state, output, error, continued, restarted }: FinishedNote): void {
  const parent = parentOfRun(turn.options.start);
  if (!parent || continued || restarted) return;
  const outcome = {
    state,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
  turn.effect({ kind: "tell_parent", parent: parent.run, command: parent.command, outcome });
}

/** The run that this one goes on as: the same however often it is asked. */
export function successorOf({ start, sha256Hex }: RunOptions): RunId {
  return `run_${sha256Hex(`${start.id}/continued`).slice(0, 32)}` as RunId;
}

/** Numbers that one message takes: it has to fit into a row. */
const MAX_SEQS = 50_000;

function continueAs(
  turn: OpenTurn,
  state: JournalState,
  { run, data }: NonNullable<FinishedNote["continued"]>,
): void {
  const { start } = turn.options;
  const { lineage, after } = lineageOf(start);
  const consumed = [...(start.consumed ?? []), ...state.consumed];
  if (after) turn.effect({ kind: "keep_consumed", lineage, seqs: [], after });
  for (let from = 0; from < consumed.length; from += MAX_SEQS) {
    turn.effect({ kind: "keep_consumed", lineage, seqs: consumed.slice(from, from + MAX_SEQS) });
  }
  const time = new Date(turn.now).toISOString();
  const event = { ...start.event, id: `${start.id}/continued`, time };
  turn.effect({
    kind: "continue_as",
    run,
    event: data === undefined ? event : { ...event, data },
    lineage: { ...lineage, generation: lineage.generation + 1 },
    signals: state.signals.pending,
  });
}

/** A fork begins a lineage of its own, after that of the run it was forked from: others go on from that one, too. */
function lineageOf({ id, continues, lineage }: RunStart): { lineage: Lineage; after?: Lineage } {
  if (lineage && continues?.how === "continued") return { lineage };
  return { lineage: { first: id, generation: 0 }, ...(lineage && { after: lineage }) };
}
