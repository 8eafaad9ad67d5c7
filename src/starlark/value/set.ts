/** Sets: hashable elements, each once, in insertion order. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { canonicalKey, type Key } from "./key.ts";
import { Removals } from "./removals.ts";
import { HeapValue, type Value } from "./value.ts";

/** Rough size of a set without elements, for charging the budget. */
export const EMPTY_SET_BYTES = 240;
/** Rough size of an element, for charging the budget. */
export const SET_ELEMENT_BYTES = 64;
/** As for the entries of dicts. */
const NEW_ELEMENT_STEPS = 3;

export class StarlarkSet extends HeapValue {
  /** By canonical key, in insertion order. Change it through the methods only. */
  readonly elements: Map<Key, Value> = new Map();
  frozen = false;
  /** Active iterations; the set may not change while there is one. */
  iterations = 0;
  /** Made when the first element is removed. */
  private removals: Removals<Value> | undefined;

  /** A new set of some elements; charges for each. */
  static of(items: Iterable<Value>, budget?: Budget): StarlarkSet {
    budget?.charge(0, EMPTY_SET_BYTES);
    const set = new StarlarkSet();
    for (const item of items) set.add(item, budget);
    return set;
  }

  override get type(): string {
    return "set";
  }

  override truth(): boolean {
    return this.elements.size > 0;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.frozen) return undefined;
    this.frozen = true;
    return this.elements.values();
  }

  get size(): number {
    return this.elements.size;
  }

  /** Gaps that removed elements have left: what beginning to go over the elements may cost. */
  get gaps(): number {
    return this.removals?.gaps ?? 0;
  }

  has(value: Value, budget?: Budget): boolean {
    return this.elements.has(canonicalKey(value, budget));
  }

  /** Adds an element unless there is an equal one; charges a new one. */
  add(value: Value, budget?: Budget): void {
    this.checkMutable("insert into");
    const key = canonicalKey(value, budget);
    if (this.elements.has(key)) return;
    budget?.charge(NEW_ELEMENT_STEPS, SET_ELEMENT_BYTES);
    this.elements.set(key, value);
  }

  /** Removes an element; tells whether it was there. */
  delete(value: Value, budget?: Budget): boolean {
    this.checkMutable("delete from");
    return this.removing().delete(canonicalKey(value, budget));
  }

  /** Removes the oldest element and returns it, undefined when empty. */
  shift(): Value | undefined {
    this.checkMutable("delete from");
    return this.removing().shift();
  }

  private removing(): Removals<Value> {
    this.removals ??= new Removals(this.elements);
    return this.removals;
  }

  clear(): void {
    this.checkMutable("clear");
    this.elements.clear();
    this.removals?.cleared();
  }

  /** Makes this set equal to another; elements of both keep their places. */
  become(other: StarlarkSet, budget?: Budget): void {
    for (const key of [...this.elements.keys()]) if (!other.elements.has(key)) this.removing().delete(key);
    for (const element of other.elements.values()) this.add(element, budget);
  }

  /** Elements in insertion order, as a new array; the caller charges for it. */
  values(): Value[] {
    return [...this.elements.values()];
  }

  /** Throws when the set is frozen or being iterated; `verb` completes "cannot … frozen hash table". */
  checkMutable(verb: string): void {
    if (this.frozen) throw new EvaluationError(`cannot ${verb} frozen hash table`);
    if (this.iterations > 0) throw new EvaluationError(`cannot ${verb} hash table during iteration`);
  }
}
