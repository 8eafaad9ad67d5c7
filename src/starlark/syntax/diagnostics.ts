/** Collects what is found wrong with a source, in the order of the text. */
import type { Diagnostic } from "../errors.ts";
import type { SourceFile } from "../source-file.ts";

/** More than this many are of no use to a person, and a hostile text could make millions. */
const MAX_DIAGNOSTICS = 100;

export class Diagnostics {
  private readonly source: SourceFile;
  private readonly found: Diagnostic[] = [];

  constructor(source: SourceFile) {
    this.source = source;
  }

  /** Notes an error between two offsets; `end` equal to `start` marks a place. */
  error(code: string, message: string, start: number, end: number, hint?: string): void {
    this.add("error", code, message, start, end, hint);
  }

  warning(code: string, message: string, start: number, end: number, hint?: string): void {
    this.add("warning", code, message, start, end, hint);
  }

  get hasErrors(): boolean {
    return this.found.some((diagnostic) => diagnostic.severity === "error");
  }

  get isFull(): boolean {
    return this.found.length >= MAX_DIAGNOSTICS;
  }

  /** Everything found, by position. */
  sorted(): Diagnostic[] {
    return [...this.found].sort((a, b) => a.line - b.line || a.column - b.column);
  }

  private add(
    severity: "error" | "warning",
    code: string,
    message: string,
    start: number,
    end: number,
    hint: string | undefined,
  ): void {
    if (this.isFull) return;
    const from = this.source.position(start);
    const to = this.source.position(Math.max(start, end));
    this.found.push({
      severity,
      code,
      message,
      file: from.file,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
