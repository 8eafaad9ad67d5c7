// Waiting for the first of several fibers: `w.race` and `w.select`.
import type { Value } from "../../starlark/index.ts";
import { cancelledTask } from "./task.ts";
import { taskError } from "./task-error.ts";
import type { Join, Thread } from "./thread.ts";

/** One of the fibers that are waited for. */
export interface Contender {
  thread: Thread;
  /** It is cancelled when another one is first, and waited for. */
  isCancelled: boolean;
  /** What the call returns when this one is first. */
  result(value: Value): Value;
}

export class FirstJoin implements Join {
  readonly #contenders: readonly Contender[];
  #waiter: Thread | undefined;
  #winner: Contender | undefined;
  /** Losers that have been cancelled and are not done. */
  readonly #ending = new Set<Thread>();

  constructor(contenders: readonly Contender[]) {
    this.#contenders = contenders;
  }

  begin(waiter: Thread): void {
    this.#waiter = waiter;
    for (const { thread, isCancelled } of this.#contenders) {
      if (isCancelled) thread.isSeen = true;
      if (!thread.isDone) thread.watch(this);
    }
    const first = this.#contenders.find(({ thread }) => thread.isDone);
    if (first) this.#won(first);
  }

  memberDone(member: Thread): void {
    if (this.#winner) {
      this.#ending.delete(member);
      this.#goOn();
      return;
    }
    const first = this.#contenders.find(({ thread }) => thread === member);
    if (first) this.#won(first);
  }

  leave(): void {
    this.#waiter = undefined;
    for (const { thread } of this.#contenders) thread.unwatch(this);
  }

  #won(winner: Contender): void {
    this.#winner = winner;
    winner.thread.isSeen = true;
    for (const { thread, isCancelled } of this.#contenders) {
      if (thread.isDone) continue;
      if (isCancelled) this.#ending.add(thread);
      else thread.unwatch(this);
    }
    // One that has not begun is done at once.
    for (const loser of [...this.#ending]) loser.cancel(cancelledTask());
    this.#goOn();
  }

  #goOn(): void {
    const waiter = this.#waiter;
    const winner = this.#winner;
    if (!waiter || !winner || this.#ending.size > 0) return;
    this.#waiter = undefined;
    waiter.goOn(() => {
      const { ending } = winner.thread;
      if (ending?.kind !== "returned") throw taskError(waiter, winner.thread);
      return winner.result(ending.value);
    });
  }
}
