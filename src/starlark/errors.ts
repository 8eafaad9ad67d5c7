/**
 * The errors a Starlark program or its source text can end with.
 *
 * A message says what is wrong and never carries a position: positions are data (`traceback`,
 * `diagnostics`), and `format()` draws them.
 */

/** A place in a source file; line and column count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One active call when an error happened or a fiber was suspended. */
export interface Frame extends Position {
  /** Name of the function, `<toplevel>` for a module's top level. */
  readonly function: string;
  /** Text of the source line; absent for a builtin, which has no source. */
  readonly sourceLine?: string;
}

/** What the scanner, parser, resolver or checker has to say about a place in the source. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Stable, kebab-case, for example `undefined-name`. */
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** What to do about it, for example `did you mean "region"?`. */
  readonly hint?: string;
}

export interface StarlarkErrorOptions {
  /** Stable identifier; default `EvalError`. */
  readonly code?: string;
  /** Plain data about the error, for hosts. */
  readonly details?: unknown;
  /** No `attempt` catches it: it ends the fiber. Default false. */
  readonly uncatchable?: boolean;
  readonly cause?: unknown;
  /** What the host knows of where it comes from. Programs do not see it, and keep it when they raise the error again. */
  readonly origin?: unknown;
}

/** Anything that ends a Starlark program abnormally. */
export class StarlarkError extends Error {
  readonly code: string;
  readonly details: unknown;
  readonly uncatchable: boolean;
  readonly origin: unknown;
  /** Active calls when it was raised, outermost first; the machine fills it in. */
  traceback: readonly Frame[] = [];

  constructor(message: string, options: StarlarkErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? "EvalError";
    this.details = options.details;
    this.uncatchable = options.uncatchable ?? false;
    this.origin = options.origin;
  }

  /** Draws the error with its traceback, source lines and a caret, as text for people. */
  format(): string {
    if (this.traceback.length === 0) return `Error: ${this.message}`;
    const lines = ["Traceback (most recent call last):"];
    for (const frame of this.traceback) lines.push(...formatFrame(frame));
    lines.push(`Error: ${this.message}`);
    return lines.join("\n");
  }
}

function formatFrame(frame: Frame): string[] {
  const place = frame.line > 0 ? `${frame.file}:${frame.line}:${frame.column}` : frame.file;
  const lines = [`  ${place}: in ${frame.function}`];
  if (frame.sourceLine !== undefined && frame.sourceLine.trim() !== "") {
    lines.push(...pointAt(frame.sourceLine, frame.column).map((line) => `    ${line}`));
  }
  return lines;
}

const MAX_SHOWN = 120;

/** Shows a source line without its indentation, and under it a caret at the column (from 1). */
export function pointAt(sourceLine: string, column: number): [string, string] {
  const indent = sourceLine.length - sourceLine.trimStart().length;
  const text = sourceLine.trimEnd().slice(indent);
  const at = Math.max(0, Math.min(column - 1 - indent, text.length));
  // A generated line can be megabytes long: show the part around the column.
  const from = at > MAX_SHOWN - 20 ? at - 40 : 0;
  const shown = text.slice(from, from + MAX_SHOWN);
  const padding = shown.slice(0, at - from).replace(/[^\t]/g, " ");
  return [shown, `${padding}^`];
}

/** A program did something that the language forbids, such as adding a string to an int. */
export class EvaluationError extends StarlarkError {}

/**
 * A program used up its steps, its memory or its depth. Only the last can be caught by `attempt`: the
 * calls that were too many have ended by then.
 */
export class BudgetError extends StarlarkError {
  constructor(message: string, details: { resource: "steps" | "bytes" | "depth"; limit: number }) {
    super(message, { code: "BudgetExceeded", details, uncatchable: details.resource !== "depth" });
  }
}

/** Source text that does not compile; lists everything found, not only the first. */
export class StarlarkSyntaxError extends StarlarkError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join("\n") || "invalid source", {
      code: "SyntaxError",
      details: diagnostics,
    });
    this.diagnostics = diagnostics;
  }

  override format(): string {
    return this.message;
  }
}

function formatDiagnostic(diagnostic: Diagnostic): string {
  const hint = diagnostic.hint === undefined ? "" : ` (${diagnostic.hint})`;
  return `${diagnostic.file}:${diagnostic.line}:${diagnostic.column}: ${diagnostic.message}${hint}`;
}
