// What is going to happen in virtual time, in the order in which it will.

interface Item {
  at: number;
  /** Whether waiting for everything to be over waits for this too. */
  isAwaited: boolean;
  happen(): void;
}

export class Agenda {
  /** By time; what was put in first comes first among those of the same time. */
  readonly #items: Item[] = [];
  #awaited = 0;

  /** `isAwaited` false: something that goes on for ever, such as a schedule. Returns what takes the item out again. */
  add(at: number, happen: () => void, isAwaited = true): () => void {
    const item: Item = { at, isAwaited, happen };
    let from = 0;
    let to = this.#items.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#items[middle]?.at ?? 0) <= at) from = middle + 1;
      else to = middle;
    }
    this.#items.splice(from, 0, item);
    if (isAwaited) this.#awaited += 1;
    return () => {
      const index = this.#items.indexOf(item);
      if (index >= 0) this.#take(index);
    };
  }

  /** Takes out the next item that is due at `until` or before. */
  next(until: number): Item | undefined {
    const first = this.#items[0];
    return first !== undefined && first.at <= until ? this.#take(0) : undefined;
  }

  /** When the next thing happens; undefined when nothing ever does. */
  get nextAt(): number | undefined {
    return this.#items[0]?.at;
  }

  /** Whether there is anything that is not for ever. */
  get isAwaited(): boolean {
    return this.#awaited > 0;
  }

  #take(index: number): Item | undefined {
    const [item] = this.#items.splice(index, 1);
    if (item?.isAwaited) this.#awaited -= 1;
    return item;
  }
}
