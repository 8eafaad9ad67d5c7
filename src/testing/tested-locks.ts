// The locks that the runs of one test take from each other, by the rule that real ones go by.
import { grantable } from "../environments/lock-queue.ts";
import type { CommandId, RunId } from "../protocol/ids.ts";

interface Claim<R> {
  run: R;
  command: CommandId;
  limit: number;
  isHeld: boolean;
}

/** `R`: a run, as far as it is told apart from others. */
export class TestedLocks<R extends { start: { id: RunId } }> {
  readonly #claims = new Map<string, Claim<R>[]>();
  readonly #grant: (run: R, command: CommandId) => void;

  constructor(grant: (run: R, command: CommandId) => void) {
    this.#grant = grant;
  }

  acquire(key: string, run: R, command: CommandId, limit: number): void {
    const claims = this.#claims.get(key) ?? [];
    this.#claims.set(key, [...claims, { run, command, limit, isHeld: false }]);
    this.#grantNext(key);
  }

  release(key: string, run: R, command: CommandId): void {
    const left = (this.#claims.get(key) ?? []).filter(
      (claim) => claim.run !== run || claim.command !== command,
    );
    this.#claims.set(key, left);
    this.#grantNext(key);
  }

  #grantNext(key: string): void {
    const claims = this.#claims.get(key) ?? [];
    const waiting = claims.filter(({ isHeld }) => !isHeld);
    const granted = grantable(
      claims.length - waiting.length,
      waiting.map(({ limit }) => limit),
    );
    for (const claim of waiting.slice(0, granted)) {
      claim.isHeld = true;
      this.#grant(claim.run, claim.command);
    }
  }
}
