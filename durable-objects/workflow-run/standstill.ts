// That a run is stuck, or goes on again: no record of its journal says so, and it must still be seen. Nothing else need
// come to a run that is stuck, so a timer looks whether it goes on by now: after a deploy, say.
import type { Timer, Timers } from "../../src/storage/timers.ts";
import type { Parts, Standstill } from "./parts.ts";

/** No timer of the engine has this id. */
const LOOK = "host:standstill";
const LOOK_AGAIN_MS = 3600_000;

export class Standstills {
  readonly #parts: Parts;
  readonly #timers: Timers;
  /** What is stored, null where that is nothing; undefined until it was looked at. */
  #last: Standstill | null | undefined;

  constructor({ parts, timers }: { parts: Parts; timers: Timers }) {
    this.#parts = parts;
    this.#timers = timers;
  }

  /** Whether the timer says that it is time to try again. */
  isLook({ id }: Timer): boolean {
    return id === LOOK;
  }

  /** Sees to it that a run that is stuck at `at` is tried again. */
  lookAgain(at: number): void {
    const set = this.#timers.get(LOOK);
    // The one that is due is dropped when it was handled, unless it was moved.
    if (set && set.dueAt > at) return;
    this.#timers.set({ id: LOOK, kind: "standstill", dueAt: at + LOOK_AGAIN_MS, data: null });
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

  /**
   * Keeps why the run is stuck at `at` (ms since the epoch), or that it is not. Answers what has changed: a run that is
   * stuck for the same kind of reason with other words is no news.
   */
  note(stuck: { code: string; message: string } | undefined, at: number): { isNews: boolean } | undefined {
    const last = this.last();
    const standing = last?.isOver === false ? last : undefined;
    const isNews = standing?.code !== stuck?.code;
    if (!isNews && standing?.message === stuck?.message) return undefined;
    this.#last = {
      code: stuck?.code ?? standing?.code ?? "",
      message: stuck?.message ?? standing?.message ?? "",
      at: isNews ? at : (standing?.at ?? at),
      changes: (last?.changes ?? 0) + 1,
      isOver: stuck === undefined,
    };
    this.#parts.put("standstill", this.#last);
    if (stuck === undefined) this.#timers.drop(LOOK);
    return { isNews };
  }
}
