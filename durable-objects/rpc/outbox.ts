// What every actor answers to. The folder declares everything that actors are told and asked, by each other and by
// routes, a file an actor: types only, which the classes beside it implement and stubs.ts hands out.
//
// Rules: arguments and answers are plain data (structured clone); refusals are `Result`s, never exceptions, an
// exception means "try again"; every message that changes something is idempotent by the key it names.
import type { ParkedMessage } from "../../src/protocol/outbox.ts";
import type { Identity } from "../../src/protocol/token.ts";

export interface OutboxRpc {
  /** Messages that wait for an operator, oldest first, at most 500. */
  parkedMessages(): Promise<Omit<ParkedMessage, "actor">[]>;
  /** Delivers all of them again; gives how many. */
  retryParked(request: { actor: string; by: Identity }): Promise<number>;
}
