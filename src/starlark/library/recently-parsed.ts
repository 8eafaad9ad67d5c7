/** Remembers what has been read from short texts, which programs use again and again: formats. */

const MAX_TEXTS = 256;
const MAX_LENGTH = 256;

export class RecentlyParsed<Parsed> {
  private readonly parse: (text: string) => Parsed;
  private readonly known = new Map<string, Parsed>();

  /** What `parse` returns must never be changed. */
  constructor(parse: (text: string) => Parsed) {
    this.parse = parse;
  }

  get(text: string): Parsed {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const parsed = this.parse(text);
    if (text.length <= MAX_LENGTH) {
      // Forgetting all now and then is as good as anything cleverer.
      if (this.known.size >= MAX_TEXTS) this.known.clear();
      this.known.set(text, parsed);
    }
    return parsed;
  }
}
