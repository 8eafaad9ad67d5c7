// Keeps secrets out of what people see: wherever one shows up in a text or a value, `•••` stands instead.
import type { JsonValue } from "./json.ts";

export const MASK = "•••";
/** Shorter secrets are left alone: masking "1" or "ok" would make everything unreadable and hide nothing. */
export const SHORTEST_SECRET = 4;
/** Ends what is left of a text that was too long, and what is known so far of one that goes on. */
export const CUT = "…";
/** In UTF-16 units. Nobody puts a longer one into a URL, and its other spellings would cost more than they hide. */
const MAX_RESPELT = 16 * 1024;
/** In UTF-16 units. A longer text is looked for in parts, or a text that repeats itself would take minutes. */
const MAX_SPELLING = 4 * 1024;

/**
 * Every text by which a secret could show up: itself, its lines, quoted for JSON or a URL, in base64; long ones in parts.
 */
export function spellingsOf(secret: string): string[] {
  const spellings = [secret, ...secret.split("\n").map((line) => line.trim())];
  if (secret.length <= MAX_RESPELT) {
    const octets = String.fromCharCode(...new TextEncoder().encode(secret));
    spellings.push(
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.toWellFormed()),
      btoa(octets).replace(/=+$/, ""),
    );
  }
  return spellings.filter((text) => text.length >= SHORTEST_SECRET).flatMap(partsOf);
}

/** Equally long, so that none is too short to be masked. */
function partsOf(text: string): string[] {
  const count = Math.ceil(text.length / MAX_SPELLING);
  const length = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * length, (index + 1) * length));
}

/** Spellings that begin alike. */
interface Alike {
  /** Longest first, so that a secret in another goes with it. */
  lengths: number[];
  sorted: string[];
}

function addTo({ lengths, sorted }: Alike, spelling: string): void {
  sorted.splice(indexIn(sorted, spelling), 0, spelling);
  if (lengths.includes(spelling.length)) return;
  lengths.push(spelling.length);
  lengths.sort((a, b) => b - a);
}

/** Of the first that does not come before the text. */
function indexIn(sorted: readonly string[], text: string): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How much of one of the spellings stands at `start` of the text, up to where it was cut; 0 where it was not. */
function lengthBeforeCut(text: string, start: number, { lengths, sorted }: Alike): number {
  const here = text.slice(start, start + (lengths[0] ?? 0));
  if (!here.includes(CUT)) return 0;
  // What has most in common with a text stands next to it.
  const index = indexIn(sorted, here);
  const inCommon = Math.max(...[index - 1, index].map((at) => commonLength(sorted[at] ?? "", here)));
  const cut = here.slice(0, inCommon + 1).lastIndexOf(CUT);
  return cut < SHORTEST_SECRET ? 0 : cut;
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length += 1;
  return length;
}

/** After how many units a text repeats itself, to its end; its length where it does not. */
function periodOf(text: string): number {
  // Of each beginning, how long the longest other beginning is that it ends with (Knuth, Morris and Pratt).
  const borders = new Uint16Array(text.length);
  for (let at = 1, border = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (border > 0 && text.charCodeAt(border) !== unit) border = borders[border - 1] ?? 0;
    if (text.charCodeAt(border) === unit) border += 1;
    borders[at] = border;
  }
  return text.length - (borders.at(-1) ?? 0);
}

/** Where the last of the spellings ends that follow the one before `end`, each in the one before it. */
function repeatedTo(
  text: string,
  end: number,
  { length, period }: { length: number; period: number },
): number {
  if (period === length) return end;
  let to = end;
  while (to < text.length && text.charCodeAt(to) === text.charCodeAt(to - period)) to += 1;
  return to - ((to - end) % period);
}

/**
 * Masks the secrets that it was told, all of each: where some overlap, one mask stands for them. What it costs grows with
 * the text, not with the number of secrets: a place in a text is looked at closer only where one may begin. The beginning
 * of a secret is masked where the text was cut after it.
 */
export class Mask {
  /** With their periods. */
  readonly #known = new Map<string, number>();
  /** By their first `SHORTEST_SECRET` units. */
  readonly #alike = new Map<string, Alike>();
  /** Whether one begins with a unit whose low byte is this. */
  readonly #begins = new Uint8Array(256);
  #longest = 0;

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** In UTF-16 units: the longest text that it masks. */
  get longest(): number {
    return this.#longest;
  }

