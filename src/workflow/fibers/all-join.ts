// Waiting for all of several fibers: `w.wait`, and with fibers that it starts itself, `w.parallel`.
import { StarlarkList, type Value } from "../../starlark/index.ts";
import { cancelledTask } from "./task.ts";
import { taskError } from "./task-error.ts";
import type { Join, Thread } from "./thread.ts";

interface AllOptions {
  /** The fibers, in the order of the results. One that is started by being taken from here is started late. */
  members: Iterator<Thread>;
  /** How many of them may run at a time. */
  limit: number;
  /** The first failure cancels the others, and those that have not been taken never start. */
  cancelOnError: boolean;
  /** What the call returns. Default: the list of values. */
  result?(values: Value[]): Value;
  print(text: string): void;
}

export class AllJoin implements Join {
  readonly #options: AllOptions;
  readonly #members: Thread[] = [];
  readonly #running = new Set<Thread>();
  #waiter: Thread | undefined;
  #isExhausted = false;
  #failure: Thread | undefined;

  constructor(options: AllOptions) {
    this.#options = options;
  }

  begin(waiter: Thread): void {
    this.#waiter = waiter;
    this.#advance();
  }

  memberDone(member: Thread): void {
    this.#running.delete(member);
    this.#note(member);
    this.#advance();
  }

  leave(): void {
    this.#waiter = undefined;
    for (const member of this.#members) member.unwatch(this);
  }

  #advance(): void {
    const { members, limit } = this.#options;
    const done: Thread[] = [];
    while (this.#waiter && !this.#isExhausted && this.#running.size < limit) {
      const next = members.next();
      if (next.done) this.#isExhausted = true;
      else if (this.#take(next.value)) done.push(next.value);
    }
    // After all have been taken: a failure may cancel them.
    for (const member of done) this.#note(member);
    if (!this.#waiter || !this.#isExhausted || this.#running.size > 0) return;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter.goOn(() => this.#outcome(waiter));
  }

  /** Whether it was done before. */
  #take(member: Thread): boolean {
    member.isSeen = true;
    this.#members.push(member);
    if (member.isDone) return true;
    this.#running.add(member);
    member.watch(this);
    return false;
  }

  #note(member: Thread): void {
    const { ending } = member;
    if (ending?.kind === "returned") return;
    if (this.#failure) {
      if (ending?.kind === "failed") {
        this.#options.print(`fiber ${member.id} failed too: ${ending.error.format()}`);
      }
      return;
    }
    this.#failure = member;
    if (!this.#options.cancelOnError) return;
    this.#isExhausted = true;
    for (const other of [...this.#running]) other.cancel(cancelledTask());
  }

  #outcome(waiter: Thread): Value {
    if (this.#failure) throw taskError(waiter, this.#failure);
    const values = this.#members.map(({ ending }) => (ending?.kind === "returned" ? ending.value : null));
    const { result } = this.#options;
    return result ? result(values) : new StarlarkList(values);
  }
}
