// What goes wrong, and when. Each fault has a name, so that a failing seed can be run again without some of them.
import { Random } from "./random.ts";

export const faultKinds = [
  "lose-call",
  "lose-answer",
  "duplicate-call",
  "slow-call",
  "kill-before-commit",
  "kill-after-commit",
  "evict",
  "late-alarm",
  "clock-jump",
  "runner-dies",
  "runner-freezes",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** How often, of the chances there are. */
const RATES: Record<FaultKind, number> = {
  "lose-call": 0.02,
  "lose-answer": 0.02,
  "duplicate-call": 0.02,
  "slow-call": 0.03,
  "kill-before-commit": 0.015,
  "kill-after-commit": 0.015,
  evict: 0.02,
  "late-alarm": 0.05,
  "clock-jump": 0.01,
  "runner-dies": 0.05,
  "runner-freezes": 0.05,
};

export interface Fault {
  /** Names it in this and every similar run of the seed: kind, what it strikes, and the how manieth chance there. */
  id: string;
  kind: FaultKind;
  at: number;
}

export class Faults {
  /** Faults that happened, in order. */
  readonly injected: Fault[] = [];
  readonly #seed: number;
  readonly #rate: number;
  readonly #only: ReadonlySet<string> | undefined;
  /** How many chances there were, by kind and by what it may strike, and the hash of both. */
  readonly #chances = new Map<FaultKind, Map<string, { count: number; hash: number }>>(
    faultKinds.map((kind) => [kind, new Map()]),
  );
  #isOver = false;

  /** `rate` scales how often all faults happen; `only` lets no others happen than these. */
  constructor(seed: number, rate: number, only?: ReadonlySet<string>) {
    this.#seed = seed;
    this.#rate = rate;
    this.#only = only;
  }

  /** From now on nothing goes wrong any more: what was begun must come to its end. */
  end(): void {
    this.#isOver = true;
  }

  /**
   * Whether a fault of this kind happens now. Each chance is drawn by itself, so that a fault which is left out changes
   * the others as little as possible.
   */
  strikes(kind: FaultKind, what: string, at: number): boolean {
    if (this.#isOver) return false;
    const ofKind = this.#chances.get(kind);
    const chances = ofKind?.get(what) ?? { count: 0, hash: hashOf(`${kind} ${what}`) };
    if (chances.count === 0) ofKind?.set(what, chances);
    chances.count += 1;
    const id = () => `${kind} ${what} ${chances.count}`;
    const strikes = this.#only
      ? this.#only.has(id())
      : new Random(this.#seed ^ hashOf(` ${chances.count}`, chances.hash)).chance(RATES[kind] * this.#rate);
    if (strikes) this.injected.push({ id: id(), kind, at });
    return strikes;
  }
}

/** FNV-1a, of what was hashed before and the text. */
function hashOf(text: string, before = 0x811c9dc5): number {
  let hash = before;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
