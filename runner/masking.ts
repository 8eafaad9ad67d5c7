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
   * Masks the beginning of a text that goes on. The rest, which may be the beginning of a secret, is kept back
   * until more has come: so the parts of a stream are masked exactly as the whole of it would be.
   */
  maskBeginning(text: string): { masked: string; rest: string } {
    let masked = "";
    for (let at = 0; ; ) {
      const match = this.#next(text, at);
      const open = this.#openEnd(text, at);
      if (!match || open <= match.index) {
        return { masked: masked + text.slice(at, open), rest: text.slice(open) };
      }
      masked += text.slice(at, match.index) + MASK;
      at = match.index + match[0].length;
    }
  }

  #next(text: string, from: number): RegExpExecArray | null {
    if (!this.#pattern) return null;
    this.#pattern.lastIndex = from;
    return this.#pattern.exec(text);
  }

  /** Where the first end of the text begins that a secret may continue; past the text when none may. */
  #openEnd(text: string, from: number): number {
    const longest = this.#secrets[0]?.length ?? 0;
    for (let at = Math.max(from, text.length - longest + 1); at < text.length; at += 1) {
      const end = text.slice(at);
      if (this.#secrets.some((secret) => secret.length > end.length && secret.startsWith(end))) return at;
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
