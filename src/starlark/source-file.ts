/** A source text, and where its offsets are in lines and columns. */
import type { Position } from "./errors.ts";

export class SourceFile {
  readonly file: string;
  readonly text: string;
  /** Offset of the first character of each line. */
  private readonly lineStarts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.lineStarts.push(at + 1);
  }

  /** Line of an offset, from 1. */
  line(offset: number): number {
    let low = 0;
    let high = this.lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Column of an offset in a line, both from 1. */
  column(offset: number, line: number): number {
    return offset - (this.lineStarts[line - 1] ?? 0) + 1;
  }

  position(offset: number): Position {
    const line = this.line(offset);
    return { file: this.file, line, column: this.column(offset, line) };
  }
}

/** The text of a line (from 1) of a source, without its end; undefined when there is no such line. */
export function sourceLine(text: string, line: number): string | undefined {
  let start = 0;
  for (let current = 1; current < line; current++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
}
