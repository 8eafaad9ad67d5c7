/**
 * What removing leaves behind in a Map: a gap in the place of every removed entry, which JavaScript
 * engines pass one by one each time they begin to go over the Map, until they rebuild it.
 *
 * 1. There are at most as many gaps as entries, and 32 more: then the Map is rebuilt.
 * 2. Taking the oldest entry again and again goes over the Map once, not once for each.
 */
import type { Key } from "./key.ts";

export class Removals<Entry> {
  /** How many gaps there may be; whoever begins to go over the Map may have to pass them all. */
  gaps = 0;
  private readonly entries: Map<Key, Entry>;
  /** Stands behind the last entry that was taken as the oldest: all before it are gone. */
  private oldest: Iterator<[Key, Entry]> | undefined;

  constructor(entries: Map<Key, Entry>) {
    this.entries = entries;
  }

  /** Removes the entry of a key; tells whether there was one. */
  delete(key: Key): boolean {
    if (!this.entries.delete(key)) return false;
    this.gaps++;
    if (this.gaps > this.entries.size + 32) this.rebuild();
    return true;
  }

  /** Removes the oldest entry; undefined when there is none. */
  shift(): Entry | undefined {
    let step = this.oldest?.next();
    if (step === undefined || step.done) {
      this.oldest = this.entries.entries();
      step = this.oldest.next();
      if (step.done) return undefined;
    }
    const [key, entry] = step.value;
    this.delete(key);
    return entry;
  }

  /** To be called when all entries are gone. */
  cleared(): void {
    this.gaps = 0;
    this.oldest = undefined;
  }

  private rebuild(): void {
    const all = [...this.entries];
    this.entries.clear();
    for (const [key, entry] of all) this.entries.set(key, entry);
    this.cleared();
  }
}
