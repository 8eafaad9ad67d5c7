// Many small writes of many callers as few commits.
//
// A commit costs the same whether it carries the change of one caller or of fifty. An actor that everyone tells
// something collects what arrives within a moment; each caller has its answer after the commit that carries its change,
// as if it had been alone.

/** What a burst brings is several turns: one of thousands could take longer than any turn may, and be lost whole. */
const MOST_AT_ONCE = 100;

interface Waiting<Change> {
  change: Change;
  written: () => void;
  failed: (error: unknown) => void;
}

export class GroupCommit<Change> {
  readonly #afterMs: number;
  readonly #write: (changes: readonly Change[]) => void;
  #waiting: Waiting<Change>[] = [];

  /**
   * `write` writes all of these in order, in one transaction, and throws when it has written none. It is called
   * `afterMs` after the oldest of them has come, with at most a hundred of them; the others are the next turn's.
   */
  constructor(afterMs: number, write: (changes: readonly Change[]) => void) {
    this.#afterMs = afterMs;
    this.#write = write;
  }

  /** Resolves once the change is written, and rejects with what its own write throws. */
  add(change: Change): Promise<void> {
    if (this.#waiting.length === 0) setTimeout(() => this.#writeAll(), this.#afterMs);
    return new Promise((written, failed) => this.#waiting.push({ change, written, failed }));
  }

  #writeAll(): void {
    const group = this.#waiting.splice(0, MOST_AT_ONCE);
    if (this.#waiting.length > 0) setTimeout(() => this.#writeAll(), 0);
    try {
      this.#write(group.map(({ change }) => change));
      for (const { written } of group) written();
    } catch {
      // One of them is at fault: the others must not wait for it.
      for (const each of group) this.#writeAlone(each);
    }
  }

  #writeAlone({ change, written, failed }: Waiting<Change>): void {
    try {
      this.#write([change]);
      written();
    } catch (error) {
      failed(error);
    }
  }
}
