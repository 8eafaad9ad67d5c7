/** Lists and tuples. */
import { EvaluationError } from "../errors.ts";
import { HeapValue, type Value } from "./value.ts";

/** Rough size of a list or tuple without its elements, of 8 bytes each, for charging the budget. */
export const LIST_BYTES = 96;

export class StarlarkList extends HeapValue {
  /** Whoever changes it calls `checkMutable` first and charges the budget. */
  readonly items: Value[];
  frozen = false;
  /** Active iterations; the list may not change while there is one. */
  iterations = 0;

  /** Takes the array over; the caller must not keep it. */
  constructor(items: Value[]) {
    super();
    this.items = items;
  }

  override get type(): string {
    return "list";
  }

  override truth(): boolean {
    return this.items.length > 0;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.frozen) return undefined;
    this.frozen = true;
    return this.items;
  }

  /** Throws when the list is frozen or being iterated; `verb` completes "cannot … frozen list". */
  checkMutable(verb: string): void {
    if (this.frozen) throw new EvaluationError(`cannot ${verb} frozen list`);
    if (this.iterations > 0) throw new EvaluationError(`cannot ${verb} list during iteration`);
  }
}

export class StarlarkTuple extends HeapValue {
  readonly items: readonly Value[];
  /** Its elements have been frozen: keeps `freeze` linear where tuples share elements. */
  private visited = false;

  /** Takes the array over; the caller must not change it afterwards. */
  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  override get type(): string {
    return "tuple";
  }

  override truth(): boolean {
    return this.items.length > 0;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.visited) return undefined;
    this.visited = true;
    return this.items;
  }
}
