/** Conformance files hold several programs, separated by lines `---`; `###` marks errors they must end with. */

export interface ExpectedError {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly pattern: string;
}

export interface Chunk {
  /** Padded with empty lines, so that its line numbers are those of the file. */
  readonly source: string;
  /** Line of the file where it begins, from 1. */
  readonly firstLine: number;
  readonly expected: readonly ExpectedError[];
}

/** Cuts a file into chunks; `readExpectation` reads what stands behind `###`, undefined for nothing. */
export function readChunks(text: string, readExpectation: (comment: string) => string | undefined): Chunk[] {
  const chunks: Chunk[] = [];
  let lines: string[] = [];
  let expected: ExpectedError[] = [];
  let firstLine = 1;
  const finish = (): void => {
    chunks.push({ source: "\n".repeat(firstLine - 1) + lines.join("\n"), firstLine, expected });
  };
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "---") {
      finish();
      lines = [];
      expected = [];
      firstLine = index + 2;
      continue;
    }
    lines.push(line);
    const mark = line.indexOf("###");
    const pattern = mark < 0 ? undefined : readExpectation(line.slice(mark + 3).trim());
    if (pattern !== undefined) expected.push({ line: index + 1, pattern });
  }
  finish();
  return chunks;
}

/** Reads `regex`, or `impl: regex` where the implementation is ours; undefined for that of another. */
export function readPlainExpectation(comment: string): string | undefined {
  const [, implementation, pattern = ""] = /^(?:(go|java|rust):)? *(.*)$/.exec(comment) ?? [];
  return implementation === undefined || implementation === "go" ? pattern : undefined;
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Reads a Go string literal, interpreted or raw; undefined when the text is not one. */
export function readGoLiteral(comment: string): string | undefined {
  if (/^`[^`]*`$/.test(comment)) return comment.slice(1, -1);
  if (!/^"(?:[^"\\]|\\.)*"$/.test(comment)) return undefined;
  return comment
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/g, (...groups) => {
      const [, hex, short, long, octal, single] = groups as (string | undefined)[];
      const digits = hex ?? short ?? long;
      if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return GO_ESCAPES[single ?? ""] ?? single ?? "";
    });
}
