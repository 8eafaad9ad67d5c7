// Simulated time: what is to happen, in the order of its time, and nothing in between.

interface Event {
  at: number;
  order: number;
  act: () => unknown;
}

/**
 * Lets every promise that can go on do so: a tick that is asked for from among them comes after the last of them. Nothing
 * in a simulation waits on anything but the simulation.
 */
const settle = () => new Promise<void>((resolve) => queueMicrotask(() => process.nextTick(resolve)));

export class Clock {
  /** ms since the epoch. */
  now: number;
  steps = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  constructor(now: number) {
    this.now = now;
  }

  at(at: number, act: () => unknown): void {
    this.#push({ at: Math.max(at, this.now), order: this.#order++, act });
  }

  after(ms: number, act: () => unknown): void {
    this.at(this.now + ms, act);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /**
   * Does what comes next and everything that follows from it at once. False when nothing is left before `end`.
   * What it throws fails the simulation.
   */
  async step(end: number): Promise<boolean> {
    const next = this.#heap[0];
    if (!next || next.at > end) return false;
    this.#pop();
    this.now = next.at;
    this.steps += 1;
    next.act();
    await settle();
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (this.#isBefore(child, least)) least = child;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (!one || !other) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one && other) [this.#heap[a], this.#heap[b]] = [other, one];
  }
}
