/** Dicts: mappings that remember the order of insertion. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { canonicalKey, type Key } from "./key.ts";
import { StarlarkTuple } from "./list.ts";
import { Removals } from "./removals.ts";
import { HeapValue, type Value } from "./value.ts";

export interface DictEntry {
  readonly key: Value;
  value: Value;
}

/** Rough size of a dict without entries, for charging the budget. */
export const EMPTY_DICT_BYTES = 240;
/** Rough size of an entry, for charging the budget. */
export const DICT_ENTRY_BYTES = 96;
/** A new entry is charged so many steps: making room for it takes longer than looking one up. */
export const NEW_ENTRY_STEPS = 5;

export class StarlarkDict extends HeapValue {
  /** By canonical key, in insertion order. Change it through the methods only. */
  readonly entries: Map<Key, DictEntry> = new Map();
  frozen = false;
  /** Active iterations; the dict may not change while there is one. */
  iterations = 0;
  /** Made when the first entry is removed. */
  private removals: Removals<DictEntry> | undefined;

  override get type(): string {
    return "dict";
  }

  override truth(): boolean {
    return this.entries.size > 0;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.frozen) return undefined;
    this.frozen = true;
    const children: Value[] = [];
    for (const entry of this.entries.values()) children.push(entry.key, entry.value);
    return children;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Gaps that removed entries have left: what beginning to go over the entries may cost. */
  get gaps(): number {
    return this.removals?.gaps ?? 0;
  }

  /** The value under a key, undefined when there is none; throws for an unhashable key. */
  get(key: Value, budget?: Budget): Value | undefined {
    return this.entries.get(canonicalKey(key, budget))?.value;
  }

  has(key: Value, budget?: Budget): boolean {
    return this.entries.has(canonicalKey(key, budget));
  }

  /** Adds or replaces; a replaced entry keeps its place and its key. Charges a new entry. */
  set(key: Value, value: Value, budget?: Budget): void {
    this.checkMutable("insert into");
    const canonical = canonicalKey(key, budget);
    const entry = this.entries.get(canonical);
    if (entry !== undefined) {
      entry.value = value;
      return;
    }
    budget?.charge(NEW_ENTRY_STEPS, DICT_ENTRY_BYTES);
    this.entries.set(canonical, { key, value });
  }

  /** Removes a key and returns its value, undefined when there was none. */
  delete(key: Value, budget?: Budget): Value | undefined {
    this.checkMutable("delete from");
    const canonical = canonicalKey(key, budget);
    const entry = this.entries.get(canonical);
    if (entry !== undefined) this.removing().delete(canonical);
    return entry?.value;
  }

  /** Removes the oldest entry and returns it, undefined when empty. */
  shift(): DictEntry | undefined {
    this.checkMutable("delete from");
    return this.removing().shift();
  }

  private removing(): Removals<DictEntry> {
    this.removals ??= new Removals(this.entries);
    return this.removals;
  }

  clear(): void {
    this.checkMutable("clear");
    this.entries.clear();
    this.removals?.cleared();
  }

  /** Keys in insertion order, as a new array; the caller charges for it. */
  keys(): Value[] {
    return Array.from(this.entries.values(), (entry) => entry.key);
  }

  /** Values in insertion order, as a new array; the caller charges for it. */
  values(): Value[] {
    return Array.from(this.entries.values(), (entry) => entry.value);
  }

  /** (key, value) tuples in insertion order, as a new array; the caller charges for it. */
  items(): StarlarkTuple[] {
    return Array.from(this.entries.values(), (entry) => new StarlarkTuple([entry.key, entry.value]));
  }

  /** Throws when the dict is frozen or being iterated; `verb` completes "cannot … frozen hash table". */
  checkMutable(verb: string): void {
    if (this.frozen) throw new EvaluationError(`cannot ${verb} frozen hash table`);
    if (this.iterations > 0) throw new EvaluationError(`cannot ${verb} hash table during iteration`);
  }
}