  /** Every text and number in the value is a secret from now on. */
  add(value: JsonValue): void {
    if (typeof value === "string") this.#addText(value);
    else if (typeof value === "number") this.#addText(String(value));
    else if (value !== null && typeof value === "object")
      for (const part of Object.values(value)) this.add(part);
  }

  #addText(secret: string): void {
    if (secret.length < SHORTEST_SECRET || this.#known.has(secret)) return;
    for (const spelling of spellingsOf(secret)) {
      if (this.#known.has(spelling)) continue;
      this.#known.set(spelling, periodOf(spelling));
      this.#longest = Math.max(this.#longest, spelling.length);
      const beginning = spelling.slice(0, SHORTEST_SECRET);
      const alike = this.#alike.get(beginning);
      if (alike) addTo(alike, spelling);
      else this.#alike.set(beginning, { lengths: [spelling.length], sorted: [spelling] });
      this.#begins[spelling.charCodeAt(0) & 0xff] = 1;
    }
  }

  text(text: string): string {
    let masked = "";
    let kept = 0;
    for (let found = this.find(text, 0); found; found = this.find(text, kept)) {
      masked += text.slice(kept, found.start) + MASK;
      kept = found.end;
    }
    return kept === 0 ? text : masked + text.slice(kept);
  }

  /** The pieces of one text, masked as it would be: each shows the mask for what a secret takes of it. */
  pieces(pieces: readonly string[]): string[] {
    const whole = pieces.join("");
    let found = this.find(whole, 0);
    let at = 0;
    return pieces.map((piece) => {
      let masked = "";
      const end = at + piece.length;
      while (found && found.start < end) {
        masked += whole.slice(at, Math.max(at, found.start)) + MASK;
        at = Math.min(found.end, end);
        if (found.end > end) break;
        found = this.find(whole, found.end);
      }
      masked += whole.slice(at, end);
      at = end;
      return masked;
    });
  }

  /**
   * The first part of the text, of what begins at `from` or later, that secrets take up: one, or several of which each
   * overlaps another. Undefined when there is none.
   */
  find(text: string, from: number): { start: number; end: number } | undefined {
    if (this.isEmpty) return undefined;
    for (let start = from; start + SHORTEST_SECRET <= text.length; start += 1) {
      let end = this.#endOf(text, start);
      if (end === 0) continue;
      // Whatever begins earlier than this before the end is over by then.
      for (let at = start + 1; at < end; at += 1) {
        at = Math.max(at, end - this.#longest + 1);
        end = Math.max(end, this.#endOf(text, at));
      }
      return { start, end };
    }
    return undefined;
  }

  /** Where the longest secret ends that begins here, with the repetitions of itself that overlap it; 0 for none. */
  #endOf(text: string, start: number): number {
    if (this.#begins[text.charCodeAt(start) & 0xff] === 0) return 0;
    const alike = this.#alike.get(text.slice(start, start + SHORTEST_SECRET));
    if (alike === undefined) return 0;
    const cut = start + lengthBeforeCut(text, start, alike);
    for (const length of alike.lengths) {
      const period = this.#known.get(text.slice(start, start + length));
      if (period !== undefined) return Math.max(cut, repeatedTo(text, start + length, { length, period }));
    }
    return cut > start ? cut : 0;
  }

  /** The value with all texts in it masked, keys as well; a number that is a secret becomes the mask. */
  value<T extends JsonValue>(value: T): T {
    return (this.isEmpty ? value : this.#masked(value)) as T;
  }

  /** The object with the values of these members masked, where it has them. */
  members<Name extends string, T extends { [name in Name]?: JsonValue | undefined }>(
    object: T,
    names: readonly Name[],
  ): T {
    const masked = { ...object };
    for (const name of names) {
      const value = object[name];
      if (value !== undefined) masked[name] = this.value(value);
    }
    return masked;
  }

  #masked(value: JsonValue): JsonValue {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return this.#known.has(String(value)) ? MASK : value;
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((item) => this.#masked(item));
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [this.text(key), this.#masked(part)] as const),
    );
  }
}
