// What the sockets of the dashboard say. Nothing is only here: whoever misses a message reads it later over HTTP.
import type { Approval } from "./policy.ts";
import type { RunSummary } from "./run.ts";

/** What changes without a run: lists of these are to be read again. */
export type Stirred = "events" | "runners" | "workflows";

/** From the directory. `reset`: the cursor is not known, or too long ago; read everything anew. */
export type LiveNews =
  | { type: "stirred"; what: Stirred }
  | { type: "reset"; cursor: number }
  | {
      type: "changes";
      cursor: number;
      runs: RunSummary[];
      approvals: Approval[];
      /** Names; what became of them is to be read. */
      environments: string[];
      /** Ids; what became of them is to be read. */
      forms: string[];
    };

/** From a run: how far its journal and its log go now. */
export interface RunExtent {
  type: "extent";
  journal: number;
  log: number;
}
