/** Cutting strings into pieces. A negative limit means none; limits count the cuts. */
import { skipSpace, skipSpaceBack, skipWord, skipWordBack } from "./white-space.ts";

/** Cuts at a separator, from the left. */
export function splitAt(text: string, separator: string, limit: number): string[] {
  if (limit < 0) return text.split(separator);
  const pieces: string[] = [];
  let from = 0;
  while (pieces.length < limit) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    pieces.push(text.slice(from, at));
    from = at + separator.length;
  }
  pieces.push(text.slice(from));
  return pieces;
}

/** Cuts at every occurrence of a character, given by its code: for short texts, where it is the fastest. */
export function splitAtCode(text: string, code: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== code) continue;
    pieces.push(text.slice(from, at));
    from = at + 1;
  }
  pieces.push(text.slice(from));
  return pieces;
}

/** Cuts at a separator, from the right. */
export function splitAtFromRight(text: string, separator: string, limit: number): string[] {
  if (limit < 0) return text.split(separator);
  const pieces: string[] = [];
  let end = text.length;
  while (pieces.length < limit && end >= separator.length) {
    const at = text.lastIndexOf(separator, end - separator.length);
    if (at < 0) break;
    pieces.push(text.slice(at + separator.length, end));
    end = at;
  }
  pieces.push(text.slice(0, end));
  return pieces.reverse();
}

/** The words between white space; with a limit, the last piece is the rest, spaces and all. */
export function splitWords(text: string, limit: number): string[] {
  const words: string[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    if (limit >= 0 && words.length === limit) {
      words.push(text.slice(at));
      break;
    }
    const end = skipWord(text, at);
    words.push(text.slice(at, end));
    at = skipSpace(text, end);
  }
  return words;
}

/** As `splitWords`, from the right. */
export function splitWordsFromRight(text: string, limit: number): string[] {
  const words: string[] = [];
  let end = skipSpaceBack(text, text.length);
  while (end > 0) {
    if (limit >= 0 && words.length === limit) {
      words.push(text.slice(0, end));
      break;
    }
    const at = skipWordBack(text, end);
    words.push(text.slice(at, end));
    end = skipSpaceBack(text, at);
  }
  return words.reverse();
}

/** The lines between `\n`, `\r` and `\r\n`; an end of line at the end begins no further line. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  const ends = /\r\n|\n|\r/g;
  let from = 0;
  for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
    lines.push(text.slice(from, keepEnds ? ends.lastIndex : end.index));
    from = ends.lastIndex;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}

/** How often a text occurs in another, without overlaps; an empty one occurs around every character. */
export function countOccurrences(text: string, part: string): number {
  if (part === "") return text.length + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** Replaces the first `limit` occurrences; an empty text occurs before every character and at the end. */
export function replaceText(text: string, old: string, replacement: string, limit: number): string {
  let replaced = "";
  let count = 0;
  if (old !== "") {
    let from = 0;
    for (let at = text.indexOf(old); at >= 0 && count !== limit; at = text.indexOf(old, from)) {
      replaced += text.slice(from, at) + replacement;
      from = at + old.length;
      count++;
    }
    return replaced + text.slice(from);
  }
  for (const character of text) {
    if (limit < 0 || count < limit) replaced += replacement;
    count++;
    replaced += character;
  }
  return limit < 0 || count < limit ? replaced + replacement : replaced;
}
