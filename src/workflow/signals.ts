// The signals a run was sent: kept, in the order they came, until it waits for them.
import type { JsonValue } from "../protocol/json.ts";
import { bytesOf } from "./payload.ts";

export interface Signal {
  /** The sender's: the same id again is the same signal. */
  id: string;
  name: string;
  data: JsonValue;
  by: string;
}

export class Signals {
  /** Also of those that were taken. */
  readonly #known = new Set<string>();
  readonly #kept = new Map<string, Signal[]>();
  /** Of the kept ones as JSON. */
  #keptBytes = 0;

  /** How many have come. */
  get size(): number {
    return this.#known.size;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  isKnown(id: string): boolean {
    return this.#known.has(id);
  }

  add(signal: Signal): void {
    this.#known.add(signal.id);
    this.#keptBytes += bytesOfSignal(signal);
    const kept = this.#kept.get(signal.name);
    if (kept) kept.push(signal);
    else this.#kept.set(signal.name, [signal]);
  }

  /** Those that nobody has taken. */
  get pending(): Signal[] {
    return [...this.#kept.values()].flat();
  }

  /** The oldest of the name that nobody has taken. */
  oldest(name: string): Signal | undefined {
    return this.#kept.get(name)?.[0];
  }

  /** A wait for the name has ended with this: where it is the oldest of them, it is no longer kept. */
  taken(name: string, id: string): void {
    const kept = this.#kept.get(name);
    const [oldest] = kept ?? [];
    if (oldest?.id !== id) return;
    kept?.shift();
    this.#keptBytes -= bytesOfSignal(oldest);
  }
}

export function bytesOfSignal({ id, name, data, by }: Signal): number {
  return bytesOf({ id, name, data, by });
}
