// A command between the script that calls it and its record in the journal.
import type { CommandId } from "../protocol/ids.ts";
import type { CommandRequest } from "./w/issue.ts";

/** A command on its way out of a fiber. */
export interface IssuedCommand extends CommandRequest {
  command: CommandId;
}

/** A command that waits for its `scheduled` record. */
export interface NewCommand extends IssuedCommand {
  /** SHA-256 of the canonical JSON of `args`. */
  digest: string;
}
