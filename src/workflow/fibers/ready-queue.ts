// The fibers that can run, in the order of their numbers: a binary heap.

/** A fiber's number: 0.1.2 is [0, 1, 2]. */
export type FiberNumber = readonly number[];

/** Whether `a` comes before `b`: a fiber before those it starts, those in the order in which it started them. */
export function isBefore(a: FiberNumber, b: FiberNumber): boolean {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x < y;
  }
  return a.length < b.length;
}

export class ReadyQueue<T extends { readonly number: FiberNumber }> {
  readonly #heap: T[] = [];

  add(item: T): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || !isBefore(item.number, parent.number)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  /** Removes and returns the one with the lowest number. */
  take(): T | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let below = heap[left];
      if (!below) break;
      let index = left;
      const right = heap[left + 1];
      if (right && isBefore(right.number, below.number)) {
        below = right;
        index = left + 1;
      }
      if (!isBefore(below.number, last.number)) break;
      heap[at] = below;
      at = index;
    }
    heap[at] = last;
    return first;
  }
}
