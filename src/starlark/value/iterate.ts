/**
 * Going over the elements of a value. While an iteration is active its list, dict or set cannot be
 * changed; `release` ends that and can be called more than once.
 */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { StarlarkBytes } from "./bytes.ts";
import { StarlarkDict } from "./dict.ts";
import { HostObject } from "./host-object.ts";
import { StarlarkList, StarlarkTuple } from "./list.ts";
import { StarlarkRange } from "./range.ts";
import { StarlarkSet } from "./set.ts";
import { HeapValue, typeName, type Value } from "./value.ts";

interface Guarded {
  iterations: number;
}

/** An active iteration: its position is data, so a suspended fiber can hold one. */
export abstract class Iteration {
  private guarded: Guarded | undefined;

  constructor(guarded: Guarded | undefined) {
    this.guarded = guarded;
    if (guarded !== undefined) guarded.iterations++;
  }

  /** The next element, undefined after the last. */
  abstract next(): Value | undefined;

  /** Allows changes again. */
  release(): void {
    if (this.guarded === undefined) return;
    this.guarded.iterations--;
    this.guarded = undefined;
  }
}

/** Over an array that does not change meanwhile: a list or a tuple. */
export class ArrayIteration extends Iteration {
  readonly items: readonly Value[];
  index = 0;

  constructor(items: readonly Value[], guarded: Guarded | undefined) {
    super(guarded);
    this.items = items;
  }

  next(): Value | undefined {
    return this.index < this.items.length ? this.items[this.index++] : undefined;
  }
}

class RangeIteration extends Iteration {
  private readonly range: StarlarkRange;
  private index = 0;

  constructor(range: StarlarkRange) {
    super(undefined);
    this.range = range;
  }

  next(): Value | undefined {
    return this.index < this.range.length ? this.range.at(this.index++) : undefined;
  }
}

class KeyIteration extends Iteration {
  private readonly entries: Iterator<{ readonly key: Value }>;

  constructor(dict: StarlarkDict) {
    super(dict);
    this.entries = dict.entries.values();
  }

  next(): Value | undefined {
    const step = this.entries.next();
    return step.done ? undefined : step.value.key;
  }
}

class IteratorIteration extends Iteration {
  private readonly iterator: Iterator<Value>;

  constructor(iterator: Iterator<Value>, guarded: Guarded | undefined) {
    super(guarded);
    this.iterator = iterator;
  }

  next(): Value | undefined {
    const step = this.iterator.next();
    return step.done ? undefined : step.value;
  }

  override release(): void {
    super.release();
    this.iterator.return?.();
  }
}

/** Gaps in a dict or set that are passed in a step. */
const GAPS_PER_STEP = 8;

/** Starts an iteration, charging what that takes; undefined when the value is not iterable. */
export function iterate(value: Value, budget: Budget): Iteration | undefined {
  if (!(value instanceof HeapValue)) return undefined;
  if (value instanceof StarlarkList) return new ArrayIteration(value.items, value);
  if (value instanceof StarlarkTuple) return new ArrayIteration(value.items, undefined);
  if (value instanceof StarlarkRange) return new RangeIteration(value);
  if (value instanceof StarlarkDict) {
    if (value.gaps > 0) budget.charge(value.gaps / GAPS_PER_STEP, 0);
    return new KeyIteration(value);
  }
  if (value instanceof StarlarkSet) {
    if (value.gaps > 0) budget.charge(value.gaps / GAPS_PER_STEP, 0);
    return new IteratorIteration(value.elements.values(), value);
  }
  if (value instanceof HostObject) {
    const iterator = value.iterate();
    return iterator === undefined ? undefined : new IteratorIteration(iterator, undefined);
  }
  return undefined;
}

/** The number of elements, undefined when it is not known without going over them. */
export function lengthOf(value: Value): number | undefined {
  if (typeof value === "string") return value.length;
  if (!(value instanceof HeapValue)) return undefined;
  if (value instanceof StarlarkList || value instanceof StarlarkTuple) return value.items.length;
  if (value instanceof StarlarkDict || value instanceof StarlarkSet) return value.size;
  if (value instanceof StarlarkRange) return value.length;
  if (value instanceof StarlarkBytes) return value.data.length;
  if (value instanceof HostObject) return value.length();
  return undefined;
}

/**
 * The elements as a new array, charged before it is made: one step and `bytesPerItem` per element.
 * Throws `<type> value is not iterable`, or `<what>: got <type>, want iterable` when `what` is given.
 */
export function collect(value: Value, budget: Budget, what?: string, bytesPerItem = 16): Value[] {
  const length = typeof value === "string" ? undefined : lengthOf(value);
  if (length !== undefined) budget.charge(length, length * bytesPerItem);
  if (value instanceof StarlarkList) return value.items.slice();
  if (value instanceof StarlarkTuple) return value.items.slice();
  const iteration = iterate(value, budget);
  if (iteration === undefined) {
    throw new EvaluationError(
      what === undefined
        ? `${typeName(value)} value is not iterable`
        : `${what}: got ${typeName(value)}, want iterable`,
    );
  }
  const items: Value[] = [];
  try {
    for (let item = iteration.next(); item !== undefined; item = iteration.next()) {
      if (length === undefined) budget.charge(1, bytesPerItem);
      items.push(item);
    }
  } finally {
    iteration.release();
  }
  return items;
}
