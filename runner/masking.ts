// Keeps secrets out of logs, also where the text comes in pieces: src/protocol/mask.ts says what is masked.
import type { JsonValue } from "../src/protocol/json.ts";
import { MASK, Mask, SHORTEST_SECRET, spellingsOf } from "../src/protocol/mask.ts";

export class Masker {
  readonly #mask = new Mask();
  readonly #spellings = new Set<string>();
  #longest = 0;

  /** Masks these from now on. */
  add(secrets: Iterable<string>): void {
    for (const secret of secrets) {
      this.#mask.add(secret);
      if (secret.length < SHORTEST_SECRET) continue;
      for (const spelling of spellingsOf(secret)) {
        this.#spellings.add(spelling);
        this.#longest = Math.max(this.#longest, spelling.length);
      }
    }
  }

  mask(text: string): string {
    return this.#mask.text(text);
  }

  value<T extends JsonValue>(value: T): T {
    return this.#mask.value(value);
  }

  /**
   * Masks the beginning of a text that goes on. The rest, which may be the beginning of a secret, is kept back
   * until more has come: so the parts of a stream are masked exactly as the whole of it would be. Of the text, the
   * first `covered` units belong to secrets whose mask was shown before; as many of the rest do so too.
   */
  maskBeginning(text: string, covered = 0): { masked: string; rest: string; covered: number } {
    const open = this.#openEnd(text);
    const { masked, at } = this.#maskedTo(open, text, covered);
    return { masked, rest: text.slice(open), covered: Math.max(0, at - open) };
  }

  /** Masks what was kept back of a text that is over. */
  maskEnd(text: string, covered = 0): string {
    return this.#maskedTo(text.length, text, covered).masked;
  }

  /** The text masked, without what begins at `to` or later; and `at` which place all before is masked or shown. */
  #maskedTo(to: number, text: string, covered: number): { masked: string; at: number } {
    let masked = "";
    let at = covered;
    for (let found = this.#mask.find(text, 0); found && found.start < to; ) {
      // What begins in a mask makes it longer.
      if (found.start >= at) masked += text.slice(at, found.start) + MASK;
      at = Math.max(at, found.end);
      found = this.#mask.find(text, found.end);
    }
    return to > at ? { masked: masked + text.slice(at, to), at: to } : { masked, at };
  }

  /** Where the first end of the text begins that a secret may continue; past the text when none may. */
  #openEnd(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at += 1) {
      const end = text.slice(at);
      for (const spelling of this.#spellings) {
        if (spelling.length > end.length && spelling.startsWith(end)) return at;
      }
    }
    return text.length;
  }
}

/** A stream of text, masked across the borders of its chunks. */
export class MaskedStream {
  readonly #masker: Masker;
  readonly #write: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #kept = "";
  /** How much of it is masked already. */
  #covered = 0;

  constructor(masker: Masker, write: (text: string) => void) {
    this.#masker = masker;
    this.#write = write;
  }

  push(chunk: Uint8Array): void {
    const { masked, rest, covered } = this.#masker.maskBeginning(
      this.#kept + this.#decoder.decode(chunk, { stream: true }),
      this.#covered,
    );
    this.#kept = rest;
    this.#covered = covered;
    if (masked !== "") this.#write(masked);
  }

  /** The stream is over: what was kept back is no beginning of a secret. */
  end(): void {
    const masked = this.#masker.maskEnd(this.#kept + this.#decoder.decode(), this.#covered);
    this.#kept = "";
    this.#covered = 0;
    if (masked !== "") this.#write(masked);
  }
}
