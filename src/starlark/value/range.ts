/** The immutable sequence that `range(start, stop, step)` gives; elements are made when asked for. */
import { HeapValue } from "./value.ts";

export class StarlarkRange extends HeapValue {
  readonly start: number;
  readonly stop: number;
  /** Never zero. */
  readonly step: number;
  readonly length: number;

  /** All safe integers, step not zero. */
  constructor(start: number, stop: number, step: number) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    const distance = step > 0 ? stop - start : start - stop;
    this.length = distance > 0 ? Math.ceil(distance / Math.abs(step)) : 0;
  }

  override get type(): string {
    return "range";
  }

  override truth(): boolean {
    return this.length > 0;
  }

  /** The element at an index from 0 to length - 1. */
  at(index: number): number {
    return this.start + index * this.step;
  }

  includes(value: number): boolean {
    const offset = value - this.start;
    if (offset % this.step !== 0) return false;
    const index = offset / this.step;
    return index >= 0 && index < this.length;
  }
}
