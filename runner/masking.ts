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
   * until more has come: so the parts of a stream are masked exactly as the whole of it would be.
   */
  maskBeginning(text: string): { masked: string; rest: string } {
    let masked = "";
    for (let at = 0; ; ) {
      const found = this.#mask.find(text, at);
      const open = this.#openEnd(text, at);
      if (!found || open <= found.start) {
        return { masked: masked + text.slice(at, open), rest: text.slice(open) };
      }
      masked += text.slice(at, found.start) + MASK;
      at = found.end;
    }
  }

  /** Where the first end of the text begins that a secret may continue; past the text when none may. */
  #openEnd(text: string, from: number): number {
    for (let at = Math.max(from, text.length - this.#longest + 1); at < text.length; at += 1) {
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

  constructor(masker: Masker, write: (text: string) => void) {
    this.#masker = masker;
    this.#write = write;
  }

  push(chunk: Uint8Array): void {
    const { masked, rest } = this.#masker.maskBeginning(
      this.#kept + this.#decoder.decode(chunk, { stream: true }),
    );
    this.#kept = rest;
    if (masked !== "") this.#write(masked);
  }

  /** The stream is over: what was kept back is no beginning of a secret. */
  end(): void {
    const masked = this.#masker.mask(this.#kept + this.#decoder.decode());
    this.#kept = "";
    if (masked !== "") this.#write(masked);
  }
}
