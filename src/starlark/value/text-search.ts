/** What a search for a text within a text may cost at worst, beyond reading both. */
import type { Budget } from "../budget.ts";

/** So much work is not worth a closer look. */
const SMALL = 1 << 20;
const COMPARISONS_PER_STEP = 64;

/**
 * Charges for a search in advance. JavaScript engines compare again, at every place, as much of the part as
 * repeats within it: next to nothing for most parts, all of it for one made of one repeated piece.
 */
export function chargeSearch(text: string, part: string, budget: Budget): void {
  if (text.length * part.length <= SMALL || part.length > text.length) return;
  budget.charge(part.length, part.length * 4);
  const repeated = longestRepeatedStart(part);
  if (repeated * text.length > SMALL) budget.charge((repeated * text.length) / COMPARISONS_PER_STEP, 0);
}

/** Length of the longest start of a text that occurs in it a second time (Knuth, Morris, Pratt). */
function longestRepeatedStart(text: string): number {
  const borders = new Int32Array(text.length);
  let longest = 0;
  for (let i = 1, length = 0; i < text.length; i++) {
    while (length > 0 && text.charCodeAt(i) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (text.charCodeAt(i) === text.charCodeAt(length)) length++;
    borders[i] = length;
    longest = Math.max(longest, length);
  }
  return longest;
}
