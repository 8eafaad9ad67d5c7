// What the parts of a world (the bus, runners, children) need of the whole.
import type { ErrorData } from "../protocol/result.ts";
import type { RunInput } from "../workflow/index.ts";
import type { TestedRun } from "./tested-run.ts";

export interface Stage {
  /** ms since the epoch, in virtual time. */
  readonly now: number;
  /** Something that takes no time: it happens after what is under way. */
  soon(happen: () => void): void;
  /** Something later. `isAwaited` false: it goes on for ever. Returns what takes it back. */
  at(time: number, happen: () => void, isAwaited?: boolean): () => void;
  /** Gives a run an input at once. Returns why it was turned down. */
  feed(run: TestedRun, input: RunInput): ErrorData | undefined;
  /** The test cannot go on. The first reason counts. */
  fail(code: string, message: string): void;
}
