// What goes with an input of the engine into its commit, and what becomes of the input.
import type { ErrorData } from "../../src/protocol/result.ts";
import type { Changes } from "../../src/workflow/machine-types.ts";

/** An input that the engine took, and may have turned down. */
export interface Taken {
  kept: false;
  refused?: ErrorData;
}

/** What became of an input: the engine took it, or it waits for an engine that can. */
export type Fed = Taken | { kept: true };

/**
 * Writes of the host's own, in the commit of an input, before what the engine decided: `undecided` where it could not.
 */
export type AlsoWrite = (changes: Changes) => void;

/** What the engine has decided of an input that is kept: nothing yet. */
export const undecided: Changes = { records: [], timers: new Map(), effects: [], log: [] };

/** Why what somebody asks for is turned down that the engine cannot decide now. */
export const notNow: ErrorData = {
  code: "run_stuck",
  message:
    "the engine cannot go on with this run: its error says why, and nothing was done. It can be terminated",
};
