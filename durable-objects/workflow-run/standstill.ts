// That a run is stuck, or goes on again: no record of its journal says so, and it must still be seen.
import type { Parts, Standstill } from "./parts.ts";

export class Standstills {
  readonly #parts: Parts;
  /** What is stored, null where that is nothing; undefined until it was looked at. */
  #last: Standstill | null | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Nothing is stored yet: there is nothing to look for. */
  isOfNewRun(): void {
    this.#last = null;
  }

  /** What was noted last was not committed. */
  forget(): void {
    this.#last = undefined;
  }

  /** The last one, over or not. */
  last(): Standstill | undefined {
    if (this.#last === undefined) this.#last = this.#parts.get("standstill") ?? null;
    return this.#last ?? undefined;
  }

  /** Keeps why the run is stuck at `at` (ms since the epoch), or that it is not. Answers whether that is news. */
  note(stuck: { code: string; message: string } | undefined, at: number): boolean {
    const last = this.last();
    const standing = last?.isOver === false ? last : undefined;
    if (standing?.code === stuck?.code) return false;
    this.#last = {
      code: stuck?.code ?? standing?.code ?? "",
      message: stuck?.message ?? standing?.message ?? "",
      at,
      changes: (last?.changes ?? 0) + 1,
      isOver: stuck === undefined,
    };
    this.#parts.put("standstill", this.#last);
    return true;
  }
}
