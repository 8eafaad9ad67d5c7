// What goes with an input of the engine into its commit, and what becomes of the input.
import type { Changes } from "../../src/workflow/machine-types.ts";

/** What became of an input: the engine took it (and may have turned it down), or it waits for a working engine. */
export type Fed = { kept: false; refused?: NonNullable<Changes["refused"]> } | { kept: true };

/** Writes of the host's own, in the commit of an input, before what the engine decided: `undecided` where it could not. */
export type AlsoWrite = (changes: Changes) => void;

/** What the engine has decided of an input that is kept: nothing yet. */
export const undecided: Changes = { records: [], timers: { set: [], drop: [] }, effects: [], log: [] };

/** What the engine cannot take now, and what is not to be kept for later either. */
export const notNow: Fed = {
  kept: false,
  refused: {
    code: "run_stuck",
    message: "the engine cannot go on with this run: its error says why, and nothing was done",
  },
};
