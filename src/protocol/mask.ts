// Keeps secrets out of what people see: wherever one shows up in a text or a value, `•••` stands instead.
import type { JsonValue } from "./json.ts";

export const MASK = "•••";
/** Shorter secrets are left alone: masking "1" or "ok" would make everything unreadable and hide nothing. */
export const SHORTEST_SECRET = 4;
/** In UTF-16 units. Nobody puts a longer one into a URL, and its other spellings would cost more than they hide. */
const MAX_RESPELT = 16 * 1024;

/** Every text by which a secret could show up: itself, its lines, quoted for JSON or a URL, in base64. */
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
  return spellings.filter((text) => text.length >= SHORTEST_SECRET);
}

/**
 * Masks the secrets that it was told. What it costs grows with the text, not with the number of secrets: a place in a
 * text is looked at closer only where one may begin.
 */
export class Mask {
  readonly #known = new Set<string>();
  /** How long they are, by their first `SHORTEST_SECRET` units: longest first, so that one in another goes with it. */
  readonly #lengths = new Map<string, number[]>();
  /** Whether one begins with a unit whose low byte is this. */
  readonly #begins = new Uint8Array(256);

  get isEmpty(): boolean {
    return this.#known.size === 0;
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
      this.#known.add(spelling);
      const beginning = spelling.slice(0, SHORTEST_SECRET);
      const lengths = this.#lengths.get(beginning) ?? [];
      if (!lengths.includes(spelling.length)) {
        this.#lengths.set(
          beginning,
          [...lengths, spelling.length].sort((a, b) => b - a),
        );
      }
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

  /** The first secret in the text that begins at `from` or later; undefined when there is none. */
  find(text: string, from: number): { start: number; end: number } | undefined {
    if (this.isEmpty) return undefined;
    for (let start = from; start + SHORTEST_SECRET <= text.length; start += 1) {
      if (this.#begins[text.charCodeAt(start) & 0xff] === 0) continue;
      const lengths = this.#lengths.get(text.slice(start, start + SHORTEST_SECRET));
      const length = lengths?.find((one) => this.#known.has(text.slice(start, start + one)));
      if (length !== undefined) return { start, end: start + length };
    }
    return undefined;
  }

  /** The value with all texts in it masked, keys as well; a number that is a secret becomes the mask. */
  value<T extends JsonValue>(value: T): T {
    return (this.isEmpty ? value : this.#masked(value)) as T;
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
