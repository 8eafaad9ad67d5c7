// Keeps secrets out of logs: every text that a secret could show up as becomes `[masked]`.

export const MASK = "[masked]";
/** Shorter secrets are left alone: masking "1" or "ok" would make a log unreadable and hide nothing. */
export const SHORTEST_SECRET = 4;

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function variantsOf(secret: string): string[] {
  const lines = secret.split("\n").map((line) => line.trim());
  return [
    secret,
    ...lines,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ].filter((text) => text.length >= SHORTEST_SECRET);
}

export class Masker {
  #secrets: string[] = [];
  #pattern: RegExp | undefined;

  /** Masks these from now on. */
  add(secrets: Iterable<string>): void {
    const known = new Set(this.#secrets);
    for (const secret of secrets) for (const variant of variantsOf(secret)) known.add(variant);
    // The longest first, so that a secret that contains another is masked whole.
    this.#secrets = [...known].sort((a, b) => b.length - a.length);
    this.#pattern =
      this.#secrets.length === 0
        ? undefined
        : new RegExp(this.#secrets.map((secret) => escaped(secret)).join("|"), "g");
  }

  mask(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, MASK) : text;
  }

  /**
   * How much of the end of `text` may be the beginning of a secret whose rest has not come yet: it must be kept
   * back until it has.
   */
  undecided(text: string): number {
    let most = 0;
    for (const secret of this.#secrets) {
      for (let length = Math.min(secret.length - 1, text.length); length > most; length -= 1) {
        if (text.endsWith(secret.slice(0, length))) most = length;
      }
    }
    return most;
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
    this.#take(this.#decoder.decode(chunk, { stream: true }), false);
  }

  /** The stream is over: what was kept back is no beginning of a secret. */
  end(): void {
    this.#take(this.#decoder.decode(), true);
  }

  #take(text: string, isEnd: boolean): void {
    const all = this.#kept + text;
    const keep = isEnd ? 0 : this.#masker.undecided(all);
    this.#kept = all.slice(all.length - keep);
    const masked = this.#masker.mask(all.slice(0, all.length - keep));
    if (masked !== "") this.#write(masked);
  }
}
